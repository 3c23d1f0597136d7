from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from linlingtong.accounts.actions import change_profile
from linlingtong.accounts.models import User
from linlingtong.accounts.signed_in import reader
from linlingtong.activities.actions import register
from linlingtong.activities.forms import JoinForm
from linlingtong.activities.models import Activity, Question, Session
from linlingtong.activities.models.standing import Phase, Standing
from linlingtong.activities.views import stories
from linlingtong.activities.views.cards import cover_of, gauge, groups_of, own_registrations
from linlingtong.core.dates import date_words, hours_words
from linlingtong.core.refusal import Refusal
from linlingtong.core.templatetags.dates import clock_until
from linlingtong.core.time import local

JOINABLE = {Phase.OPEN, Phase.FULL}
FIELD_OF = {"age_unknown": "born_on", "party_too_large": "companion_1_name"}


@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, slug: str) -> HttpResponse:
    """The one page of registering. Signed out it can be filled in too: signing in comes last and keeps everything."""
    activity = get_object_or_404(Activity.objects.visible_to().select_related("area", "host"), slug=slug)
    pairs = _pairs(activity, request)
    open_sessions = [session for session, its in pairs if its.state in JOINABLE and not its.is_mine]
    if not open_sessions and request.method != "POST":
        return _already(pairs, slug)
    offered = open_sessions or [session for session, _its in pairs]
    form = _form(request, activity, offered)
    if request.method == "POST" and form.is_valid() and not _filled_meanwhile(form, request):
        user = reader(request)
        if user is None:
            return _sign_in_first(request)
        if (answer := _register(form, user, slug)) is not None:
            _forget_draft(request)
            return answer
    return _page(request, form, [pair for pair in pairs if pair[0] in offered])


@require_safe
def done(request: HttpRequest, slug: str) -> HttpResponse:
    """What came of it and what happens next."""
    user = reader(request)
    if user is None:
        return redirect_to_login(request.get_full_path())
    activity = get_object_or_404(Activity.objects.visible_to().select_related("area", "host"), slug=slug)
    pairs = _pairs(activity, request)
    mine = own_registrations(user, [session for session, _its in pairs])
    wanted = request.GET.get("session", "")
    chosen = [mine[s.pk] for s, _its in pairs if s.pk in mine and (not wanted or str(s.pk) == wanted)]
    if not chosen:
        return redirect("activities:detail", slug=slug)
    registration = max(chosen, key=lambda r: r.pk)
    session, its = next(pair for pair in pairs if pair[0].pk == registration.session_id)
    registration.session = session
    context = {
        "activity": activity,
        "session": session,
        "registration": registration,
        "its": its,
        "steps": stories.steps(is_done=True),
        "headline": stories.headline(registration, its),
        "story": stories.what_next(registration, its),
        "otherwise": stories.otherwise(registration, pairs) if its.mine == "waiting" else None,
    }
    return render(request, "activities/done.html", context)


def _pairs(activity: Activity, request: HttpRequest) -> list[tuple[Session, Standing]]:
    sessions = list(activity.sessions.order_by("starts_at", "pk"))
    for session in sessions:
        session.activity = activity
    return [pair for group in groups_of(sessions, reader(request)) for pair in group.pairs]


def _already(pairs: list[tuple[Session, Standing]], slug: str) -> HttpResponse:
    """Nothing left to register for: show what one has, or the activity with its reason."""
    if any(its.is_mine and its.state in JOINABLE | {Phase.CLOSED, Phase.QUEUE_FULL} for _s, its in pairs):
        return redirect("activities:done", slug=slug)
    return redirect("activities:detail", slug=slug)


def _form(request: HttpRequest, activity: Activity, sessions: Sequence[Session]) -> JoinForm:
    questions = list(Question.objects.filter(activity=activity).order_by("position", "pk"))
    common: dict[str, Any] = {
        "activity": activity,
        "sessions": sessions,
        "questions": questions,
        "resident": reader(request),
    }
    if request.method == "POST":
        return JoinForm(request.POST, **common)
    initial = {"session": request.GET["session"]} if request.GET.get("session") else {}
    return JoinForm(initial=initial | request.session.get("drafts", {}).get(request.path, {}), **common)


def _filled_meanwhile(form: JoinForm, request: HttpRequest) -> bool:
    """The session was open when the page was read and is full now: ask before putting anybody in a queue."""
    session = next(s for s in form.sessions if s.pk == form.cleaned_data["session"])
    left = None if form.activity.needs_approval else session.places_left
    was_open = str(session.pk) in request.POST.get("shown_open", "").split(",")
    if left is None or left > len(form.party) or not was_open:
        return False
    if left:
        words = _("Only %(left)d places are left for your party. Join the waiting list? Tap once more.")
        form.add_error("session", words % {"left": left})
    else:
        form.add_error("session", _("It has just filled up. Join the waiting list? Tap once more, nothing is lost."))
    return True


def _register(form: JoinForm, user: User, slug: str) -> HttpResponse | None:
    """Ask the verb; a refusal stands at the field it is about, everything typed stays."""
    found = form.cleaned_data
    if form.asks_birth_date:
        change_profile(user, by=user, born_on=found["born_on"])
    try:
        placed = register(
            found["session"],
            user,
            by=user,
            party=form.party,
            answers=form.answers,
            note=found["note"],
            may_be_photographed=found["may_be_photographed"],
        )
    except Refusal as refusal:
        form.add_error(_field_of(refusal, form), refusal.detail)
        return None
    except Session.DoesNotExist as error:
        raise Http404 from error
    return redirect(f"{reverse('activities:done', args=[slug])}?session={placed.registration.session_id}")


def _field_of(refusal: Refusal, form: JoinForm) -> str | None:
    field = FIELD_OF.get(refusal.code, "session" if len(form.sessions) > 1 else None)
    if refusal.code == "too_young":
        field = form.youngest_companion or "born_on"
    return field if field in form.fields else None


def _sign_in_first(request: HttpRequest) -> HttpResponse:
    """Keep what was typed for the moment after signing in."""
    typed = {name: value for name, value in request.POST.items() if name != "csrfmiddlewaretoken"}
    request.session["drafts"] = request.session.get("drafts", {}) | {request.path: typed}
    return redirect_to_login(request.path, settings.LOGIN_URL)


def _forget_draft(request: HttpRequest) -> None:
    drafts = request.session.get("drafts", {})
    if request.path in drafts:
        request.session["drafts"] = {path: draft for path, draft in drafts.items() if path != request.path}


def _page(request: HttpRequest, form: JoinForm, pairs: list[tuple[Session, Standing]]) -> HttpResponse:
    activity = form.activity
    chosen = form["session"].value()
    days = {local(session.starts_at).date() for session, _its in pairs}
    context = {
        "activity": activity,
        "form": form,
        "cover": cover_of(activity),
        "steps": stories.steps(is_done=False),
        "options": [_option(session, its, chosen, is_one_day=len(days) == 1) for session, its in pairs],
        "session": pairs[0][0],
        "is_single": len(pairs) == 1,
        "is_full": all(its.places_left == 0 for _session, its in pairs),
        "shown_open": ",".join(str(session.pk) for session, its in pairs if its.places_left != 0),
    }
    return render(request, "activities/join.html", context)


def _option(session: Session, its: Standing, chosen: Any, *, is_one_day: bool) -> dict[str, Any]:
    minutes = session.activity.credited_minutes
    when = [date_words(local(session.starts_at).date())] if session.role and not is_one_day else []
    credit = [_("%(hours)s of service") % {"hours": hours_words(minutes)}] if minutes else []
    return {
        "id": f"id_session_{session.pk}",
        "name": "session",
        "value": session.pk,
        "is_checked": str(chosen) == str(session.pk),
        "title": session.role or date_words(local(session.starts_at).date()),
        "text": " · ".join([*when, clock_until(session.starts_at, session.ends_at), *credit]),
        "badge": its.badge,
        "gauge": gauge(session, its),
        "type": "radio",
    }
