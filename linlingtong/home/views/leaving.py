from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from linlingtong.accounts.models import User
from linlingtong.core.posting import posted_from
from linlingtong.core.refusal import Refusal
from linlingtong.core.time import local
from linlingtong.home.actions import ask_for_export, ask_to_leave, stay
from linlingtong.home.models import DataExport, Erasure


@login_required
@never_cache
@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """A copy of everything that is kept, and leaving for good."""
    me = cast("User", request.user)
    export = DataExport.objects.filter(resident=me).defer("archive").first()
    if export and export.kept_until and export.kept_until < timezone.now():
        export = None
    context = {
        "export": export,
        "file_url": export.link() if export and export.ready_at else "",
        "erasure": Erasure.objects.filter(resident=me).first(),
        "days": Erasure.TIME_TO_THINK.days,
    }
    return render(request, "home/leaving.html", context)


@posted_from("home:leaving")
@login_required
def export(request: HttpRequest) -> HttpResponse:
    me = cast("User", request.user)
    ask_for_export(me, by=me)
    messages.success(request, _("Your copy is being put together. It is ready in a minute or two."))
    return redirect("home:leaving")


@never_cache
@require_GET
def export_file(_request: HttpRequest, token: str) -> HttpResponse:
    """The ZIP behind a link of the last hour; the link itself is the key."""
    found = DataExport.objects.behind(token)
    if found is None or found.archive is None:
        raise Http404
    name = f"linlingtong-{local(found.asked_at):%Y-%m-%d}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(bytes(found.archive), content_type="application/zip", headers=headers)


@posted_from("home:leaving")
@login_required
def leave(request: HttpRequest) -> HttpResponse:
    me = cast("User", request.user)
    try:
        ask_to_leave(me, by=me)
    except Refusal as refusal:
        messages.warning(request, refusal.detail)
    return redirect(reverse("home:leaving") + "#leaving")


@posted_from("home:leaving")
@login_required
def keep(request: HttpRequest) -> HttpResponse:
    me = cast("User", request.user)
    if stay(me, by=me):
        messages.success(request, _("Good that you stay. Nothing was deleted."))
    return redirect("home:leaving")
