"""Activities that took place without online registration: written down afterwards, with names and evidence."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet, Sum
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
from linlingtong.accounts.signed_in import caller
from linlingtong.activities.actions import recording
from linlingtong.activities.models import OfflineRecord, Participant, Rating
from linlingtong.activities.reasons import reason_words
from linlingtong.activities.record_forms import EvidenceForm, NamesForm, RecordForm
from linlingtong.areas.models import Area
from linlingtong.core.dates import hours_words, span_words
from linlingtong.core.refusal import Refusal
from linlingtong.core.time import local
from linlingtong.photos.reading import photos_by_subject

PEOPLE_PER_PAGE = 100


def areas_of(request: HttpRequest) -> QuerySet[Area]:
    return Area.objects.active().within(scope_of(request)).in_order()


@admin.register(OfflineRecord)
class OfflineRecordAdmin(ScopedAdmin[OfflineRecord]):
    """What was written down afterwards: who, evidence, names. Everything is written by verbs."""

    path_field = "area_path"
    list_display = ("name", "when", "people", "hours", "recorded_by")
    list_display_links = ("name",)
    list_select_related = ("session__activity__area", "recorded_by")
    list_per_page = 50
    search_fields = ("session__activity__title",)
    ordering = ("-session__starts_at", "-pk")
    change_list_template = "admin/activities/record_list.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[OfflineRecord]:
        return (
            super()
            .get_queryset(request)
            .annotate(
                number=Count("session__participants"),
                linked=Count("session__participants", filter=Q(session__participants__resident__isnull=False)),
                minutes=Sum("session__participants__minutes"),
            )
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(scope_of(request))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        title = _("Activities recorded afterwards")
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    @admin.display(description=gettext_lazy("activity"), ordering="session__activity__title")
    def name(self, record: OfflineRecord) -> SafeString:
        activity = record.session.activity
        words = activity.title, activity.area.name, activity.get_kind_display()
        return format_html('{}<br><small class="quiet">{} · {}</small>', *words)

    @admin.display(description=gettext_lazy("day"), ordering="session__starts_at")
    def when(self, record: OfflineRecord) -> SafeString:
        return format_html('<span class="nowrap">{}</span>', f"{local(record.session.starts_at):%Y-%m-%d}")

    @admin.display(description=gettext_lazy("people"))
    def people(self, record: Any) -> SafeString:
        known = _("%(number)d with an account") % {"number": record.linked}
        return format_html('{}<br><small class="quiet nowrap">{}</small>', record.number, known)

    @admin.display(description=gettext_lazy("hours"))
    def hours(self, record: Any) -> str:
        return hours_words(record.minutes) if record.minutes else "—"

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",  # noqa: ARG002 - Django's signature
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = RecordForm(request.POST or None, request.FILES or None, areas=areas_of(request), by=caller(request))
        if request.method == "POST" and form.is_valid():
            try:
                kept = recording.record(by=caller(request), **form.facts())
            except Refusal as refusal:
                form.add_error(None, refusal.detail)
            else:
                messages.success(request, _("Written down. A colleague approves the hours."))
                return redirect("admin:activities_offlinerecord_change", kept.pk)
        title = _("Write down an activity")
        return self.page(request, "record_form", title, {"form": form, "button": _("Write down")})

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",  # noqa: ARG002 - Django's signature
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002
    ) -> HttpResponse:
        record = self.get_object(request, object_id)
        is_evidence = request.POST.get("what") == "evidence"
        evidence = EvidenceForm(
            request.POST if is_evidence else None,
            request.FILES if is_evidence else None,
            by=caller(request),
            initial={"evidence": record.evidence},
        )
        names = NamesForm(request.POST if request.POST.get("what") == "names" else None)
        form: Any = evidence if is_evidence else names
        if request.method == "POST" and form.is_valid():
            try:
                self.write(request, record, form)
            except Refusal as refusal:
                form.add_error(None, refusal.detail)
            else:
                return redirect("admin:activities_offlinerecord_change", record.pk)
        return self.page(request, "record", str(record), self.told(request, record, evidence, names))

    def write(self, request: HttpRequest, record: OfflineRecord, form: Any) -> None:
        given = form.cleaned_data
        if isinstance(form, EvidenceForm):
            recording.add_evidence(record.pk, by=caller(request), **given)
            messages.success(request, _("The evidence is kept."))
            return
        added = len(
            recording.add_names(record.session_id, given["names"], minutes=given["minutes"], by=caller(request))
        )
        words = ngettext("%(number)d person is on the list now.", "%(number)d people are on the list now.", added)
        messages.success(request, words % {"number": added})

    def told(
        self, request: HttpRequest, record: OfflineRecord, evidence: EvidenceForm, names: NamesForm
    ) -> dict[str, Any]:
        session = record.session
        people = session.participants.select_related("resident").order_by("pk")
        page = Paginator(people, PEOPLE_PER_PAGE).get_page(request.GET.get("page"))
        return {
            "record": record,
            "when": span_words(session.starts_at, session.ends_at),
            "photos": photos_by_subject(recording.SUBJECT, [record.pk])[record.pk],
            "evidence": evidence,
            "names": names,
            "people": page,
            "remarks": [(one, reason_words(one.remark, {})) for one in page],
            "total": page.paginator.count,
            "minutes": people.aggregate(all=Sum("minutes"))["all"] or 0,
            "rated": Rating.objects.filter(activity=session.activity_id).count(),
        }

    def page(self, request: HttpRequest, template: str, title: str, context: dict[str, Any]) -> HttpResponse:
        base = {**self.admin_site.each_context(request), "opts": self.opts, "title": title}
        return TemplateResponse(request, f"admin/activities/{template}.html", base | context)

    def get_urls(self) -> list[URLPattern]:
        strike = self.admin_site.admin_view(self.strike_view)
        own = path("<int:pk>/people/<int:person>/strike/", strike, name="activities_offlinerecord_strike")
        return [own, *super().get_urls()]

    def strike_view(self, request: HttpRequest, pk: int, person: int) -> HttpResponse:
        record = self.get_queryset(request).filter(pk=pk).first()
        found = record and Participant.objects.filter(pk=person, session=record.session_id).first()
        if not found:
            raise Http404
        back = reverse("admin:activities_offlinerecord_change", args=[pk])
        if request.method == "POST":

            def verb() -> str:
                recording.strike(found.pk, by=caller(request))
                return _("Taken off the list.")

            return attempt(request, verb, back)
        explained = _("Hours that were credited are reversed, visibly for the person.")
        title = _("Take %(name)s off the list?") % {"name": found.name}
        return ask(self, request, Asked(title, _("Take off"), back, explained, is_grave=True))


@admin.register(Rating)
class RatingAdmin(ScopedAdmin[Rating]):
    """What people thought of activities; nobody changes it."""

    path_field = "activity__area_path"
    list_display = ("shown", "activity", "text", "created_at")
    list_display_links = None
    list_filter = ("stars",)
    list_select_related = ("activity",)
    search_fields = ("activity__title",)
    ordering = ("-pk",)
    fields: ClassVar[Any] = ("shown", "activity", "text", "created_at")
    readonly_fields = fields

    @admin.display(description=gettext_lazy("stars"), ordering="stars")
    def shown(self, rating: Rating) -> SafeString:
        words = _("%(stars)d of 5") % {"stars": rating.stars}
        full, empty = "★" * rating.stars, "☆" * (5 - rating.stars)
        return format_html('<span class="nowrap" role="img" aria-label="{}">{}{}</span>', words, full, empty)
