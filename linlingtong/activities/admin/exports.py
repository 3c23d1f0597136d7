"""Lists that leave the house: asked for on a page, remembered for good."""

from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from linlingtong.accounts.admin.scoped import ScopedAdmin, scope_of
from linlingtong.accounts.signed_in import caller
from linlingtong.accounts.staff_session import has_just_signed_in, sign_in_again
from linlingtong.activities.actions.exporting import Export, export_records, export_roster
from linlingtong.activities.admin.imports import session_asked_for
from linlingtong.activities.admin.records import areas_of
from linlingtong.activities.models import RosterExport, Session
from linlingtong.activities.permissions import may_see_phones
from linlingtong.activities.record_forms import ExportForm
from linlingtong.core.refusal import Refusal
from linlingtong.core.time import today

KEPT = ("area", "reason", "with_phones", "format")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@admin.register(RosterExport)
class RosterExportAdmin(ScopedAdmin[RosterExport]):
    """Who took which list, and why; a new one is an export."""

    path_field = "area_path"
    list_display = ("what", "session", "rows", "has_phones", "reason", "by", "at")
    list_display_links = None
    list_filter = ("what", "has_phones")
    list_select_related = ("session__activity", "by")
    ordering = ("-pk",)
    fields: ClassVar[Any] = ("what", "session", "rows", "has_phones", "reason", "by", "at")
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(scope_of(request))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return super().changelist_view(request, {"title": _("Exports of lists"), **(extra_context or {})})

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",  # noqa: ARG002 - Django's signature
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002
    ) -> Any:
        if not self.has_add_permission(request):
            raise PermissionDenied
        session = session_asked_for(request)
        paths = [session.activity.area_path] if session else scope_of(request)
        form = ExportForm(
            request.POST or None,
            initial={name: request.GET[name] for name in KEPT if name in request.GET},
            areas=areas_of(request),
            is_for_session=session is not None,
            may_see_phones=any(may_see_phones(caller(request), one) for one in paths),
        )
        if request.method == "POST" and form.is_valid():
            takes_phones = form.cleaned_data.get("with_phones") and form.cleaned_data["reason"]
            if takes_phones and not has_just_signed_in(request):
                return self.proven_first(request, form, session)
            try:
                return sent(self.export(request, form, session), form.cleaned_data["format"])
            except Refusal as refusal:
                form.add_error("reason", refusal.detail)
        title = _("Export: %(name)s") % {"name": session.activity} if session else _("Export participations")
        words = _("Numbers are masked. What you take is noted with your name.")
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "title": title, "form": form,
            "explained": words, "button": _("Export"), "session": session, "is_download": True,
        }  # fmt: skip
        return TemplateResponse(request, "admin/activities/record_form.html", context)

    def proven_first(self, request: HttpRequest, form: ExportForm, session: Session | None) -> HttpResponse:
        """An open screen is no key to the phone book: sign in again, and find what was typed."""
        kept = {name: form.data[name] for name in KEPT if form.data.get(name)}
        query = urlencode(({"session": session.pk} if session else {}) | kept)
        words = _("Whole phone numbers leave the house: sign in again first. What you typed is kept.")
        return sign_in_again(request, words, f"{request.path}?{query}")

    def export(self, request: HttpRequest, form: ExportForm, session: Session | None) -> Export:
        given = form.cleaned_data
        wish = {"reason": given["reason"], "with_phones": given.get("with_phones", False), "by": caller(request)}
        return export_roster(session.pk, **wish) if session else export_records(given["area"].path, **wish)


def sent(export: Export, file_format: str) -> HttpResponse | StreamingHttpResponse | FileResponse:
    """The file, row by row."""
    name = f"{export.name}-{today():%Y%m%d}"
    if file_format == ExportForm.Format.CSV:
        answer = StreamingHttpResponse(export.csv(), content_type="text/csv; charset=utf-8")
        answer.headers["Content-Disposition"] = content_disposition_header(True, f"{name}.csv") or "attachment"
        return answer
    return FileResponse(export.xlsx(), as_attachment=True, filename=f"{name}.xlsx", content_type=XLSX)
