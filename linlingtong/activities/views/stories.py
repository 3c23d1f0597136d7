"""What happened to a registration and what comes next, in words."""

import datetime as dt
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from linlingtong.activities.models import Registration, Session
from linlingtong.activities.models.standing import Mine, Standing, places_left_words
from linlingtong.core.dates import clock, moment_words, near_words, short_moment

Entry = dict[str, str]


def steps(*, is_done: bool) -> list[dict[str, str]]:
    """The two steps of registering."""
    return [
        {"label": _("Fill in"), "state": "done" if is_done else "now"},
        {"label": _("Done"), "state": "now" if is_done else ""},
    ]


def headline(registration: Registration, its: Standing) -> dict[str, str]:
    """The result in one line, with its icon and colour."""
    waiting = (
        _("You are no. %(number)d on the waiting list") % {"number": its.position}
        if its.position
        else _("You are on the waiting list")
    )
    shown = {
        Mine.WAITING.value: ("hourglass", "", waiting),
        Mine.PENDING.value: ("eye", "", _("Sent. Staff will look at it")),
        Mine.OFFERED.value: ("bell", "", _("A place is yours, say yes in time")),
    }
    icon, tone, title = shown.get(its.mine, ("check", "reed", _("You are registered")))
    if registration.state not in Registration.LIVE:
        icon, tone, title = "info-circle", "", ended_words(registration)
    return {"icon": icon, "tone": tone, "title": title}


def ended_words(registration: Registration) -> str:
    """How a registration ended."""
    return {
        Registration.State.REJECTED.value: _("Not accepted"),
        Registration.State.LAPSED.value: _("The offered place went to the next person"),
    }.get(
        registration.state,
        {
            Registration.Ended.BY_STAFF.value: _("Taken out by staff"),
            Registration.Ended.BY_EVENT.value: _("The activity was cancelled"),
        }.get(registration.ended_by, _("You gave up this place")),
    )


def what_next(registration: Registration, its: Standing) -> list[Entry]:
    """A timeline from what is done to what will happen."""
    if registration.state not in Registration.LIVE:
        return []
    tell = {
        Mine.WAITING.value: _waiting_story,
        Mine.PENDING.value: _pending_story,
        Mine.OFFERED.value: _offered_story,
    }.get(its.mine, _joined_story)
    return tell(registration, its)


def otherwise(registration: Registration, others: list[tuple[Session, Standing]]) -> dict[str, Any] | None:
    """Does not want to wait? The first other session of the activity with a place."""
    for session, its in others:
        if session.pk != registration.session_id and its.state == "open" and not its.is_mine:
            left = places_left_words(its.places_left) if its.places_left else _("Room for everybody")
            return {
                "name": session.role or moment_words(session.starts_at),
                "left": left,
                "starts": short_moment(session.starts_at),
                "url": f"{reverse('activities:join', args=[session.activity.slug])}?session={session.pk}",
            }
    return None


def _waiting_story(registration: Registration, its: Standing) -> list[Entry]:
    start = registration.session.starts_at
    ahead = (its.position or 1) - 1
    before = ngettext("%(number)d neighbour before you", "%(number)d neighbours before you", ahead)
    words = before % {"number": ahead} if ahead else _("You are the next")
    ends = start - dt.timedelta(hours=settings.NO_PROMOTION_HOURS)
    at_once = start - dt.timedelta(hours=settings.CONFIRM_AT_ONCE_HOURS)
    now = timezone.now()
    is_early = now < at_once
    given = _entry(
        _("Somebody leaves: the first in line gets the place"),
        _("Until %(moment)s you get it at once and we tell you. Giving it back takes one tap.")
        % {"moment": moment_words(at_once)},
        "now",
    )
    asked = _entry(
        _("After that, only “I am coming” counts") if is_early else _("Somebody leaves: the first in line is asked"),
        _("We tell you how long the place is kept. No answer is fine: it goes to the next person."),
        "" if is_early else "now",
    )
    joined = _entry(_("On the waiting list"), f"{short_moment(registration.created_at)} · {words}", "done")
    if now >= ends:
        return [
            joined,
            _entry(
                _("Nobody moves up by themselves any more"),
                _("Staff have this list at hand: if somebody does not come, they may call you."),
                "now",
            ),
        ]
    return [
        joined,
        *([given] if is_early else []),
        asked,
        _entry(
            _("The waiting list ends %(hours)d hours before the start") % {"hours": settings.NO_PROMOTION_HOURS},
            _("Nothing by %(moment)s? Then it did not work out this time.") % {"moment": moment_words(ends)},
        ),
    ]


def _pending_story(registration: Registration, _its: Standing) -> list[Entry]:
    return [
        _entry(_("Sent"), short_moment(registration.created_at), "done"),
        _entry(_("Staff look at it"), _("We tell you the answer. No place is kept until then."), "now"),
        _entry(
            _("Accepted: you get a place"), _("If it is full by then, you wait in line from the time you sent this.")
        ),
    ]


def _offered_story(registration: Registration, _its: Standing) -> list[Entry]:
    until = registration.offered_until
    by = _("Until %(moment)s. No answer is fine, the next person gets it.") % {
        "moment": moment_words(until) if until else ""
    }
    return [
        _entry(_("On the waiting list"), short_moment(registration.created_at), "done"),
        _entry(_("A place is kept for you: say “I am coming”"), by, "now"),
        _entry(_("See you there"), near_words(registration.session.starts_at)),
    ]


def _joined_story(registration: Registration, _its: Standing) -> list[Entry]:
    session = registration.session
    moment = registration.confirmed_at or registration.created_at
    reminders = _reminders(session, moment)
    return [
        _entry(_("Registered"), short_moment(moment), "done"),
        *([_entry(_("We remind you"), reminders, "now")] if reminders else []),
        _entry(
            _("See you there"),
            " · ".join([near_words(session.starts_at), *session.activity.whereabouts]),
            "" if reminders else "now",
        ),
        _entry(_("It ends at %(time)s") % {"time": clock(session.ends_at)}, ""),
    ]


def _reminders(session: Session, joined_at: dt.datetime) -> str:
    """Which reminders are still to come; a place taken shortly before their moment gets none."""
    ahead = session.starts_at - max(joined_at, timezone.now())
    if ahead > dt.timedelta(hours=settings.REMIND_DAY_HOURS + 2):
        return _("One day and two hours before. If you cannot come, give up the place.")
    if ahead > dt.timedelta(hours=settings.REMIND_SOON_HOURS + 0.5):
        return _("Two hours before. If you cannot come, give up the place.")
    return ""


def _entry(title: str, text: str, state: str = "") -> Entry:
    return {"title": title, "text": text, "state": state}
