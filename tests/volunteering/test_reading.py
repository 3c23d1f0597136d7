"""What people read about hours: evidence in words, marks of what is disputed, every line however many there are."""

import base64
import datetime as dt
import re
import zlib
from typing import Any

import pytest
from django.test import Client
from django.utils.translation import override

from linlingtong.accounts.models import User
from linlingtong.core.time import at, today
from linlingtong.volunteering.actions import answer, credit, dispute, make_sheet
from linlingtong.volunteering.models import ServiceEntry, ServiceSheet
from linlingtong.volunteering.models.evidence import evidence_words, proof_words
from tests.factories import AreaFactory, UserFactory, staff_of
from tests.volunteering.deeds import deed, entered, on_paper

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("issuer")]
SAID_OF_DOOR = {
    "in": "2025-11-21T08:31:00+08:00", "in_way": "pass", "out": "2025-11-21T10:30:00+08:00", "out_way": "",
    "automatic": True, "registration": 12, "session": 5, "scans": [7, 8],
}  # fmt: skip


def signed_in(user: User) -> Client:
    User.objects.filter(pk=user.pk).update(language="en")
    user.refresh_from_db()
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def said(**evidence: Any) -> dict[str, str]:
    with override("en"):
        return dict(evidence_words(ServiceEntry(evidence=evidence, source="scan", proof="B")))


def test_the_log_of_the_door_is_read_as_words() -> None:
    found = said(**SAID_OF_DOOR)
    assert "8:31" in found["came"]
    assert "the resident's code" in found["came"]
    assert found["left"] == "10:30 · closed at the end of the session"
    assert found["log of the door"] == "no. 7, 8"
    assert not {"in", "out", "automatic", "in_way", "out_way", "scans"} & set(found)


@pytest.mark.parametrize(
    ("evidence", "words"),
    [
        ({"in": None, "in_way": "", "out": "2025-11-21T10:30:00+08:00", "out_way": "digits", "automatic": False},
         {"came": "not noted", "left": "Fri 21 Nov 2025, 10:30 · six digits, spoken"}),
        ({"in": "08:31", "out": "", "automatic": True}, {"came": "08:31", "left": "closed at the end of the session"}),
        ({"claim": 3, "confirmed": True, "said": 90},
         {"both sides confirmed": "yes", "time they agreed on": "1.5 h", "claim of help": "no. 3"}),
        ({"participant": 4, "batch": None, "session": 9}, {"line of the roster": "no. 4", "session": "no. 9"}),
        ({"because": "dispute/6"}, {"why it was entered again": "corrected after objection no. 6"}),
        ({"sheet": "2026-3", "seen": False}, {"paper": "2026-3", "seen": "no"}),
        ({}, {}),
    ],
)  # fmt: skip
def test_every_kind_of_evidence_is_read_as_words(evidence: dict[str, Any], words: dict[str, str]) -> None:
    assert said(**evidence) == words


def test_staff_read_words_and_no_keys() -> None:
    area = AreaFactory.create()
    entry = entered(area, proof="B", evidence=SAID_OF_DOOR, recorder_id=UserFactory.create().pk)
    asked = dispute(entry.pk, "我待了两小时", by=entry.resident)
    client = signed_in(staff_of(area))
    pages = [f"/admin/volunteering/serviceentry/{entry.pk}/change/", f"/admin/volunteering/dispute/{asked.pk}/change/",
             "/admin/volunteering/dispute/?open=1"]  # fmt: skip
    for page in pages:
        text = client.get(page).content.decode()
        assert "closed at the end of the session" in text, page
        assert not re.search(r"automatic:|in_way|out:|scans:|: True\b", text), page


def test_help_is_not_said_to_rest_on_a_scan() -> None:
    area, giver, other = AreaFactory.create(), UserFactory.create(), UserFactory.create()
    entry = entered(area, giver, source="help", proof="B", recorder_id=other.pk)
    with override("en"):
        assert proof_words(entry) == "B: confirmed by both sides, then by staff"
        assert "scan" in proof_words(entered(area, proof="B", recorder_id=other.pk))
    page = signed_in(giver).get(f"/me/hours/{entry.pk}/").content.decode()
    assert "B: confirmed by both sides, then by staff" in page
    assert "one scan" not in page


def test_a_disputed_line_is_marked_on_a_new_print_until_it_is_answered() -> None:
    area, resident = AreaFactory.create(), UserFactory.create()
    recorder, boss, judge = staff_of(area), staff_of(area), staff_of(area)
    entry = on_paper(area, resident, recorder, title="平安巡防")
    signed_in(boss).post("/admin/volunteering/serviceentry/", {"action": "approve", "_selected_action": [entry.pk]})
    entered(area, resident, title="沿江净滩", starts_at=at(today() - dt.timedelta(days=3), dt.time(9)))
    sheet = make_sheet(
        resident, by=resident, first_on=today() - dt.timedelta(days=30), last_on=today(), holder_name="陈明"
    )
    client = signed_in(resident)
    assert marks(client, sheet) == (0, False)
    asked = dispute(entry.pk, "我待了三小时", by=resident)
    assert marks(client, sheet) == (1, True)
    answer(asked.pk, "签到表写的是两小时", by=judge)
    assert marks(client, sheet) == (0, False)


def marks(client: Client, sheet: ServiceSheet) -> tuple[int, bool]:
    """How many lines of the page are marked, and whether the paper knows the mark; a note says what it means."""
    page = client.get(f"/me/certificates/{sheet.serial}/").content.decode()
    number = max(page.count("※") - 1, 0)
    assert ("asked for a correction of this line" in page) == (number > 0)
    return number, "<203B>" in drawn(client.get(f"/me/certificates/{sheet.serial}/pdf/").content)


def drawn(pdf: bytes) -> str:
    """All parts of a PDF unpacked: the table of a font names each sign that it draws."""
    parts = [part.strip(b"\r\n") for part in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL)]
    plain = [base64.a85decode(part.removesuffix(b"~>")) if part.endswith(b"~>") else part for part in parts]
    return b"".join(zlib.decompress(part) for part in plain).decode("latin-1")


def test_every_line_of_a_long_year_is_reached_and_none_twice() -> None:
    area, resident = AreaFactory.create(), UserFactory.create()
    first = at(dt.date(2025, 1, 2), dt.time(9))
    deeds = [deed(area, resident, title=f"第{n}次", starts_at=first + dt.timedelta(days=n // 2, hours=3 * (n % 2)))
             for n in range(230)]  # fmt: skip
    credit(deeds, by=None)
    client, address, seen = signed_in(resident), "?year=2025", []
    for _page in range(9):
        text = client.get(f"/me/hours/{address}").content.decode()
        seen += re.findall(r"第(\d+)次", text)
        link = re.search(r'rel="next" href="([^"#]+)', text)
        if not link:
            break
        address = link[1].replace("&amp;", "&")
    assert seen == [str(n) for n in reversed(range(230))]


@pytest.mark.parametrize("after", ["x", "0", "99999999999999999999", "foreign"])
def test_a_place_in_the_list_that_is_not_ones_own_shows_the_newest(after: str) -> None:
    area, resident = AreaFactory.create(), UserFactory.create()
    entered(area, resident, title="净滩")
    key = str(entered(area).pk) if after == "foreign" else after
    assert "净滩" in signed_in(resident).get(f"/me/hours/?after={key}").content.decode()
