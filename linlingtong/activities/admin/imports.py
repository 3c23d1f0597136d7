"""Sheets of names: uploaded, looked at line by line, then written or thrown away; the exports of lists."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from linlingtong.accounts.admin.asking import Asked, ask, attempt
from linlingtong.accounts.admin.scoped import ScopedAdmin, scope_of
from linlingtong.accounts.permissions import in_scope
from linlingtong.accounts.signed_in import caller
from linlingtong.activities.actions import importing
from linlingtong.activities.actions.understanding import Given
from linlingtong.activities.admin.records import areas_of
from linlingtong.activities.models import ImportBatch, ImportRow, Session
from linlingtong.activities.reasons import all_words, reason_words
from linlingtong.activities.record_forms import UploadForm
from linlingtong.core.refusal import Refusal

ROWS_PER_PAGE = 100
ALWAYS = (ImportRow.Outcome.NEW, ImportRow.Outcome.UNLINKED, ImportRow.Outcome.KNOWN, ImportRow.Outcome.REFUSED)
Outcome, State = ImportRow.Outcome, ImportBatch.State
TONES = {
    State.CHECKING: "pending", State.CHECKED: "few", State.APPLYING: "pending", State.APPLIED: "done",
    State.UNDOING: "pending", State.UNDONE: "off",
}  # fmt: skip
ROW_TONES = {
    Outcome.NEW: "done", Outcome.UNLINKED: "open", Outcome.KNOWN: "neutral", Outcome.REFUSED: "off",
    Outcome.LEFT_OUT: "neutral", Outcome.UNDONE: "off",
}  # fmt: skip


def session_asked_for(request: HttpRequest) -> Session | None:
    """The session that the address names; one of another area is not there."""
    wanted = request.GET.get("session", "")
    if not wanted:
        return None
    key = int(wanted) if wanted.isdecimal() and len(wanted) < 19 else 0
    found = Session.objects.select_related("activity__area").filter(pk=key).first()
    if found is None or not in_scope(found.activity.area_path, scope_of(request)):
        raise Http404
    return found


@admin.register(ImportBatch)
class ImportBatchAdmin(ScopedAdmin[ImportBatch]):
    """Sheets that were uploaded in one's own areas."""

    path_field = "area_path"
    list_display = ("shown", "rows_total", "badge", "by", "created_at")
    list_display_links = ("shown",)
    list_filter = ("state",)
    list_select_related = ("area", "by")
    list_per_page = 50
    ordering = ("-pk",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(scope_of(request))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return super().changelist_view(request, {"title": _("Imported sheets"), **(extra_context or {})})

    @admin.display(description=gettext_lazy("file"), ordering="file_name")
    def shown(self, batch: ImportBatch) -> SafeString:
        return format_html('{}<br><small class="quiet">{}</small>', batch.file_name, batch.area.name)

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def badge(self, batch: ImportBatch) -> SafeString:
        tone = TONES[State(batch.state)]
        return format_html('<span class="bdg bdg-{}">{}</span>', tone, batch.get_state_display())

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",  # noqa: ARG002 - Django's signature
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        session = session_asked_for(request)
        form = UploadForm(
            request.POST or None, request.FILES or None, areas=areas_of(request), is_for_session=session is not None
        )
        if request.method == "POST" and form.is_valid():
            try:
                batch = self.upload(request, form, session)
            except Refusal as refusal:
                form.add_error("file", refusal.detail)
            else:
                return redirect("admin:activities_importbatch_change", batch.pk)
        title = _("Import a sheet of names")
        words = _("First you see line by line what would happen. Nothing is written yet.")
        context = {"form": form, "button": _("Check the sheet"), "explained": words, "session": session}
        return self.page(request, "record_form", title, context)

    def upload(self, request: HttpRequest, form: UploadForm, session: Session | None) -> ImportBatch:
        given = form.cleaned_data
        file = given["file"]
        said = Given(given.get("title", ""), given.get("day"), given.get("place", ""), given.get("minutes"))
        about = {} if session else {"kind": given["kind"]}
        return importing.upload(
            file,
            file.name,
            by=caller(request),
            area=session.activity.area if session else given["area"],
            evidence=given["evidence"],
            given=said,
            session=session,
            **about,
        )

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",  # noqa: ARG002 - Django's signature
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002
    ) -> HttpResponse:
        """Line by line what would happen, or has happened, and why."""
        batch = self.get_object(request, object_id)
        counts = dict(batch.rows.values_list("outcome").annotate(number=Count("pk")).order_by())
        wanted = request.GET.get("outcome", "")
        rows = batch.rows.order_by("number")
        if wanted in Outcome.values:
            rows = rows.filter(outcome=wanted)
        page = Paginator(rows, ROWS_PER_PAGE).get_page(request.GET.get("page"))
        twin = ImportBatch.objects.filter(digest=batch.digest, state=State.APPLIED).exclude(pk=batch.pk)
        twin = twin.filter(area_path__startswith=batch.area_path).order_by("pk")
        context = {
            "batch": batch,
            "tone": TONES[State(batch.state)],
            "cards": [
                (one, one.label, counts.get(one, 0), wanted == one)
                for one in Outcome
                if one in counts or one in ALWAYS
            ],
            "fresh": sum(counts.get(one, 0) for one in ImportRow.WRITTEN),
            "wanted": wanted if wanted in Outcome.values else "",
            "rows": [told(row) for row in page],
            "page": page,
            "twin": twin.first() if batch.state == State.CHECKED else None,
            "activities": rows_of_activities(batch),
            "percent": batch.rows_done * 100 // (batch.rows_total or 1),
        }
        return self.page(request, "import", batch.file_name, context)

    def page(self, request: HttpRequest, template: str, title: str, context: dict[str, Any]) -> HttpResponse:
        base = {**self.admin_site.each_context(request), "opts": self.opts, "title": title}
        return TemplateResponse(request, f"admin/activities/{template}.html", base | context)

    def get_urls(self) -> list[URLPattern]:
        pages = {"apply": self.apply_view, "undo": self.undo_view, "drop": self.drop_view}
        own = [
            path(f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"activities_importbatch_{name}")
            for name, view in pages.items()
        ]
        return own + super().get_urls()

    def one(self, request: HttpRequest, pk: int) -> ImportBatch:
        found = self.get_queryset(request).filter(pk=pk).first()
        if found is None:
            raise Http404
        return found

    def apply_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        batch = self.one(request, pk)
        back = reverse("admin:activities_importbatch_change", args=[pk])

        def verb() -> str:
            done = importing.apply_now(batch.pk, by=caller(request))
            return _("Written. A colleague approves the hours.") if not done.is_busy else _("Being written.")

        return attempt(request, verb, back) if request.method == "POST" else redirect(back)

    def undo_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        batch = self.one(request, pk)
        back = reverse("admin:activities_importbatch_change", args=[pk])
        if request.method == "POST":

            def verb() -> str:
                done = importing.undo_now(batch.pk, by=caller(request))
                left = done.participants.count()
                words = ngettext(
                    "Undone; %(number)d entry stays, because it was used since.",
                    "Undone; %(number)d entries stay, because they were used since.",
                    left,
                )
                if done.is_busy:
                    return _("Being undone.")
                return words % {"number": left} if left else _("Undone.")

            return attempt(request, verb, back)
        explained = _("Everybody on this sheet goes from the rosters. Credited hours are reversed in the ledger.")
        lines = [_("What has been claimed or rated since stays."), _("Activities that only this sheet knew go, too.")]
        asked = Asked(_("Undo %(name)s?") % {"name": batch}, _("Undo"), back, explained, lines, is_grave=True)
        return ask(self, request, asked)

    def drop_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        batch = self.one(request, pk)
        if request.method != "POST":
            return redirect("admin:activities_importbatch_change", pk)

        def verb() -> str:
            importing.drop(batch.pk, by=caller(request))
            return _("Thrown away; nothing was written.")

        return attempt(request, verb, reverse("admin:activities_importbatch_changelist"))


def told(row: ImportRow) -> dict[str, Any]:
    """A line with its badge and words."""
    return {
        "row": row,
        "tone": ROW_TONES.get(Outcome(row.outcome), "neutral") if row.outcome else "pending",
        "words": all_words(row.reason, row.facts),
        "note": reason_words(row.facts.get("note", ""), {}) if row.outcome in ImportRow.WRITTEN else "",
    }


def rows_of_activities(batch: ImportBatch) -> int:
    """How many activities the lines speak of that would be written."""
    rows: QuerySet[Any] = batch.rows.filter(outcome__in=ImportRow.WRITTEN)
    return rows.values("title", "starts_at__date").distinct().count()
