from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from linlingtong.accounts.actions import (
    HOMES,
    change_profile,
    join_organization,
    leave_organization,
)
from linlingtong.accounts.forms import JoinForm, ProfileForm
from linlingtong.accounts.models import Membership, User
from linlingtong.accounts.signed_in import caller
from linlingtong.accounts.views.display import speak
from linlingtong.areas.models import Area, Organization
from linlingtong.core.refusal import Refusal
from linlingtong.core.text import clean_text
from linlingtong.core.time import today


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Nickname, home, date of birth and language."""
    me = caller(request)
    homes = Area.objects.active().filter(level__in=HOMES).in_order()
    form = ProfileForm(request.POST if request.method == "POST" else None, user=me, areas=homes)
    if request.method == "POST" and form.is_valid():
        _save(form, me)
        response = redirect("accounts:profile")
        speak(request, response, form.cleaned_data["language"])
        messages.success(request, _("Saved."))
        if me.nickname != " ".join(clean_text(form.cleaned_data["nickname"]).split()):
            messages.info(request, _("A colleague looks at your new nickname first; until then the old one stays."))
        return response
    return render(request, "accounts/profile.html", {"form": form})


def _save(form: ProfileForm, me: User) -> None:
    wishes = dict(form.cleaned_data)
    wishes["home_area"] = Area.objects.get(pk=wishes["home_area"]) if wishes["home_area"] else None
    change_profile(me, by=me, **wishes)


@login_required
@require_GET
def privacy(request: HttpRequest) -> HttpResponse:
    """What was agreed to, where one belongs, what is kept, and whom to call."""
    return _privacy(request, caller(request), None)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return redirect("accounts:privacy")
    me = caller(request)
    form = JoinForm(request.POST, organizations=_offered())
    if not form.is_valid():
        return _privacy(request, me, form)
    try:
        membership = join_organization(form.cleaned_data["organization"], me, by=me)
    except Refusal as refusal:
        form.add_error("organization", refusal.detail)
        return _privacy(request, me, form)
    messages.success(request, _("Added: %(name)s. Staff will confirm it.") % {"name": membership.organization})
    return redirect("accounts:privacy")


@login_required
@require_POST
def leave(request: HttpRequest, pk: int) -> HttpResponse:
    me = caller(request)
    try:
        leave_organization(pk, me, by=me)
    except Membership.DoesNotExist as missing:
        raise Http404 from missing
    except Refusal as refusal:
        messages.warning(request, refusal.detail)
    else:
        messages.success(request, _("Removed from your list."))
    return redirect("accounts:privacy")


def _privacy(request: HttpRequest, me: User, form: JoinForm | None) -> HttpResponse:
    memberships = Membership.objects.filter(user=me).select_related("organization").order_by("-starts_on", "-pk")
    rows = list(memberships[:50])
    ended = [row for row in rows if row.ends_on is not None and row.ends_on < today()]
    page = {
        "form": form or JoinForm(organizations=_offered()),
        "current": [row for row in rows if row not in ended],
        "ended": ended,
        "consents": me.consents.order_by("-given_at", "kind")[:20],
        "version": settings.TERMS_VERSION,
    }
    return render(request, "accounts/privacy.html", page)


def _offered() -> list[Organization]:
    return list(Organization.objects.active().order_by("name"))
