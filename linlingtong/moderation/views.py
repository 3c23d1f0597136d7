from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from linlingtong.accounts.signed_in import caller
from linlingtong.core.refusal import Refusal
from linlingtong.core.subject import Subject, subject_of
from linlingtong.moderation.actions import appeal, report
from linlingtong.moderation.forms import AppealForm, ReportForm
from linlingtong.moderation.models import Case
from linlingtong.photos.reading import photos_by_subject

PAGE = 50
TONES = {
    Case.State.CLEAR: ("open", "circle-check"),
    Case.State.PASSED: ("open", "circle-check"),
    Case.State.WAITING: ("pending", "eye"),
    Case.State.APPEALED: ("pending", "eye"),
    Case.State.RETURNED: ("few", "edit"),
    Case.State.HIDDEN: ("off", "ban"),
}


@dataclass(frozen=True)
class OwnCase:
    """A case as its author sees it: what it is about, where it stands, and in words for them."""

    row: Case
    name: str
    url: str
    badge: dict[str, str]

    @classmethod
    def of(cls, row: Case) -> "OwnCase":
        subject = subject_of(row.kind)
        tone, icon = TONES[Case.State(row.state)]
        label = _("published") if row.is_visible else str(row.get_state_display())
        badge = {"tone": "open", "icon": "circle-check"} if row.is_visible else {"tone": tone, "icon": icon}
        url = subject.url(row.object_id) if subject else ""
        return cls(row, str(subject.name if subject else row.kind), url, badge | {"label": label})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def report_something(request: HttpRequest, kind: str, object_id: int) -> HttpResponse:
    """Tell staff that something should be looked at."""
    me, subject = caller(request), subject_of(kind)
    if subject is None or not subject.may_see(object_id, me):
        raise Http404
    form = ReportForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        return _report(request, form, subject, object_id)
    return _ask(request, form, subject, object_id)


def _report(request: HttpRequest, form: ReportForm, subject: Subject, object_id: int) -> HttpResponse:
    try:
        reported = report(subject.kind, object_id, by=caller(request), **form.cleaned_data)
    except Case.DoesNotExist as missing:
        raise Http404 from missing
    except Refusal as refusal:
        form.add_error(None, refusal.detail)
        return _ask(request, form, subject, object_id)
    may_still_see = subject.may_see(object_id, caller(request))
    page = {"back": subject.url(object_id) if may_still_see else "/", "reported": reported}
    return render(request, "moderation/reported.html", page)


def _ask(request: HttpRequest, form: ReportForm, subject: Subject, object_id: int) -> HttpResponse:
    page = {"form": form, "name": subject.name, "back": subject.url(object_id)}
    return render(request, "moderation/report.html", page)


@login_required
@require_safe
def own_cases(request: HttpRequest) -> HttpResponse:
    """What one wrote and staff looked at, are looking at or will look at."""
    lines = [OwnCase.of(row) for row in Case.objects.reviewed_of(caller(request))[:PAGE]]
    return render(request, "moderation/mine.html", {"lines": lines})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def own_case(request: HttpRequest, case_id: int) -> HttpResponse:
    """One text of one's own: why it is not shown, and the appeal."""
    mine = Case.objects.by_author(caller(request)).exclude(state=Case.State.GONE)
    case = get_object_or_404(mine, pk=case_id)
    form = AppealForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            appeal(case.pk, form.cleaned_data["text"], by=caller(request))
        except Refusal as refusal:
            form.add_error(None, refusal.detail)
        else:
            messages.success(request, _("Sent. Somebody else decides this time, and you hear from us."))
            return redirect("moderation:case", case.pk)
    photos = photos_by_subject(case.kind, [case.object_id])[case.object_id]
    page = {"case": OwnCase.of(case), "form": form, "may_appeal": case.may_be_appealed, "photos": photos}
    return render(request, "moderation/case.html", page)
