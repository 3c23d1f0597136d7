"""签到台: the desk at the door, for staff of the activity and its leader. Every tap is a plain form too."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from linlingtong.accounts.models import User
from linlingtong.accounts.signed_in import caller
from linlingtong.activities.actions import attendance, calling, check_in, walk_ins
from linlingtong.activities.forms import CallForm, EntryForm, LetInForm, MarkForm, SettleForm, WalkInForm
from linlingtong.activities.models import Registration, Scan, Session, WalkIn, codes
from linlingtong.activities.models.check_in import closes_at, opens_at
from linlingtong.activities.models.standing import Badge
from linlingtong.activities.permissions import may_manage, may_run_door, may_see_phones
from linlingtong.core.dates import clock, moment_words
from linlingtong.core.phone import in_groups
from linlingtong.core.posting import posted_from
from linlingtong.core.qr import qr_svg
from linlingtong.core.refusal import Refusal
from linlingtong.core.time import local, today

Attendance, Kind, State = Registration.Attendance, Scan.Kind, Registration.State
Buttons = tuple[tuple[str, str], ...]
SHORTEST_NAME = 2
WAITING = {State.WAITLISTED, State.OFFERED}
HERE = {Attendance.CHECKED_IN, Attendance.CHECKED_OUT}
ORDER = {
    Attendance.CHECKED_IN: 0, Attendance.CHECKED_OUT: 1, Attendance.UNKNOWN: 2, Attendance.EXCUSED: 3,
    Attendance.ABSENT: 4,
}  # fmt: skip
MARKED = {
    Kind.IN.value: gettext_lazy("%(name)s is checked in"),
    Kind.OUT.value: gettext_lazy("%(name)s is checked out"),
    Kind.ABSENT.value: gettext_lazy("%(name)s is marked absent"),
    Kind.EXCUSED.value: gettext_lazy("%(name)s is marked excused"),
    Kind.UNDONE.value: gettext_lazy("%(name)s: taken back"),
}
Door = Callable[[HttpRequest, Session], HttpResponse]


def at_the_door(view: Door) -> Callable[..., HttpResponse]:
    """The session, for whoever runs its door; for everybody else there is nothing here."""

    @login_required
    @never_cache
    @wraps(view)
    def opened(request: Any, pk: int) -> HttpResponse:
        session = get_object_or_404(Session.objects.visible_to().select_related("activity__area"), pk=pk)
        if not may_run_door(request.user, session.activity):
            raise Http404
        return view(request, session)

    return opened


@dataclass(frozen=True)
class Line:
    """One line of the roster."""

    registration: Registration
    badge: Badge
    time: str
    buttons: Buttons
    phone: str = ""

    @property
    def is_here(self) -> bool:
        return self.registration.attendance == Attendance.CHECKED_IN

    @property
    def more(self) -> int:
        """Companions."""
        return self.registration.places - 1


@require_safe
@at_the_door
def console(request: HttpRequest, session: Session) -> HttpResponse:
    wanted = request.GET.get("q", "").strip()
    kind = request.GET.get("kind", "")
    kind = kind if kind in {Kind.IN, Kind.OUT} else _usual_kind(session)
    context = desk(session, caller(request)) | _screen(session)
    context |= {"kind": kind, "wanted": wanted, "now": timezone.now()}
    if wanted:
        context["lines"] = [line for line in context["lines"] if wanted in str(line.registration.resident)]
    return render(request, "activities/check_in/console.html", context)


def _usual_kind(session: Session) -> str:
    return Kind.OUT if timezone.now() >= session.ends_at else Kind.IN


def _when(moment: dt.datetime) -> str:
    return clock(moment) if local(moment).date() == today() else moment_words(moment)


def desk(session: Session, user: User) -> dict[str, Any]:
    """Everything on the desk: who is here, who is missing, who waits to be let in, in five queries."""
    now, path = timezone.now(), session.activity.area_path
    may_call = may_see_phones(user, path)
    seen = calling.seen_by(user, session) if may_call else set()
    rows = session.registrations.exclude(state__in=[State.REJECTED, State.LAPSED])
    rows = rows.select_related("resident", "presence").order_by("number")
    known: dict[int, Registration] = {row.resident_id: row for row in rows}
    lines = [line_of(row, session, row.pk in seen) for row in known.values() if row.state == State.CONFIRMED]
    lines.sort(key=lambda line: _order(line.registration))
    guests = list(session.walk_ins.filter(is_taken_back=False).order_by("-came_at"))
    arrived = sum(line.registration.places for line in lines if line.registration.attendance in HERE)
    going = sum(line.registration.places for line in lines)
    here = [line for line in lines if line.is_here]
    others = [row for row in known.values() if row.state != State.CONFIRMED]
    return {
        "session": session,
        "activity": session.activity,
        "lines": lines,
        "others": [(row, row.resident.phone if row.pk in seen else "") for row in others],
        "waiting": sum(row.places for row in others if row.state in WAITING),
        "may_call": may_call,
        "may_export": user.is_staff and may_manage(user, session.activity),
        "guests": guests,
        "pending": list(session.scans.pending().select_related("registration__resident").order_by("pk")),
        "arrived": arrived + len(guests),
        "expected": going + len(guests),
        "missing": going - arrived,
        "still_here": len(here) + sum(guest.left_at is None for guest in guests),
        "opens": _when(opens_at(session)),
        "closes": _when(closes_at(session)),
        "is_open": opens_at(session) <= now <= closes_at(session) and not session.cancelled_at,
        "is_before": now < opens_at(session),
        "has_started": now >= session.starts_at,
        "has_ended": now >= session.ends_at,
    }


def _order(row: Registration) -> tuple[int, float, int]:
    """Those who are here first, the latest arrival on top; then everybody else in the order of registration."""
    presence = getattr(row, "presence", None)
    came = presence.came_at.timestamp() if presence and presence.came_at else 0
    return ORDER[Attendance(row.attendance)], -came, row.number


def line_of(row: Registration, session: Session, is_seen: bool = False) -> Line:
    presence = getattr(row, "presence", None)
    kind = row.attendance
    is_automatic = bool(presence and presence.left_automatically)
    badges: dict[str, Badge] = {
        Attendance.UNKNOWN: Badge("neutral", "hourglass", _("not here yet")),
        Attendance.CHECKED_IN: Badge("open", "circle-check", _("checked in")),
        Attendance.CHECKED_OUT: Badge(
            "done", "door-exit", _("closed at the end") if is_automatic else _("checked out")
        ),
        Attendance.ABSENT: Badge("off", "ban", _("absent")),
        Attendance.EXCUSED: Badge("tool", "message-circle", _("excused")),
    }
    moments = [presence.came_at, presence.left_at] if presence else []
    time = "–".join(clock(moment) for moment in moments if moment)
    return Line(row, badges[kind], time, _buttons(kind, session), (row.resident.phone or "") if is_seen else "")


def _buttons(kind: str, session: Session) -> Buttons:
    """What can be said about somebody next: (kind, label), the likeliest first."""
    undo = (Kind.UNDONE.value, _("Take back"))
    if kind == Attendance.UNKNOWN:
        missing = [(Kind.ABSENT.value, _("Absent")), (Kind.EXCUSED.value, _("Excused"))]
        return ((Kind.IN.value, _("Check in")), *(missing if timezone.now() >= session.starts_at else missing[1:]))
    return ((Kind.OUT.value, _("Check out")), undo) if kind == Attendance.CHECKED_IN else (undo,)


@posted_from("activities:console", "pk")
@at_the_door
def entry(request: HttpRequest, session: Session) -> HttpResponse:
    """The box: a scanned address or code, six digits, or part of a name."""
    form = EntryForm(request.POST)
    if not form.is_valid() or not form.cleaned_data["entry"].strip():
        messages.warning(request, _("Scan a code, or type six digits or a name."))
        return _back(session)
    typed, kind = form.cleaned_data["entry"], form.cleaned_data["kind"]
    read = codes.read(typed)
    if read.code or read.digits:
        _record(request, session, kind, code=typed)
        return _back(session, kind=kind)
    try:
        check_in.check_digits(read.name)
    except Refusal as refusal:
        messages.error(request, refusal.detail)
        return _back(session, kind=kind)
    found = list(_named(session, read.name)[:3])
    if not found:
        messages.error(request, _("Nobody here is called “%(name)s”. Scan the code, or let them in.") %
                       {"name": read.name[:30]})  # fmt: skip
        return _back(session, kind=kind)
    if len(found) > 1 or len(read.name) < SHORTEST_NAME:
        messages.warning(request, _("Several are called “%(name)s”. Choose one below.") % {"name": read.name[:30]})
        return _back(session, kind=kind, q=read.name[:30])
    _record(request, session, kind, registration=found[0].pk)
    return _back(session, kind=kind)


def _named(session: Session, name: str) -> Any:
    return session.registrations.filter(state=State.CONFIRMED, resident__nickname__icontains=name).order_by("number")


def _record(
    request: HttpRequest, session: Session, kind: str, *, code: str = "", registration: int | None = None
) -> None:
    item = check_in.Item(check_in.new_id(), session.pk, kind, timezone.now(), code, registration)
    answer = check_in.record(item, by=caller(request))
    level = {
        Scan.Verdict.ACCEPTED.value: messages.SUCCESS, Scan.Verdict.DUPLICATE.value: messages.WARNING,
    }.get(answer.verdict, messages.ERROR)  # fmt: skip
    messages.add_message(request, level, answer.detail)


@posted_from("activities:console", "pk")
@at_the_door
def mark(request: HttpRequest, session: Session) -> HttpResponse:
    """One tap on a line: here, gone, absent, excused, or taken back."""
    form = _valid(MarkForm(request.POST))
    row = get_object_or_404(session.registrations.select_related("resident"), pk=form["registration"])
    name = {"name": str(row.resident)}

    def verb(by: User) -> str:
        attendance.mark(row.pk, form["kind"], by=by)
        return MARKED[form["kind"]] % name

    return _say(request, session, verb)


@posted_from("activities:console", "pk")
@at_the_door
def call(request: HttpRequest, session: Session) -> HttpResponse:
    """Show the number of somebody on the list for an hour, to whoever may see it; that it was shown is noted."""
    form = CallForm(request.POST)
    row = get_object_or_404(session.registrations.select_related("resident"), pk=_valid(form)["registration"])

    def verb(by: User) -> str:
        phone = calling.look_up_phone(row.pk, by=by)
        return _("%(name)s: %(phone)s. They can read that you looked.") % {
            "name": row.resident,
            "phone": in_groups(phone),
        }

    return _say(request, session, verb)


@posted_from("activities:console", "pk")
@at_the_door
def let_in(request: HttpRequest, session: Session) -> HttpResponse:
    """Somebody unexpected: who gave the place up or waits, who has an account, or a name alone."""
    form = _valid(LetInForm(request.POST))
    said = _("%(name)s is let in and checked in")

    def verb(by: User) -> str:
        if form["resident"]:
            get_object_or_404(session.registrations.filter(resident=form["resident"])[:1])
            return said % {"name": str(walk_ins.let_in(session.pk, form["resident"], by=by).resident)}
        if form["phone"].strip():
            return said % {"name": str(walk_ins.let_in_by_phone(session.pk, form["phone"], by=by).resident)}
        guest = walk_ins.add_walk_in(session.pk, form["name"], by=by, client_id=form["client_id"])
        return _("%(name)s is on the roster") % {"name": guest.name}

    return _say(request, session, verb)


@posted_from("activities:console", "pk")
@at_the_door
def settle(request: HttpRequest, session: Session) -> HttpResponse:
    """The leader has looked whether somebody with the printed code is there."""
    form = _valid(SettleForm(request.POST))
    scan = get_object_or_404(session.scans, pk=form["scan"])

    def verb(by: User) -> str:
        answer = check_in.confirm_arrival(scan.pk, by=by, is_here=form["is_here"])
        name = {"name": str(answer.registration.resident if answer.registration else "")}
        return (_("%(name)s is checked in") if form["is_here"] else _("%(name)s was not seen")) % name

    return _say(request, session, verb)


@posted_from("activities:console", "pk")
@at_the_door
def guest(request: HttpRequest, session: Session) -> HttpResponse:
    """Somebody without an account has left, or was written down by mistake."""
    form = _valid(WalkInForm(request.POST))
    row = get_object_or_404(WalkIn, pk=form["walk_in"], session=session)

    def verb(by: User) -> str:
        walk_ins.change_walk_in(row.pk, by=by, has_left=form["has_left"])
        return MARKED["out" if form["has_left"] else "undone"] % {"name": row.name}

    return _say(request, session, verb)


@posted_from("activities:console", "pk")
@at_the_door
def everybody_out(request: HttpRequest, session: Session) -> HttpResponse:
    def verb(by: User) -> str:
        number = attendance.check_out_everybody(session.pk, by=by)
        words = ngettext("%(number)d person is checked out", "%(number)d people are checked out", number)
        return words % {"number": number}

    return _say(request, session, verb)


@require_safe
@at_the_door
def venue(request: HttpRequest, session: Session) -> HttpResponse:
    """The code for the screen at the entrance; it changes every half minute, so a photo is soon worth nothing."""
    is_part = request.headers.get("HX-Request") == "true"
    context = _screen(session) | {"heading": _("Code on the screen")}
    return render(request, f"activities/check_in/{'_venue' if is_part else 'venue'}.html", context)


def _screen(session: Session) -> dict[str, Any]:
    now = timezone.now()
    code = codes.venue_code(session.pk, now)
    picture = qr_svg(check_in.address_of(code.text), label=_("Code to scan on arrival"))
    return {
        "session": session, "activity": session.activity, "venue_qr": picture, "code_ends_at": code.ends_at,
        "venue_digits": codes.venue_digits(session.pk, now),
    }  # fmt: skip


@require_safe
@at_the_door
def poster(request: HttpRequest, session: Session) -> HttpResponse:
    """A code to print: it cannot change, so the leader confirms each arrival with a tap."""
    url = check_in.address_of(codes.printed_code(session.pk).text)
    picture = qr_svg(url, label=_("Code to scan on arrival"))
    context = {"heading": _("Printed code"), "session": session, "activity": session.activity, "qr": picture}
    return render(request, "activities/check_in/poster.html", context)


@require_safe
@at_the_door
def roster(request: HttpRequest, session: Session) -> HttpResponse:
    """The roster on paper, for when nothing else works."""
    context = desk(session, caller(request)) | {"heading": _("Roster"), "now": timezone.now()}
    context["lines"] = sorted(context["lines"], key=lambda line: line.registration.number)
    return render(request, "activities/check_in/roster.html", context)


def _valid(form: forms.Form) -> dict[str, Any]:
    if not form.is_valid():
        raise Http404
    return form.cleaned_data


def _say(request: HttpRequest, session: Session, verb: Callable[[User], str]) -> HttpResponse:
    """Ask the verb and say what came of it, on the console again."""
    try:
        messages.success(request, verb(caller(request)))
    except Refusal as refusal:
        messages.error(request, refusal.detail)
    except PermissionDenied as error:
        raise Http404 from error
    return _back(session, kind=request.POST.get("mode", ""))


def _back(session: Session, **query: str) -> HttpResponse:
    chosen = urlencode({name: value for name, value in query.items() if value})
    target = reverse("activities:console", args=[session.pk])
    return redirect(f"{target}?{chosen}" if chosen else target)
