from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from linlingtong.accounts.signed_in import caller
from linlingtong.activities import actions
from linlingtong.activities.actions.calling import looks_at
from linlingtong.activities.forms import GiveUpForm
from linlingtong.activities.models import Activity, Companion, Registration
from linlingtong.activities.models.standing import Mine, Standing, standing, with_position
from linlingtong.activities.views import stories
from linlingtong.activities.views.cards import Group, date_card
from linlingtong.core.links import path_here
from linlingtong.core.posting import posted_from
from linlingtong.core.refusal import Refusal

State = Registration.State
TABS = ("coming", "waiting", "past")
SHOWN_PAST = 50


@login_required
@require_safe
def registrations(request: HttpRequest) -> HttpResponse:
    tab = request.GET.get("tab", "")
    tab = tab if tab in TABS else "coming"
    live = [_with_standing(r) for r in _mine(request).filter(_is_ahead())]
    offers = [pair for pair in live if pair[1].mine == Mine.OFFERED]
    waiting = [pair for pair in live if pair[1].mine in {Mine.WAITING, Mine.PENDING}]
    coming = [pair for pair in live if pair not in offers and pair not in waiting]
    if tab == "past":
        shown = [_with_standing(r) for r in _mine(request, "-session__starts_at").exclude(_is_ahead())[:SHOWN_PAST]]
    else:
        shown = waiting if tab == "waiting" else coming
    context = {
        "tab": tab,
        "tabs": [
            {"key": "coming", "label": _("Coming up"), "count": len(coming)},
            {"key": "waiting", "label": _("Waiting list"), "count": len(waiting)},
            {"key": "past", "label": _("Over"), "count": ""},
        ],
        "offers": offers,
        "cards": [_card(r, its) for r, its in shown],
    }
    return render(request, "activities/mine.html", context)


@login_required
@require_safe
def registration(request: HttpRequest, pk: int) -> HttpResponse:
    return _registration_page(request, _own(request, pk))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def give_up(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask once, with an optional reason; leaving is as easy as joining."""
    found = _own(request, pk)
    form = GiveUpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.give_up(found.session_id, found.resident, by=caller(request), reason=form.cleaned_data["reason"])
        except Refusal as refusal:
            form.add_error(None, refusal.detail)
        else:
            messages.success(request, _("Your place is free again. Thank you for saying so."))
            return redirect("activities:mine")
    its = _with_standing(found)[1]
    if found.state not in Registration.LIVE and not form.errors:
        return redirect("activities:registration", pk=pk)
    context = {"registration": found, "its": its, "form": form, "is_waiting": its.mine in {"waiting", "pending"}}
    return render(request, "activities/give_up.html", context)


@posted_from("activities:registration", "pk")
@login_required
def accept(request: HttpRequest, pk: int) -> HttpResponse:
    found = _own(request, pk)
    return _asked(request, found, lambda: actions.accept(pk, by=caller(request)), _("See you there!"))


@posted_from("activities:registration", "pk")
@login_required
def decline(request: HttpRequest, pk: int) -> HttpResponse:
    found = _own(request, pk)
    said = _("Thank you for saying so. The place goes to the next person.")
    return _asked(request, found, lambda: actions.decline(pk, by=caller(request)), said)


@posted_from("activities:registration", "pk")
@login_required
def drop_companion(request: HttpRequest, pk: int, companion: int) -> HttpResponse:
    found = _own(request, pk)
    get_object_or_404(Companion, pk=companion, registration=found)
    said = _("Done. One place is free again.")
    return _asked(request, found, lambda: actions.drop_companion(pk, companion, by=caller(request)), said)


@posted_from("activities:detail", "slug")
def bookmark(request: HttpRequest, slug: str) -> HttpResponse:
    """Keep an activity in sight, or let it go; before registration opens this asks for a reminder."""
    activity = get_object_or_404(Activity.objects.visible_to(), slug=slug)
    detail = reverse("activities:detail", args=[slug])
    if not request.user.is_authenticated:
        return redirect(f"{settings.LOGIN_URL}?next={detail}")
    user = caller(request)
    if request.POST.get("let_go"):
        actions.let_go(activity.pk, user, by=user)
        messages.success(request, _("Not kept any more."))
    else:
        actions.keep(activity.pk, user, by=user)
        opens_later = activity.opens_at is not None and activity.opens_at > timezone.now()
        messages.success(request, _("We tell you when registration opens.") if opens_later else _("Kept for you."))
    return redirect(_next(request) or detail)


def _mine(request: HttpRequest, order: str = "session__starts_at") -> QuerySet[Registration]:
    mine = Registration.objects.visible_to(caller(request)).select_related("session__activity__area")
    return with_position(mine).order_by(order, "pk")


def _is_ahead() -> Q:
    """Still to come, and either live or ended by a cancelled activity, so that nobody misses it."""
    still = Q(state__in=Registration.LIVE) | Q(ended_by=Registration.Ended.BY_EVENT)
    return still & Q(session__ends_at__gte=timezone.now())


def _own(request: HttpRequest, pk: int) -> Registration:
    return get_object_or_404(_mine(request).select_related("session__activity__area", "resident", "no_show"), pk=pk)


def _with_standing(found: Registration) -> tuple[Registration, Standing]:
    return found, standing(found.session, found, timezone.now(), is_authenticated=True)


def _card(found: Registration, its: Standing) -> dict[str, Any]:
    """The card of one's own registration leads to the registration, with the one thing to do."""
    card = date_card(Group(found.session.activity, [(found.session, its)]))
    page = reverse("activities:registration", args=[found.pk])
    changes: dict[str, Any] = {"url": page}
    if found.session.role:
        changes["hours_label"] = " · ".join([found.session.role, card["hours_label"]])
    if found.state not in Registration.LIVE:
        changes |= {"note": stories.ended_words(found), "gauge": None}
    if card["action"] and its.actions[0].kind == "view":
        changes["action"] = card["action"] | {"url": page, "label": _("Look or change")}
    return card | changes


def _registration_page(request: HttpRequest, found: Registration, refused: str = "") -> HttpResponse:
    its = _with_standing(found)[1]
    context = {
        "registration": found,
        "session": found.session,
        "activity": found.session.activity,
        "its": its,
        "headline": stories.headline(found, its),
        "story": stories.what_next(found, its),
        "companions": list(found.companions.order_by("pk")),
        "looks": looks_at(found),
        "is_live": found.state in Registration.LIVE,
        "may_leave": any(action.kind in {"cancel", "withdraw"} for action in its.actions),
        "refused": refused,
    }
    return render(request, "activities/registration.html", context)


def _asked(request: HttpRequest, found: Registration, verb: Callable[[], object], said: str) -> HttpResponse:
    """Run the verb; a refusal is shown on the page of the registration."""
    try:
        verb()
    except Refusal as refusal:
        return _registration_page(request, _own(request, found.pk), refused=refusal.detail)
    messages.success(request, said)
    return redirect(_next(request) or reverse("activities:registration", args=[found.pk]))


def _next(request: HttpRequest) -> str:
    return path_here(request, request.POST.get("next", ""))
