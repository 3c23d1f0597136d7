"""Sessions as an iCalendar file: one activity's, or everything a resident registered for."""

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from linlingtong.activities.models import Activity, Registration, Session
from linlingtong.core.time import local

if TYPE_CHECKING:
    from icalendar import Calendar, Event

CONTENT_TYPE = "text/calendar; charset=utf-8"
TENTATIVE = (Registration.State.PENDING_REVIEW, Registration.State.WAITLISTED, Registration.State.OFFERED)


def of_activity(activity: Activity, sessions: Iterable[Session]) -> bytes:
    """The file of one activity: all its sessions, cancelled ones marked so that calendars strike them out."""
    calendar = _calendar(activity.title)
    for session in sessions:
        calendar.add_component(_event(activity, session, "CANCELLED" if _is_off(activity, session) else "CONFIRMED"))
    return _finished(calendar)


def of_resident(registrations: Iterable[Registration]) -> bytes:
    """The personal feed. Registrations come with session and activity, the newest of a session first."""
    calendar = _calendar(_("My activities · Linlingtong"))
    calendar.add("REFRESH-INTERVAL", dt.timedelta(hours=1), parameters={"VALUE": "DURATION"})
    calendar.add("X-PUBLISHED-TTL", "PT1H")
    seen: set[int] = set()
    for registration in registrations:
        if registration.session_id not in seen:
            seen.add(registration.session_id)
            calendar.add_component(_event(registration.session.activity, registration.session, _status(registration)))
    return _finished(calendar)


def _calendar(name: str) -> "Calendar":
    from icalendar import Calendar  # noqa: PLC0415 - 6 MB in every process that never writes a calendar

    calendar = Calendar()
    calendar.add("PRODID", "-//Linlingtong//Activities//ZH")
    calendar.add("VERSION", "2.0")
    calendar.add("CALSCALE", "GREGORIAN")
    calendar.add("METHOD", "PUBLISH")
    calendar.add("X-WR-CALNAME", name)
    calendar.add("X-WR-TIMEZONE", settings.TIME_ZONE)
    return calendar


def _finished(calendar: "Calendar") -> bytes:
    # The years before 1992 had summer time: a phone needs only the rule that holds now.
    calendar.add_missing_timezones(first_date=dt.date(2020, 1, 1))
    return bytes(calendar.to_ical())


def _is_off(activity: Activity, session: Session) -> bool:
    return activity.status == Activity.Status.CANCELLED or session.cancelled_at is not None


def _status(registration: Registration) -> str:
    if registration.state not in Registration.LIVE or _is_off(registration.session.activity, registration.session):
        return "CANCELLED"
    return "TENTATIVE" if registration.state in TENTATIVE else "CONFIRMED"


def _event(activity: Activity, session: Session, status: str) -> "Event":
    from icalendar import Event  # noqa: PLC0415 - as above

    event = Event()
    event.add("UID", f"session-{session.pk}@{urlsplit(settings.SITE_URL).hostname}")
    event.add("SEQUENCE", session.revision)
    event.add("DTSTAMP", activity.updated_at.astimezone(dt.UTC))
    event.add("DTSTART", local(session.starts_at))
    event.add("DTEND", local(session.ends_at))
    event.add("SUMMARY", f"{activity.title}（{session.role}）" if session.role else activity.title)
    event.add("STATUS", status)
    event.add("URL", urljoin(settings.SITE_URL, reverse("activities:detail", args=[activity.slug])))
    location = "，".join(part for part in (activity.place, activity.address) if part)
    if location:
        event.add("LOCATION", location)
    description = "\n".join(part for part in (activity.summary, _meeting(activity)) if part)
    if description:
        event.add("DESCRIPTION", description)
    return event


def _meeting(activity: Activity) -> str:
    return _("Meeting point: %(place)s") % {"place": activity.meeting_point} if activity.meeting_point else ""
