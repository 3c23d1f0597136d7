"""What residents are told, in their language; a text message with its signature fits one SMS."""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from linlingtong.accounts.models import User
from linlingtong.activities.models import Registration, Session
from linlingtong.core.dates import clock
from linlingtong.core.time import local
from linlingtong.notifications.actions import Tiding
from linlingtong.notifications.models import Kind

SIGNATURE = "【临灵通】"
LONGEST = 70
SHORTEST_TITLE = 12
BETWEEN = " · "
State = Registration.State


@dataclass(frozen=True)
class Words:
    """A line for the inbox, its text, and what goes to the phone (empty: nothing)."""

    title: str
    body: str = ""
    short: str = ""


def moment(when: dt.datetime) -> str:
    """`11月25日 10:00`, on the clock of the subdistrict, in the language that is active."""
    return date_format(local(when), _("j M G:i"))


def sms(text: str, *, title: str, where: Sequence[str] = (), **facts: Any) -> str:
    """The text with its signature in at most 70 characters.

    A long title gives way first, then the place and the meeting point, each its end; whatever else is long, last.
    """
    room = LONGEST - len(SIGNATURE) - len(text % (facts | {"title": "", "place": ""}))
    spot = _spot(where, room - min(len(title), SHORTEST_TITLE))
    full = SIGNATURE + text % (facts | {"title": cut(title, max(room - len(spot), 5)), "place": spot})
    return cut(full, LONGEST)


def _spot(where: Sequence[str], room: int) -> str:
    """`place · meeting point`, something of both however little room there is."""
    if len(where) < 2:
        return cut("".join(where), max(room, 4))
    place, meeting_point = where
    room -= len(BETWEEN)
    if len(place) + len(meeting_point) > room:
        half = max(room // 2, 4)
        place = cut(place, max(half, room - len(meeting_point)))
        meeting_point = cut(meeting_point, max(half, room - len(place)))
    return place + BETWEEN + meeting_point


def cut(text: str, length: int) -> str:
    """The text, or its beginning with a mark that there is more."""
    return text if len(text) <= length else text[: length - 1] + "…"


def page(registration: Registration) -> str:
    return f"/me/registrations/{registration.pk}/"


def where(session: Session) -> list[str]:
    """The place and where to meet there; one of them when that says it all."""
    return session.activity.whereabouts or [_("online")]


def particulars(session: Session) -> str:
    """When, where, what to bring, whom to call: what a reminder would say."""
    activity = session.activity
    lines = [_("When: %(starts)s–%(ends)s") % {"starts": moment(session.starts_at), "ends": clock(session.ends_at)}]
    place = " · ".join(filter(None, [activity.place, activity.address]))
    lines += [_("Where: %(place)s") % {"place": place}] if place else []
    lines += [_("Meet at: %(place)s") % {"place": activity.meeting_point}] if activity.meeting_point else []
    lines += [_("Please bring: %(things)s") % {"things": activity.bring}] if activity.bring else []
    contact = " ".join(filter(None, [activity.contact_name, activity.contact_phone]))
    lines += [_("Questions: %(contact)s") % {"contact": contact}] if contact else []
    return "\n".join(lines)


def confirmed(registration: Registration) -> Words:
    session = registration.session
    facts = {"starts": moment(session.starts_at), "where": where(session)}
    return Words(
        _("You are registered: %(title)s") % {"title": session.activity.title},
        particulars(session) + "\n" + _("Cannot come? Cancel here early, the next neighbour is waiting."),
        sms(_("Registered: %(title)s, %(starts)s, %(place)s."), title=session.activity.title, **facts),
    )


def promoted(registration: Registration) -> Words:
    session = registration.session
    facts = {"starts": moment(session.starts_at), "where": where(session)}
    return Words(
        _("A place became free and it is yours: %(title)s") % {"title": session.activity.title},
        particulars(session) + "\n" + _("Cannot come any more? Give the place up with one tap."),
        sms(_("You have a place: %(title)s, %(starts)s, %(place)s."), title=session.activity.title, **facts),
    )


def offered(registration: Registration) -> Words:
    session, until = registration.session, registration.offered_until
    facts = {"starts": moment(session.starts_at), "until": moment(until) if until else ""}
    return Words(
        _("A place is free for you until %(until)s: %(title)s") % (facts | {"title": session.activity.title}),
        particulars(session)
        + "\n"
        + _("Accept it in time, or decline and the next neighbour gets it. Declining costs you nothing."),
        sms(_("A place for you: %(title)s, %(starts)s. Answer by %(until)s."), title=session.activity.title, **facts),
    )


def waiting(registration: Registration, position: int | None = None) -> Words:
    session = registration.session
    facts = {"title": session.activity.title, "position": position}
    return Words(
        _("You are number %(position)s on the waiting list: %(title)s") % facts
        if position
        else _("You are on the waiting list: %(title)s") % facts,
        _("When a place becomes free it goes to the first in line, and we tell you at once.")
        + "\n"
        + particulars(session),
        sms(_("On the waiting list: %(title)s, %(starts)s. We will tell you."), title=session.activity.title,
            starts=moment(session.starts_at)),
    )  # fmt: skip


def pending(registration: Registration) -> Words:
    session = registration.session
    return Words(
        _("Waiting for approval: %(title)s") % {"title": session.activity.title},
        _("The organisers look at each registration. We tell you as soon as they have decided.")
        + "\n"
        + particulars(session),
    )


def given_up(registration: Registration) -> Words:
    return Words(
        _("You gave up your place: %(title)s") % {"title": registration.session.activity.title},
        _("The place goes to the next neighbour. Thank you for telling us."),
    )


def lapsed(registration: Registration) -> Words:
    title = registration.session.activity.title
    return Words(
        _("Your offer has ended: %(title)s") % {"title": title},
        _("There was no answer in time, so the place went to the next neighbour. You can queue again."),
        sms(_("The place was passed on: %(title)s. You can queue again."), title=title),
    )


def rejected(registration: Registration) -> Words:
    title = registration.session.activity.title
    return Words(
        _("Not accepted this time: %(title)s") % {"title": title},
        registration.reason,
        sms(_("Not accepted: %(title)s. %(reason)s"), title=title, reason=registration.reason),
    )


def removed(registration: Registration) -> Words:
    title = registration.session.activity.title
    return Words(
        _("Staff ended your registration: %(title)s") % {"title": title},
        registration.reason,
        sms(_("Registration ended: %(title)s. %(reason)s"), title=title, reason=registration.reason),
    )


def back_in_queue(registration: Registration) -> Words:
    title = registration.session.activity.title
    return Words(
        _("There are fewer places now, you are back on the waiting list: %(title)s") % {"title": title},
        registration.reason + "\n" + _("You stand ahead of those who came later."),
        sms(_("Fewer places, back on the waiting list: %(title)s. %(reason)s"), title=title,
            reason=registration.reason),
    )  # fmt: skip


def called_off(registration: Registration) -> Words:
    session = registration.session
    facts = {"starts": moment(session.starts_at), "reason": registration.reason}
    return Words(
        _("Cancelled: %(title)s, %(starts)s") % (facts | {"title": session.activity.title}),
        _("Reason: %(reason)s") % facts + "\n" + _("You need not do anything."),
        sms(_("Cancelled: %(title)s, %(starts)s. %(reason)s"), title=session.activity.title, **facts),
    )


def clashing(registration: Registration) -> Words:
    session = registration.session
    facts = {"starts": moment(session.starts_at)}
    return Words(
        _("New time, and it clashes with another of your activities: %(title)s") % {"title": session.activity.title},
        particulars(session) + "\n" + _("You keep both places. Please choose one and give the other up."),
        sms(_("%(title)s moved to %(starts)s and clashes. Please choose."), title=session.activity.title, **facts),
    )


def tiding(
    registration: Registration, kind: str, key: str, words: Callable[[Registration], Words], **fields: Any
) -> Tiding:
    """The words about a registration in its resident's language."""
    session = registration.session
    with translation.override(language_of(registration.resident)):
        said = words(registration)
    return Tiding(
        resident_id=registration.resident_id, kind=kind, key=key, title=said.title[:120], body=said.body,
        short=said.short, url=page(registration), subject="registration", subject_id=registration.pk,
        **({"for_start": session.starts_at, "not_after": session.ends_at} | fields),
    )  # fmt: skip


def language_of(resident: User) -> str:
    return resident.language or User.Language.CHINESE


def tidings(
    events: Iterable[tuple[int, Registration]], kind: str, words: Callable[[Registration], Words], **fields: Any
) -> list[Tiding]:
    """One tiding for each event: (id of the event, registration)."""
    return [tiding(row, kind, f"registration-event/{event}", words, **fields) for event, row in events]


ARRIVAL: dict[str, Callable[[Registration], Words]] = {
    State.CONFIRMED: confirmed,
    State.WAITLISTED: waiting,
    State.PENDING_REVIEW: pending,
}


def on_arrival(registration: Registration, event: int, position: int) -> Tiding:
    """What somebody hears who has just registered."""
    words = ARRIVAL[registration.state]
    if registration.state == State.WAITLISTED:
        words = partial(waiting, position=position)
    return tiding(registration, Kind.REGISTRATION, f"registration-event/{event}", words)
