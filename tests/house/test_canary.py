"""A phone number, a name and a private text at every address: none reaches a log, a link or a queue."""

import inspect
import io
import itertools
import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from celery import current_app

from linlingtong.accounts.models import User
from tests.house.conftest import address, routes
from tests.house.town import PHONES, SECRET, Town

pytestmark = pytest.mark.django_db
NAME = "金丝雀"
LINKS = re.compile(r'(?:href|src|action|hx-(?:get|post))="(?!tel:)([^"]*)"')


@pytest.fixture
def bird(town: Town) -> None:
    """The owner of everything that is private, with a name that stands nowhere else."""
    User.objects.filter(pk=town.world.resident.pk).update(nickname=NAME)


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """The lines of the log down to INFO, as the product's own handler writes them."""
    root, lines = logging.getLogger(), io.StringIO()
    ours = next(handler for handler in root.handlers if type(handler) is logging.StreamHandler)
    copy = logging.StreamHandler(lines)
    copy.setFormatter(ours.formatter)
    level = root.level
    root.setLevel(logging.INFO)
    root.addHandler(copy)
    yield lines
    root.removeHandler(copy)
    root.setLevel(level)


def found_in(text: str) -> list[str]:
    return [one for one in (NAME, SECRET, *PHONES) if one in text]


@pytest.mark.usefixtures("bird")
@pytest.mark.parametrize(("role", "method"), [*itertools.product(["owner", "staff there"], ["get", "post"])])
def test_no_log_and_no_address_tells(
    town: Town, knock: Callable[..., Any], written: io.StringIO, method: str, role: str
) -> None:
    given = {"phone": PHONES[0], "nickname": NAME, "text": SECRET, "q": PHONES[0]} if method == "post" else None
    is_seen, linked, broken = False, {}, []
    for route in sorted(set(routes())):
        answer = knock(role, method, address(route, town), given)
        if answer.status_code >= 500 and not route.startswith("readyz"):
            broken.append(route)
        is_seen = is_seen or bool(found_in(answer.said))
        links = [*LINKS.findall(answer.said), str(answer.headers.get("Location", ""))]
        told = [link for link in links if found_in(link)]
        if told:
            linked[route] = told
    assert is_seen  # the control: pages do show it
    assert linked == {}
    assert broken == []
    assert f"{method.upper()} /" in written.getvalue()  # the control: each request has its line
    assert found_in(written.getvalue()) == []


def test_what_is_logged_is_read_here(written: io.StringIO) -> None:
    """The control: a name would be found, a number is struck out on its way."""
    logging.getLogger("linlingtong").error("%s %s", NAME, PHONES[0])
    assert found_in(written.getvalue()) == [NAME]


def test_nothing_but_a_bell_goes_to_the_queue() -> None:
    """No task of ours takes an argument, so nothing personal can stand in one."""
    current_app.loader.import_default_modules()
    ours = [task for name, task in current_app.tasks.items() if name.startswith("linlingtong.")]
    assert len(ours) >= 3
    assert [task.name for task in ours if inspect.signature(task.run).parameters] == []
