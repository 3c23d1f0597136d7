"""What an entry rests on, in words: the keys that the rooms above write, each with its label."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linlingtong.core.dates import clock, hours_words, moment_words
from linlingtong.core.time import local
from linlingtong.volunteering.models.ledger import ServiceEntry

WAYS = {
    "pass": gettext_lazy("the resident's code"),
    "digits": gettext_lazy("six digits, spoken"),
    "venue": gettext_lazy("the code on the screen"),
    "printed": gettext_lazy("the printed code"),
    "staff": gettext_lazy("ticked by staff"),
    "everybody": gettext_lazy("everybody out"),
}


def proof_words(entry: ServiceEntry) -> str:
    """How well an entry is proven. Help has no scan: there, two sides say the same."""
    if entry.source == ServiceEntry.Source.HELP:
        return _("%(letter)s: confirmed by both sides, then by staff") % {"letter": entry.proof}
    return entry.get_proof_display()


def evidence_words(entry: ServiceEntry) -> list[tuple[str, str]]:
    """(what, how) for everything an entry rests on, in reading order; nothing for what is empty."""
    evidence = dict(entry.evidence)
    said = [*_scanned(evidence), *_told(evidence)]
    return [(what, how) for what, how in said if how]


def _scanned(evidence: dict[str, Any]) -> Iterator[tuple[str, str]]:
    came, left = evidence.pop("in", None), evidence.pop("out", None)
    came_by, left_by = _way(evidence.pop("in_way", "")), _way(evidence.pop("out_way", ""))
    is_automatic = evidence.pop("automatic", False)
    if came or left or is_automatic:
        yield _("came"), _joined(_moment(came) or _("not noted"), came_by)
        left_by = _("closed at the end of the session") if is_automatic else left_by
        yield _("left"), _joined(_after(came, left) or ("" if is_automatic else _("not noted")), left_by)


def _told(evidence: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key, (label, words) in SAID.items():
        yield str(label), words(evidence.pop(key, None))
    for key, value in evidence.items():
        yield key, _plain(value)


def _way(way: str) -> str:
    return str(WAYS.get(way, way))


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _moment(value: Any) -> str:
    moment = _parsed(value)
    return moment_words(moment) if moment else _plain(value)


def _after(came: Any, left: Any) -> str:
    """The day is said once."""
    first, last = _parsed(came), _parsed(left)
    is_same_day = first is not None and last is not None and local(first).date() == local(last).date()
    return clock(last) if last is not None and is_same_day else _moment(left)


def _parsed(value: Any) -> dt.datetime | None:
    return parse_datetime(value) if isinstance(value, str) and len(value) > 10 else None


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(_plain(one) for one in value)
    return "" if value is None else str(value)


def _number(value: Any) -> str:
    return _("no. %(number)s") % {"number": _plain(value)} if value not in (None, "", []) else ""


def _minutes(value: Any) -> str:
    return hours_words(value) if isinstance(value, int) and value > 0 else ""


def _because(value: Any) -> str:
    return _("corrected after objection no. %(number)s") % {"number": str(value).rpartition("/")[2]} if value else ""


SAID: dict[str, tuple[Any, Callable[[Any], str]]] = {
    "confirmed": (gettext_lazy("both sides confirmed"), _plain),
    "said": (gettext_lazy("time they agreed on"), _minutes),
    "sheet": (gettext_lazy("paper"), _plain),
    "because": (gettext_lazy("why it was entered again"), _because),
    "scans": (gettext_lazy("log of the door"), _number),
    "registration": (gettext_lazy("registration"), _number),
    "session": (gettext_lazy("session"), _number),
    "participant": (gettext_lazy("line of the roster"), _number),
    "batch": (gettext_lazy("imported sheet"), _number),
    "claim": (gettext_lazy("claim of help"), _number),
}
