from typing import Any, ClassVar, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from linlingtong.accounts.admin.areas import MANAGERS
from linlingtong.accounts.admin.scoped import ScopedAdmin, ScopedInline, SubdistrictAdmin, scope_of
from linlingtong.accounts.models import User
from linlingtong.accounts.permissions import in_scope
from linlingtong.core.dates import date_words
from linlingtong.core.forms import AttentiveForm
from linlingtong.core.time import local
from linlingtong.toolbox.actions import assure, revise
from linlingtong.toolbox.models import Audience, Contact, Guide, Schedule, Tool


@admin.register(Tool)
class ToolAdmin(SubdistrictAdmin[Tool]):
    """The shelf is one for the whole subdistrict, so only its own managers arrange it."""

    list_display = ["title", "summary", "kind", "group", "audience", "position", "on_home", "is_enabled"]
    list_editable = ["position", "on_home", "is_enabled"]
    list_filter = ["group", "kind", "is_enabled"]
    search_fields = ["title", "summary"]
    ordering = ["position", "pk"]
    list_per_page = 50


class OutdatedFilter(admin.SimpleListFilter):
    title = gettext_lazy("checked")
    parameter_name = "outdated"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's signature
        return [("1", _("not for half a year"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Contact]) -> QuerySet[Contact]:  # noqa: ARG002 - Django's signature
        return queryset.filter(pk__in=Contact.objects.outdated()) if self.value() == "1" else queryset


class ScheduleInline(ScopedInline):
    model = Schedule


class InArea(ScopedAdmin[Any]):
    """Rows of the areas that somebody manages can be added and changed by them."""

    path_field = "area__path"
    roles = MANAGERS

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_module_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return (
            self.has_module_permission(request)
            if obj is None
            else in_scope(obj.area.path, scope_of(request, self.roles))
        )


@admin.register(Contact)
class ContactAdmin(InArea):
    """The directory. Who has called marks the number as right; nobody deletes, a dead number is no longer shown."""

    list_display = ["organization", "service", "phone", "category", "area", "checked", "is_listed"]
    list_filter = [OutdatedFilter, "category", "is_listed"]
    list_select_related = ["area"]
    search_fields = ["organization", "service", "phone"]
    ordering = ["category", "position", "pk"]
    inlines = [ScheduleInline]
    actions = ["mark_right"]
    readonly_fields = ["checked"]
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("organization", "service", "phone", "category", "area", "address")}),
        (gettext_lazy("Details"), {"fields": ("eligibility", "required_documents", "fees", "position", "is_listed")}),
        (gettext_lazy("Checked"), {"fields": ("checked",)}),
    )

    @admin.display(description=gettext_lazy("last checked"), ordering="assured_at")
    def checked(self, contact: Contact) -> str:
        if contact.assured_at is None:
            return format_html('<span class="bdg bdg-few">{}</span>', _("never"))
        words = date_words(local(contact.assured_at).date())
        if contact.is_outdated:
            return format_html('<span class="bdg bdg-few">{}</span>', words)
        return words

    @admin.action(description=gettext_lazy("I called: still right"))
    def mark_right(self, request: HttpRequest, rows: QuerySet[Contact]) -> None:
        marked = self.each(request, rows, lambda row: assure(row.pk, by=cast("User", request.user)))
        words = ngettext("%(number)d number marked as right.", "%(number)d numbers marked as right.", marked)
        self.message_user(request, words % {"number": marked}, messages.SUCCESS)


class GuideForm(AttentiveForm[Guide]):
    audience = forms.MultipleChoiceField(
        label=gettext_lazy("for whom"),
        choices=Audience.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Nothing chosen: for everybody"),
    )
    source_url = forms.URLField(label=gettext_lazy("address of the source"), required=False, assume_scheme="https")


@admin.register(Guide)
class GuideAdmin(InArea):
    """How to get things done. Other words are a new version, numbered by themselves."""

    form = GuideForm
    list_display = ["title", "area", "version", "checked_on", "valid_until", "is_sample", "is_published"]
    list_filter = ["is_published", "is_sample"]
    list_select_related = ["area"]
    search_fields = ["title", "summary"]
    ordering = ["title"]
    readonly_fields = ["version"]
    autocomplete_fields = ["contact"]

    def save_model(self, request: HttpRequest, obj: Guide, form: Any, change: bool) -> None:  # noqa: ARG002 - Django's signature
        revise(obj, by=cast("User", request.user))
