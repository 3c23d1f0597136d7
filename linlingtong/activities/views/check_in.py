"""The resident's side of the door: one's own code to show, the venue's code to scan."""

import datetime as dt
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from linlingtong.accounts.signed_in import caller
from linlingtong.activities.actions import check_in, no_shows
from linlingtong.activities.actions.door_refusals import VenueCodeExpired
from linlingtong.activities.forms import AppealForm, ArrivalForm
from linlingtong.activities.models import NoShow, Registration, Scan, Session, codes
from linlingtong.activities.models.check_in import closes_at, opens_at
from linlingtong.activities.permissions import may_run_door
from linlingtong.core.dates import clock, left_words, moment_words, short_moment
from linlingtong.core.qr import qr_svg
from linlingtong.core.refusal import Refusal

Attendance, Kind = Registration.Attendance, Scan.Kind
# Between opening the address on the screen and the tap that confirms it, somebody may have to sign in.
TIME_TO_SIGN_IN = dt.timedelta(minutes=15)
SEEN = "codes_seen"
WAS_HERE = (Attendance.CHECKED_IN, Attendance.CHECKED_OUT)


@login_required
@never_cache
@require_safe
def my_pass(request: HttpRequest, pk: int) -> HttpResponse:
    """The code to show. It renews itself, with a script every half minute, without one by loading the page again."""
    found = _own(request, pk)
    context = _about(found) | {"tab": "pass"}
    try:
        shown = check_in.pass_of(found, timezone.now())
    except Refusal as refusal:
        return render(request, "activities/check_in/no_pass.html", context | {"refused": refusal.detail})
    context |= {"pass": shown, "qr": qr_svg(shown.url, label=_("Your check-in code"))}
    is_part = request.headers.get("HX-Request") == "true"
    return render(request, f"activities/check_in/{'_card' if is_part else 'pass'}.html", context)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def scan_venue(request: HttpRequest, pk: int) -> HttpResponse:
    """The other way round: WeChat scans the screen, or the six digits on it are typed here."""
    found = _own(request, pk)
    form = ArrivalForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        kind = form.cleaned_data["kind"] or Kind.IN
        try:
            answer = check_in.arrive(found.session_id, found.resident, by=found.resident,
                                     code=form.cleaned_data["code"], kind=kind)  # fmt: skip
        except Refusal as refusal:
            form.add_error("code", refusal.detail)
        else:
            return _arrived(request, answer)
    return render(request, "activities/check_in/scan.html", _about(found) | {"tab": "scan", "form": form})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def opened(request: HttpRequest, token: str) -> HttpResponse:
    """Whoever opens a code: the leader a resident's, a resident the venue's. Looking changes nothing; a tap does."""
    code = codes.read(token).code
    if code is None:
        return _not_ours(request)
    if code.kind == codes.PASS:
        return _open_pass(request, code)
    session = Session.objects.visible_to().select_related("activity").filter(pk=code.number).first()
    if session is None or not code.is_genuine(session.pk):
        return _not_ours(request)
    return _open_venue(request, code, session)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def appeal(request: HttpRequest, pk: int) -> HttpResponse:
    """Could not help it, or was there after all: say so; staff answer."""
    found = _own(request, pk)
    no_show = get_object_or_404(NoShow, registration=found)
    form = AppealForm(request.POST or None, initial={"text": no_show.appeal})
    if request.method == "POST" and form.is_valid():
        try:
            no_shows.appeal(found.pk, form.cleaned_data["text"], by=found.resident)
        except Refusal as refusal:
            form.add_error(None, refusal.detail)
        else:
            messages.success(request, _("Sent. Staff read it and answer you here."))
            return redirect("activities:appeal", pk=pk)
    now = timezone.now()
    is_open = no_show.lifted_at is None and no_show.answered_at is None and no_show.until > now
    context = {"registration": found, "no_show": no_show, "form": form, "is_open": is_open}
    return render(request, "activities/check_in/appeal.html", context)


def _own(request: HttpRequest, pk: int) -> Registration:
    mine = Registration.objects.visible_to(caller(request))
    return get_object_or_404(mine.select_related("session__activity", "resident", "presence"), pk=pk)


def _about(found: Registration) -> dict[str, Any]:
    session, now = found.session, timezone.now()
    return {
        "registration": found,
        "session": session,
        "activity": session.activity,
        "label": _when(session, now),
        "story": story(found),
        "is_in": found.attendance == Attendance.CHECKED_IN,
        "is_out": found.attendance == Attendance.CHECKED_OUT,
        "kind": Kind.OUT if found.attendance == Attendance.CHECKED_IN else Kind.IN,
    }


def _when(session: Session, now: dt.datetime) -> str:
    if now < session.starts_at:
        is_near = session.starts_at - now < dt.timedelta(hours=12)
        left = left_words(session.starts_at)
        return _("Starts in %(left)s") % {"left": left} if is_near else short_moment(session.starts_at)
    return _("Under way now") if now < session.ends_at else _("Over")


def story(found: Registration) -> list[dict[str, str]]:
    """Registered, checked in, checked out: what is done, what is next, and when."""
    session, presence = found.session, getattr(found, "presence", None)
    has_come, has_left = found.attendance in WAS_HERE, found.attendance == Attendance.CHECKED_OUT
    made = " · ".join(part for part in (moment_words(found.created_at), session.role) if part)
    span = {"opens": clock(opens_at(session)), "ends": clock(session.ends_at)}
    come = _("%(opens)s–%(ends)s. Late is fine: your time counts from then on.") % span
    leave = _("Show this code again, until %(until)s.") % {"until": clock(closes_at(session))}
    if has_come and presence and presence.came_at:
        come = clock(presence.came_at)
    if has_left and presence and presence.left_at:
        leave = clock(presence.left_at)
        if presence.left_automatically:
            leave = " · ".join([leave, _("closed at the end, you did not check out")])
    return [
        {"title": _("Registered"), "text": made, "state": "done"},
        {"title": _("Check in on arrival"), "text": come, "state": "done" if has_come else "now"},
        {"title": _("Check out at the end"), "text": leave,
         "state": "done" if has_left else "now" if has_come else ""},
    ]  # fmt: skip


def _not_ours(request: HttpRequest) -> HttpResponse:
    return render(request, "activities/check_in/not_ours.html", status=404)


def _open_pass(request: HttpRequest, code: codes.Code) -> HttpResponse:
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    rows = Registration.objects.select_related("session__activity", "resident", "presence")
    found = rows.filter(pk=code.number).first()
    if found is None or not code.is_genuine(found.session_id):
        return _not_ours(request)
    if found.resident_id == request.user.pk:
        return redirect("activities:pass", pk=found.pk)
    if not may_run_door(request.user, found.session.activity):
        raise Http404
    return _scanned_by_staff(request, code, found)


def _scanned_by_staff(request: HttpRequest, code: codes.Code, found: Registration) -> HttpResponse:
    """The leader's phone has scanned somebody: who it is, and the one tap."""
    context = _about(found) | {"code": code.text, "is_fresh": code.is_fresh(timezone.now())}
    if request.method == "POST":
        form = ArrivalForm({"code": code.text, "kind": request.POST.get("kind", "")})
        kind = form.cleaned_data["kind"] if form.is_valid() else ""
        item = check_in.Item(check_in.new_id(), found.session_id, kind or Kind.IN, timezone.now(), code.text)
        answer = check_in.record(item, by=caller(request))
        if answer.refusal is None:
            messages.success(request, answer.detail)
            return redirect("activities:console", pk=found.session_id)
        context["refused"] = answer.detail
    return render(request, "activities/check_in/scanned.html", context)


def _open_venue(request: HttpRequest, code: codes.Code, session: Session) -> HttpResponse:
    now = timezone.now()
    if code.is_fresh(now):
        request.session[SEEN] = {str(session.pk): now.isoformat()}
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    user = caller(request)
    mine = session.registrations.filter(resident=user).select_related("presence").order_by("-number").first()
    seen_at, refused = _seen(request, session, now), ""
    if request.method == "POST":
        form = ArrivalForm({"code": code.text, "kind": request.POST.get("kind", "")})
        kind = (form.cleaned_data["kind"] if form.is_valid() else "") or Kind.IN
        try:
            answer = check_in.arrive(session.pk, user, by=user, code=code.text, kind=kind, seen_at=seen_at)
        except Refusal as refusal:
            refused = refusal.detail
        else:
            return _arrived(request, answer)
    elif seen_at is None and code.kind != codes.PRINTED:
        refused = VenueCodeExpired().detail
    context = {
        "session": session, "activity": session.activity, "registration": mine, "code": code.text,
        "refused": refused, "is_expired": seen_at is None and code.kind != codes.PRINTED,
        "is_in": mine is not None and mine.attendance == Attendance.CHECKED_IN,
        "is_printed": code.kind == codes.PRINTED,
    }  # fmt: skip
    return render(request, "activities/check_in/arrive.html", context)


def _seen(request: HttpRequest, session: Session, now: dt.datetime) -> dt.datetime | None:
    """When this browser opened the session's code while it was on the screen, if that is not long ago."""
    kept = request.session.get(SEEN, {}).get(str(session.pk), "")
    seen_at = parse_datetime(kept) if kept else None
    return seen_at if seen_at and now - seen_at < TIME_TO_SIGN_IN else None


def _arrived(request: HttpRequest, answer: check_in.Answer) -> HttpResponse:
    registration = answer.registration
    if registration is None:
        raise Http404
    if answer.verdict == Scan.Verdict.UNRESOLVED:
        messages.warning(request, _("Noted. Show yourself to the leader, who confirms it with one tap."))
    elif registration.attendance == Attendance.CHECKED_IN:
        messages.success(request, _("You are checked in. Thank you for coming!"))
    else:
        messages.success(request, _("You are checked out. Thank you, see you next time!"))
    return redirect(reverse("activities:pass", args=[registration.pk]))
