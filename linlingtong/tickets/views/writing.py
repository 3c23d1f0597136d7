from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from linlingtong.accounts.models import User
from linlingtong.accounts.signed_in import reader
from linlingtong.areas.models import Area
from linlingtong.core.refusal import Refusal
from linlingtong.photos.models import Photo
from linlingtong.tickets.actions import drop_files, nearby, report, take_files
from linlingtong.tickets.forms import ReportForm
from linlingtong.tickets.models import Ticket
from linlingtong.tickets.places import OFFERED, Places
from linlingtong.tickets.showing import cell
from linlingtong.tickets.views.reading import public_address

DRAFT = "ticket_draft"
TYPED = ("category", "area", "place", "text", "is_public")
FIELD_OF = {
    "nothing_reported": "text", "place_missing": "place", "area_unfit": "area", "category_gone": "category",
}  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Report something. Signed out it can be filled in too: signing in comes last and keeps everything."""
    me, draft = reader(request), request.session.get(DRAFT, {})
    names = draft.get("files", [])
    if me is not None and request.method != "POST":
        draft = _claimed(request, draft, me)
    form = _form(request, me, draft)
    if request.method != "POST" or not form.is_valid():
        return _page(request, form, draft)
    if request.POST.get("way") == "preview":
        _keep(request, form, me, names)
        return _page(request, form, request.session.get(DRAFT, {}), is_preview=True)
    if me is None:
        _keep(request, form, me, names)
        return redirect_to_login(request.path)
    if "nearby_seen" not in request.POST and (found := _others(form, me)):
        return _page(request, form, draft, others=found)
    return _send(request, form, me) or _page(request, form, draft)


def _form(request: HttpRequest, me: User | None, draft: dict[str, Any]) -> ReportForm:
    if request.method == "POST":
        return ReportForm(request.POST, request.FILES, by=me, has_photos=me is None and bool(draft.get("files")))
    asked = {name: request.GET[name] for name in ("category", "area") if request.GET.get(name)}
    form = ReportForm(initial=_home(me) | draft.get("typed", {}) | asked, by=me)
    if me is not None and draft.get("tokens"):
        photos: Any = form.fields["photos"]
        photos.kept = list(Photo.objects.filter(owner=me, subject="", token__in=draft["tokens"]))
    return form


def _home(me: User | None) -> dict[str, Any]:
    """One's own building or grid is chosen at first."""
    if me is None or me.home_area is None:
        return {}
    found = Area.objects.active().filter(pk__in=me.home_area.ancestor_ids, level__in=OFFERED).order_by("-path")
    return {"area": found.values_list("pk", flat=True).first()}


def _keep(request: HttpRequest, form: ReportForm, me: User | None, names: list[str]) -> None:
    """Everything typed, and where the photos lie, for the moment after signing in."""
    found = form.cleaned_data
    typed = {name: request.POST.get(name, "") for name in TYPED}
    draft: dict[str, Any] = {"typed": typed}
    if me is None:
        fresh = found["photos"]
        if fresh and names:
            drop_files(names)
        draft["files"] = fresh or names
    else:
        draft["tokens"] = [photo.token for photo in found["photos"]]
    request.session[DRAFT] = draft


def _claimed(request: HttpRequest, draft: dict[str, Any], me: User) -> dict[str, Any]:
    """Photos that were sent before signing in become one's own, once."""
    if draft.get("files"):
        tokens = [photo.token for photo in take_files(draft["files"], by=me)]
        draft = {"typed": draft.get("typed", {}), "tokens": tokens}
        request.session[DRAFT] = draft
    return draft


def _others(form: ReportForm, me: User) -> list[dict[str, Any]]:
    given = form.report
    rows = [one for one in nearby(given.category, given.area) if one.reporter_id != me.pk]
    return [cell(one, public_address(one)) for one in rows]


def _send(request: HttpRequest, form: ReportForm, me: User) -> HttpResponse | None:
    try:
        ticket: Ticket = report(form.report, by=me, photos=form.cleaned_data["photos"])
    except Refusal as refusal:
        field = FIELD_OF.get(refusal.code)
        form.add_error(field, refusal.detail)
        return None
    request.session.pop(DRAFT, None)
    request.session["ticket_sent"] = ticket.pk
    return redirect("tickets:ticket", ticket.pk)


def _page(
    request: HttpRequest, form: ReportForm, draft: dict[str, Any], *, is_preview: bool = False, others: Any = ()
) -> HttpResponse:
    chosen = str(form["category"].value() or "")
    kinds: Any = form.fields["category"]
    tiles = [{"kind": kind, "is_checked": chosen == kind.slug} for kind in kinds.queryset]
    context = {
        "form": form,
        "tiles": tiles,
        "places": Places(reader(request), str(form["area"].value() or "")),
        "is_preview": is_preview,
        "others": others,
        "kept_count": len(draft.get("files", [])),
        "is_back": bool(draft.get("typed")) and request.method != "POST" and reader(request) is not None,
        "steps": [
            {"label": _("Tell"), "state": "now"},
            {"label": _("Number"), "state": ""},
            {"label": _("Settled"), "state": ""},
        ],
    }
    return render(request, "tickets/new.html", context)
