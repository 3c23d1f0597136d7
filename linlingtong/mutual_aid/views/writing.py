from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from linlingtong.accounts.models import User
from linlingtong.accounts.permissions import scope_for
from linlingtong.accounts.signed_in import reader
from linlingtong.core.refusal import Refusal
from linlingtong.core.time import local
from linlingtong.mutual_aid import actions
from linlingtong.mutual_aid.forms import HelpForm
from linlingtong.mutual_aid.models import HelpPost
from linlingtong.mutual_aid.models.post import LOOKING_AFTER
from linlingtong.mutual_aid.permissions import is_asker
from linlingtong.mutual_aid.views.browsing import readable

Type = HelpPost.Type
FIELD_OF = {
    "phone_in_text": "text", "over_budget": "budget_cap", "surname_missing": "surname", "area_unfit": "area",
    "in_the_past": "needed_on",
}  # fmt: skip
DRAFTS = "drafts"


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Say what is needed. Signed out it can be filled in too: signing in comes last and keeps everything."""
    me, type_ = reader(request), _type(request)
    if request.method == "POST" and me is None:
        return _sign_in_first(request)
    form = _form(request, me, type_, _initial(request, me))
    if request.method == "POST" and me is not None and form.is_valid():
        sends = request.POST.get("way") != "draft"
        if (post := _written(form, me, sends=sends)) is not None:
            request.session.pop(DRAFTS, None)
            messages.success(request, _said(post))
            return redirect("mutual_aid:detail", pk=post.pk)
    return _page(request, form, type_)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Other words, as long as nobody has claimed it."""
    me, post = reader(request), readable(request, pk)
    if me is None or not is_asker(me, post):
        raise Http404
    form = _form(request, me, post.type, _of(post))
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_post(pk, form.draft, by=me, photos=form.cleaned_data["photos"])
        except Refusal as refusal:
            _refuse(form, refusal)
        except PermissionDenied:
            form.add_error("area", _("You can write for neighbours of your own area only."))
        else:
            messages.success(request, _("Changed."))
            return redirect("mutual_aid:detail", pk=pk)
    return _page(request, form, post.type, post)


def _type(request: HttpRequest) -> str:
    type_ = request.POST.get("type") or request.GET.get("type", "")
    return type_ if type_ in Type.values else Type.WISH.value


def _form(request: HttpRequest, me: User | None, type_: str, initial: dict[str, Any]) -> HelpForm:
    facts: dict[str, Any] = {
        "by": me,
        "type_": type_,
        "may_post_for_others": me is not None and bool(scope_for(me, LOOKING_AFTER)),
    }
    if request.method == "POST":
        return HelpForm(request.POST, request.FILES, **facts)
    return HelpForm(initial=initial, **facts)


def _initial(request: HttpRequest, me: User | None) -> dict[str, Any]:
    kept = request.session.get(DRAFTS, {}).get(request.path, {})
    home = me.home_area if me else None
    known = {"area": home.pk} if home and home.parent_id else {}
    return {"helpers_needed": 1, **known, **kept}


def _of(post: HelpPost) -> dict[str, Any]:
    names = ("title", "kind", "text", "item_size", "budget_cap", "door", "minutes", "helpers_needed", "lets_choose",
             "is_on_behalf", "surname", "person")  # fmt: skip
    found = {name: getattr(post, name) for name in names}
    moment = local(post.needed_at) if post.needed_at else None
    return found | {
        "area": post.area_id,
        "is_urgent": post.urgency == HelpPost.Urgency.URGENT,
        "needed_on": moment and moment.date(),
        "needed_time": moment and moment.time(),
    }


def _written(form: HelpForm, me: User, *, sends: bool) -> HelpPost | None:
    try:
        return actions.post_help(form.draft, by=me, photos=form.cleaned_data["photos"], sends=sends)
    except Refusal as refusal:
        _refuse(form, refusal)
    except PermissionDenied:
        form.add_error("area", _("You can write for neighbours of your own area only."))
    return None


def _refuse(form: HelpForm, refusal: Refusal) -> None:
    field = FIELD_OF.get(refusal.code)
    form.add_error(field if field in form.fields else None, refusal.detail)


def _said(post: HelpPost) -> str:
    if post.state == HelpPost.State.DRAFT:
        return _("Kept for you. Send it when you are ready.")
    if post.state == HelpPost.State.PENDING_REVIEW:
        return _("The community desk looks at it, usually within a day. We tell you.")
    if not post.is_visible:
        return _("Somebody looks at your first posts before neighbours see them. We tell you.")
    return _("It is open. We tell you when a neighbour answers.")


def _sign_in_first(request: HttpRequest) -> HttpResponse:
    """Keep what was typed for the moment after signing in."""
    left_out = {"csrfmiddlewaretoken", "photos_kept", "door"}
    typed = {name: value for name, value in request.POST.items() if name not in left_out}
    request.session[DRAFTS] = request.session.get(DRAFTS, {}) | {request.path: typed}
    return redirect_to_login(f"{request.path}?type={_type(request)}")


def _page(request: HttpRequest, form: HelpForm, type_: str, post: HelpPost | None = None) -> HttpResponse:
    titles = {Type.WISH: _("Tell a wish"), Type.REQUEST: _("Ask for help"), Type.OFFER: _("Offer help")}
    buttons = {Type.WISH: _("Send it to the desk"), Type.REQUEST: _("Ask the neighbours"), Type.OFFER: _("Offer it")}
    tabs = [{"value": t.value, "label": titles[t], "is_current": t == type_} for t in titles]
    context = {
        "form": form,
        "type": type_,
        "tabs": [] if post else tabs,
        "title": _("Change") if post else titles[Type(type_)],
        "button": _("Keep the changes") if post else buttons[Type(type_)],
        "post": post,
    }
    return render(request, "mutual_aid/write.html", context)
