from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest

from linlingtong.core.search import Found
from linlingtong.core.subject import Subject

# (how many, what they are, where to look at them)
Work = tuple[int, str, str]


def _nothing(*_args: Any) -> Any:
    return []


def _no_entries(*_args: Any) -> Any:
    return {}


@dataclass(frozen=True)
class Board:
    """What the roof asks of a room. A room says what it has; the rest is empty.

    `card(request)` is what the home screen shows; `find(text, user)` what the reader may see that contains every word;
    `figures(path)` numbers of an area and everything inside it; `work(user)` what staff have to look at;
    `steps` run every minute under a lock and may run again; `words` give the outbox its texts by subject;
    `export(resident)` is everything the room knows of a resident, as plain values, and `forget(resident)` ends it.
    `subjects` are the kinds of things that its residents write.
    """

    name: str
    card: Callable[[HttpRequest], dict[str, Any]] = _no_entries
    find: Callable[[str, Any], Sequence[Found]] = _nothing
    figures: Callable[[str], dict[str, int]] = _no_entries
    work: Callable[[Any], Sequence[Work]] = _nothing
    export: Callable[[Any], dict[str, Any]] = _no_entries
    forget: Callable[[Any], object] = _nothing
    steps: Mapping[str, Callable[[], object]] = field(default_factory=dict)
    words: Mapping[str, Callable[..., Mapping[int, str]]] = field(default_factory=dict)
    subjects: Sequence[Subject] = ()
