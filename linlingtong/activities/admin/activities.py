from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from linlingtong.accounts.admin.areas import MANAGERS
from linlingtong.accounts.admin.people import who
from linlingtong.accounts.admin.scoped import ScopedAdmin, scope_of
from linlingtong.accounts.permissions import in_scope
from linlingtong.activities import actions
from linlingtong.activities.admin.asking import NothingToAsk, ReasonForm, ask, attempt
from linlingtong.activities.models import Activity, Question, Session
from linlingtong.core.dates import span_words

HELP = {
    "title": gettext_lazy("Short and concrete, for example: Clean up the riverside wetland."),
    "summary": gettext_lazy("One line for the list, for example: We pick up what lies on the bank."),
    "body": gettext_lazy("What happens, in what order, and for whom it is."),
    "bring": gettext_lazy("For example: long trousers, a water bottle. Gloves are there."),
    "slug": gettext_lazy("Letters, digits and hyphens, for example: wetland-2026. Leave it if you are not sure."),
    "place": gettext_lazy("For example: wetland, north entrance."),
    "address": gettext_lazy("For example: Yanjiang Avenue, north end."),
    "meeting_point": gettext_lazy("For example: car park, look for the blue flag."),
    "contact_name": gettext_lazy("Who answers questions, for example: Ms Wang."),
    "contact_phone": gettext_lazy("A landline is public; a mobile number is shown to those who come, a day before."),
    "leader": gettext_lazy("The person who leads on the day."),
    "opens_at": gettext_lazy("Empty: as soon as it is published."),
    "closes_at": gettext_lazy("Empty: until the start."),
    "minimum_age": gettext_lazy("For example: 16. Empty: everybody."),
    "longest_queue": gettext_lazy("For example: 20. Empty: no limit."),
    "eligible_area": gettext_lazy("Empty: residents of every community."),
    "risks": gettext_lazy("For example: slippery bank; leave when the siren sounds."),
    "protection": gettext_lazy("For example: first-aid kit, the leader stays with the group."),
    "insurance": gettext_lazy("For example: volunteer accident insurance of the community."),
    "credited_minutes": gettext_lazy("For example: 150. Empty: the length of the session."),
}
PLACE = ("place", "address", "meeting_point", "contact_name", "contact_phone")
TONES = {"draft": "neutral", "published": "open", "cancelled": "off", "finished": "neutral"}


class SessionInline(admin.TabularInline[Session, Activity]):
    """New sessions; those that people know already change on a page of their own, which says who is told."""

    model = Session
    extra = 0
    fields = ("role", "starts_at", "ends_at", "capacity", "is_unlimited", "minimum_needed", "more")
    readonly_fields = ("more",)
    ordering = ("starts_at", "pk")

    def has_add_permission(self, request: HttpRequest, obj: Activity | None = None) -> bool:
        return manages(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Activity | None = None) -> bool:
        return manages(request, obj) and (obj is None or obj.status == Activity.Status.DRAFT)

    def has_view_permission(self, request: HttpRequest, obj: Activity | None = None) -> bool:  # noqa: ARG002
        return bool(scope_of(request))

    def has_delete_permission(self, request: HttpRequest, obj: Activity | None = None) -> bool:
        return self.has_change_permission(request, obj)

    @admin.display(description=gettext_lazy("people"))
    def more(self, session: Session) -> SafeString | str:
        if session.pk is None:
            return "—"
        roster = reverse("admin:activities_registration_changelist") + f"?session__id__exact={session.pk}"
        change = reverse("admin:activities_session_change", args=[session.pk])
        return format_html('<a href="{}">{}</a> · <a href="{}">{}</a>', roster, _("roster"), change, _("change"))


class QuestionInline(admin.TabularInline[Question, Activity]):
    model = Question
    extra = 0
    fields = ("text", "kind", "choices", "is_required", "position")

    def has_add_permission(self, request: HttpRequest, obj: Activity | None = None) -> bool:
        return manages(request, obj)

    has_change_permission = has_delete_permission = has_add_permission

    def has_view_permission(self, request: HttpRequest, obj: Activity | None = None) -> bool:  # noqa: ARG002
        return bool(scope_of(request))


def manages(request: HttpRequest, activity: Activity | None) -> bool:
    scope = scope_of(request, MANAGERS)
    return in_scope(activity.area_path, scope) if activity is not None and activity.pk else bool(scope)


@admin.register(Activity)
class ActivityAdmin(ScopedAdmin[Activity]):
    """Activities of one's own areas: planned here, published, copied and cancelled by verbs."""

    path_field = "area_path"
    inlines = (SessionInline, QuestionInline)
    list_display = ("name", "when", "places", "badge")
    list_display_links = ("name",)
    list_filter = ("status", "kind", "channel")
    list_per_page = 50
    date_hierarchy = "starts_at"
    ordering = ("-starts_at", "-pk")
    search_fields = ("title",)
    autocomplete_fields = ("host", "eligible_organization")
    raw_id_fields = ("leader",)
    change_form_template = "admin/activities/activity_form.html"
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("title", "summary", "body", "bring", "kind", "channel", "cover", "slug")}),
        (gettext_lazy("Who and where"), {"fields": ("area", "host", "leader", *PLACE, ("latitude", "longitude"))}),
        (
            gettext_lazy("Registration"),
            {
                "fields": (
                    ("opens_at", "closes_at"), "cancel_hours", "needs_approval", "minimum_age", "eligible_area",
                    "eligible_organization", "needs_confirmed_membership", "largest_party", "longest_queue",
                )
            },
        ),
        (
            gettext_lazy("Safety and hours"),
            {
                "fields": ("risks", "protection", "insurance", "credited_minutes"),
                "description": gettext_lazy("Without these a volunteer activity cannot be published."),
            },
        ),
    )  # fmt: skip

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in HELP:
            kwargs["help_text"] = HELP[db_field.name]
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Activity]:
        sessions = Prefetch("sessions", Session.objects.order_by("starts_at", "pk"))
        return super().get_queryset(request).select_related("area").prefetch_related(sessions)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(scope_of(request, MANAGERS))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return manages(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only what nobody ever saw; everything else is cancelled with a reason."""
        return obj is not None and obj.status == Activity.Status.DRAFT and manages(request, obj)

    def delete_model(self, request: HttpRequest, obj: Activity) -> None:
        actions.delete_activity(obj.pk, by=who(request))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Activity], search_term: str
    ) -> tuple[QuerySet[Activity], bool]:
        return (queryset.matching(search_term), False) if search_term.strip() else (queryset, False)  # type: ignore[attr-defined]

    def save_model(self, request: HttpRequest, obj: Activity, form: Any, change: bool) -> None:
        """What residents rely on (place, contact) goes through the verb that tells them; the rest is plain facts."""
        moved = {name: form.cleaned_data[name] for name in PLACE if name in form.changed_data}
        if change and moved and obj.status == Activity.Status.PUBLISHED:
            actions.change_place(obj.pk, by=who(request), **moved)
        obj.area_path = obj.area.path
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Iterable[Any], change: bool) -> None:
        super().save_related(request, form, formsets, change)
        actions.settle_dates(form.instance.pk)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return super().changelist_view(request, {"title": _("Activities"), **(extra_context or {})})

    def get_urls(self) -> list[URLPattern]:
        pages = {"publish": self.publish_view, "copy": self.copy_view, "cancel": self.cancel_view}
        own = [
            path(f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"activities_activity_{name}")
            for name, view in pages.items()
        ]
        return own + super().get_urls()

    def one(self, request: HttpRequest, pk: int) -> Activity:
        found = self.get_queryset(request).filter(pk=pk).first()
        if found is None or not manages(request, found):
            raise Http404
        return found

    def publish_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        activity = self.one(request, pk)

        def verb() -> str:
            actions.publish(activity.pk, by=who(request))
            return _("Published: everybody sees it now.")

        explained = _("Everybody sees the activity and can register.")
        return self.confirmed(request, activity, verb, title=_("Publish"), explained=explained)

    def copy_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        activity = self.one(request, pk)
        if request.method != "POST":
            explained = _("A draft like this one, a week or more later, without registrations.")
            return self.asking(request, activity, NothingToAsk(), title=_("Copy"), explained=explained)
        made = actions.copy(activity.pk, by=who(request))
        return attempt(request, lambda: _("A draft for next week: check it, then publish."), self.url_of(made))

    def cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        activity = self.one(request, pk)
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():

            def verb() -> str:
                told = actions.cancel_activity(activity.pk, by=who(request), reason=form.cleaned_data["reason"])
                return ngettext(
                    "Cancelled; %(number)d person is told.", "Cancelled; %(number)d people are told.", told
                ) % {"number": told}

            return attempt(request, verb, self.url_of(activity))
        number = self.concerned(activity)
        explained = ngettext("%(number)d person is told at once.", "%(number)d people are told at once.", number) % {
            "number": number
        }
        return self.asking(request, activity, form, title=_("Cancel the activity"), explained=explained)

    def concerned(self, activity: Activity) -> int:
        return sum(s.taken + s.held + s.waiting + s.pending for s in activity.sessions.all() if not s.cancelled_at)

    def confirmed(
        self, request: HttpRequest, activity: Activity, verb: Callable[[], str], *, title: str, explained: str
    ) -> HttpResponse:
        if request.method == "POST":
            return attempt(request, verb, self.url_of(activity))
        return self.asking(request, activity, NothingToAsk(), title=title, explained=explained)

    def asking(
        self, request: HttpRequest, activity: Activity, form: Any, *, title: str, explained: str
    ) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "opts": self.opts, "back": self.url_of(activity)}
        return ask(
            request, context, form=form, title=f"{title}: {activity}", explained=explained, button=title
        )  # fmt: skip

    def url_of(self, activity: Activity) -> str:
        return reverse("admin:activities_activity_change", args=[activity.pk])

    @admin.display(description=gettext_lazy("activity"), ordering="title")
    def name(self, activity: Activity) -> SafeString:
        kind = activity.get_kind_display()
        return format_html('{}<br><small class="quiet">{} · {}</small>', activity.title, activity.area.name, kind)

    @admin.display(description=gettext_lazy("time"), ordering="starts_at")
    def when(self, activity: Activity) -> str:
        sessions = list(activity.sessions.all())
        return span_words(sessions[0].starts_at, sessions[0].ends_at) if sessions else _("no session yet")

    @admin.display(description=gettext_lazy("places"))
    def places(self, activity: Activity) -> SafeString:
        sessions = [s for s in activity.sessions.all() if not s.cancelled_at]
        is_open = any(s.capacity is None for s in sessions)
        gauge: dict[str, Any] = {
            "confirmed": sum(s.taken for s in sessions),
            "held": sum(s.held for s in sessions),
            "capacity": None if is_open else sum(s.capacity or 0 for s in sessions),
            "minimum": 0,
        }
        limit = _("without limit") if is_open else gauge["capacity"]
        gauge["label"] = f"{gauge['confirmed']} / {limit}"
        return SafeString(render_to_string("components/gauge.html", {"gauge": gauge}))

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def badge(self, activity: Activity) -> SafeString:
        tone = TONES[activity.status]
        return format_html('<span class="bdg bdg-{}">{}</span>', tone, activity.get_status_display())
