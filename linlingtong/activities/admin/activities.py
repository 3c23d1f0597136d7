from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from linlingtong.accounts.admin.areas import MANAGERS
from linlingtong.accounts.admin.asking import CONFIRMED, Asked, ReasonForm, ask, attempt, posted
from linlingtong.accounts.admin.scoped import ScopedAdmin, scope_of
from linlingtong.accounts.signed_in import caller
from linlingtong.activities import actions
from linlingtong.activities.admin.forms import HELP, MOMENTS, ActivityForm
from linlingtong.activities.admin.inlines import QuestionInline, SessionInline, manages
from linlingtong.activities.models import Activity, ChangeNotice, Registration, Session
from linlingtong.areas.models import Area
from linlingtong.audit.actions import acting
from linlingtong.core.dates import span_words
from linlingtong.core.refusal import Refusal

PLACE = ("place", "address", "meeting_point", "contact_name", "contact_phone")
TONES = {"draft": "neutral", "published": "open", "cancelled": "off", "finished": "neutral"}


class CommunityFilter(admin.SimpleListFilter):
    """Communities of one's own areas; with one or none there is nothing to choose."""

    title = gettext_lazy("community")
    parameter_name = "community"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's
        mine = Area.objects.communities().active().within(scope_of(request)).in_order()
        found = [(str(key), name) for key, name in mine.values_list("pk", "name")]
        return found if len(found) > 1 else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002 - Django's
        key = self.value()
        area = Area.objects.filter(pk=key).first() if key and key.isdecimal() else None
        return queryset.filter(area_path__startswith=area.path) if area else queryset


class ToldFilter(admin.SimpleListFilter):
    """What changed a moment ago: those who come are told within ten minutes."""

    title = gettext_lazy("change")
    parameter_name = "told"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's
        return [("soon", _("changed, told within ten minutes"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002 - Django's
        untold = ChangeNotice.objects.filter(told_at=None)
        return queryset.filter(pk__in=untold.values("session__activity")) if self.value() else queryset


def told_by(activity: Activity) -> QuerySet[Registration]:
    """Registrations whose people hear of it when the activity changes."""
    coming = activity.sessions.filter(cancelled_at=None, ends_at__gt=timezone.now())
    return Registration.objects.live().filter(session__in=coming)


def told_words(number: int) -> str:
    words = ngettext("%(number)d person is told by SMS.", "%(number)d people are told by SMS.", number)
    return words % {"number": number} if number else _("Nobody has registered yet, so nobody is told.")


@admin.register(Activity)
class ActivityAdmin(ScopedAdmin[Activity]):
    """Activities of one's own areas: planned here, published, copied and cancelled by verbs."""

    form = ActivityForm
    path_field = "area_path"
    inlines = (SessionInline, QuestionInline)
    list_display = ("name", "when", "places", "badge")
    list_display_links = ("name",)
    list_filter = ("status", "kind", CommunityFilter, ToldFilter)
    list_per_page = 50
    date_hierarchy = "starts_at"
    ordering = ("-starts_at", "-pk")
    search_fields = ("title",)
    raw_id_fields = ("leader",)
    formfield_overrides: ClassVar[Any] = MOMENTS
    readonly_fields = ("badge",)
    change_form_template = "admin/activities/activity_form.html"
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("badge", "title", "summary", "body", "bring", "kind", "channel", "cover", "slug")}),
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
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        for sign in ("can_add_related", "can_change_related", "can_delete_related", "can_view_related"):
            if field is not None and hasattr(field.widget, sign):
                setattr(field.widget, sign, False)
        return field

    def get_form(self, request: HttpRequest, obj: Activity | None = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.scope = scope_of(request, MANAGERS)
        return form

    def get_queryset(self, request: HttpRequest) -> QuerySet[Activity]:
        sessions = Prefetch("sessions", Session.objects.order_by("starts_at", "pk"))
        return super().get_queryset(request).select_related("area").prefetch_related(sessions)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(scope_of(request, MANAGERS))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return manages(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """One at a time: the verb refuses what somebody has registered for."""
        return obj is not None and manages(request, obj)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:  # noqa: ARG002 - Django's signature
        """Sessions and questions go with their activity, whoever may delete it."""
        slots = [slot for one in objs for slot in one.sessions.all()]
        names = [f"{slot} · {span_words(slot.starts_at, slot.ends_at)}" for slot in slots]
        return [*map(str, objs), names], {self.opts.verbose_name_plural: len(objs)}, set(), []

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        try:
            return super().delete_view(request, object_id, extra_context)
        except Refusal as refusal:
            messages.error(request, refusal.detail)
            return redirect("admin:activities_activity_change", object_id)

    def delete_model(self, request: HttpRequest, obj: Activity) -> None:
        actions.delete_activity(obj.pk, by=caller(request))

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002 - Django's signature
        queryset: QuerySet[Activity],
        search_term: str,
    ) -> tuple[QuerySet[Activity], bool]:
        return (queryset.matching(search_term), False) if search_term.strip() else (queryset, False)  # type: ignore[attr-defined]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        if request.method == "POST" and object_id and CONFIRMED not in request.POST:
            question = self.question(request, object_id)
            if question is not None:
                return question
        return super().changeform_view(request, object_id, form_url, extra_context)

    def question(self, request: HttpRequest, object_id: str) -> HttpResponse | None:
        """Before a new place or contact is told: to how many, and in which words."""
        activity = self.get_object(request, object_id)
        if activity.status != Activity.Status.PUBLISHED or not self.has_change_permission(request, activity):
            return None
        form = self.get_form(request, activity, change=True)(request.POST, instance=activity)
        moved = set(PLACE) & set(form.changed_data)
        if not moved or not form.is_valid():
            return None
        rows = told_by(Activity.objects.get(pk=activity.pk))
        number = rows.values("resident").distinct().count()
        first = rows.order_by("session__starts_at").values_list("session", flat=True).first()
        new = {name: form.cleaned_data[name] for name in moved}
        asked = Asked(
            title=_("Change %(name)s?") % {"name": activity},
            explained=told_words(number),
            sms=actions.change_preview(first, **new) if first else "",
            button=_("Change and tell them"),
            back=self.url_of(activity),
            kept=posted(request) | {CONFIRMED: ["1"]},
        )
        return ask(self, request, asked)

    def save_model(self, request: HttpRequest, obj: Activity, form: Any, change: bool) -> None:
        """What residents rely on (place, contact) goes through the verb that tells them; the rest is plain facts."""
        by, names = caller(request), set(form.changed_data)
        if not change:
            obj.area_path = obj.area.path
            with acting(by, "plan"):
                obj.save()
            return
        if obj.status == Activity.Status.PUBLISHED:
            moved = {name: form.cleaned_data[name] for name in PLACE if name in names}
            names -= moved.keys()
            actions.change_place(obj.pk, by=by, **moved)
        with acting(by, "edit"):
            obj.save(update_fields=[*names, "updated_at"])

    def save_related(self, request: HttpRequest, form: Any, formsets: Iterable[Any], change: bool) -> None:
        with acting(caller(request), "edit" if change else "plan"):
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
            actions.publish(activity.pk, by=caller(request))
            return _("Published: everybody sees it now.")

        explained = _("Everybody sees the activity and can register.")
        if activity.ends_at and activity.ends_at < timezone.now():
            explained = _("It is over: nobody can register, it will stand among what has been. Are the dates right?")
        return self.confirmed(request, activity, verb, title=_("Publish"), explained=explained)

    def copy_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        activity = self.one(request, pk)
        made: list[Activity] = []

        def verb() -> str:
            made.append(actions.copy(activity.pk, by=caller(request)))
            return _("A draft for next week: check it, then publish.")

        explained = _("A draft like this one, a week or more later, without registrations.")
        answer = self.confirmed(request, activity, verb, title=_("Copy"), explained=explained)
        return redirect(self.url_of(made[0])) if made else answer

    def cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        activity = self.one(request, pk)
        form = ReasonForm(request.POST or None)

        def verb() -> str:
            told = actions.cancel_activity(activity.pk, by=caller(request), reason=form.cleaned_data["reason"])
            words = ngettext("Cancelled; %(number)d person is told.", "Cancelled; %(number)d people are told.", told)
            return words % {"number": told}

        number = told_by(activity).values("resident").distinct().count()
        title = _("Cancel the activity")
        return self.confirmed(request, activity, verb, title=title, explained=told_words(number), form=form)

    def confirmed(
        self,
        request: HttpRequest,
        activity: Activity,
        verb: Callable[[], str],
        *,
        title: str,
        explained: str,
        form: ReasonForm | None = None,
    ) -> HttpResponse:
        """The page that asks, then the verb."""
        if request.method == "POST" and (form is None or form.is_valid()):
            return attempt(request, verb, self.url_of(activity))
        asked = Asked(f"{title}: {activity}", title, self.url_of(activity), explained, is_grave=form is not None)
        if form is not None:
            asked.form = form
        return ask(self, request, asked)

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
        return gauge_of([session for session in activity.sessions.all() if not session.cancelled_at])

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def badge(self, activity: Activity) -> SafeString:
        tone = TONES[activity.status]
        return format_html('<span class="bdg bdg-{}">{}</span>', tone, activity.get_status_display())


def gauge_of(sessions: list[Session]) -> SafeString:
    """How full: a bar and `28 / 40`."""
    is_open = any(session.capacity is None for session in sessions)
    taken, capacity = sum(session.taken for session in sessions), sum(session.capacity or 0 for session in sessions)
    gauge: dict[str, Any] = {
        "confirmed": taken,
        "held": sum(session.held for session in sessions),
        "capacity": None if is_open else capacity,
        "label": " / ".join([str(taken), _("without limit") if is_open else str(capacity)]),
    }
    return SafeString(render_to_string("components/gauge.html", {"gauge": gauge}))
