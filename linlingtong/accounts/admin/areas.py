from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from linlingtong.accounts.admin.scoped import ScopedAdmin, VerbAdmin, VerbForm, scope_of
from linlingtong.accounts.models import Appointment
from linlingtong.accounts.permissions import in_scope
from linlingtong.areas.actions import add_area, change_area, move_area
from linlingtong.areas.models import Area, CalendarDay, NaturalOrder, Organization

MANAGERS = (Appointment.Role.MANAGER,)


class AreaForm(VerbForm[Area]):
    """Adding and moving an area are verbs; its name, phone and hours are plain facts."""

    class Meta:
        model = Area
        fields = ["name", "slug", "level", "parent", "phone", "office_hours", "lat", "long", "is_active"]

    def act(self) -> Area:
        given = dict(self.cleaned_data)
        parent: Area | None = given.pop("parent", None)
        key: int | None = self.instance.pk
        if key is None:
            given.pop("is_active", None)
            return add_area(parent=parent, by=self.by, **given)
        if "parent" in self.changed_data and parent is not None:
            move_area(self.instance.pk, parent.pk, by=self.by)
        return change_area(self.instance.pk, by=self.by, **given)


@admin.register(Area)
class AreaAdmin(VerbAdmin[Area]):
    """The tree of the subdistrict. Managers add and move areas inside what they manage."""

    form = AreaForm
    path_field = "path"
    roles = tuple(Appointment.Role.values)
    list_display = ["name", "level", "parent", "phone", "is_active"]
    list_filter = ["level", "is_active"]
    list_select_related = ["parent"]
    search_fields = ["name", "slug"]
    ordering = [NaturalOrder("path")]
    autocomplete_fields = ["parent"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(scope_of(request, MANAGERS))

    def has_change_permission(self, request: HttpRequest, obj: Area | None = None) -> bool:
        return bool(scope_of(request, MANAGERS)) if obj is None else in_scope(obj.path, scope_of(request, MANAGERS))

    def get_readonly_fields(self, request: HttpRequest, obj: Area | None = None) -> list[str]:
        """An area's level and address stay; who manages an area cannot take it out of what lies above."""
        if obj is None:
            return []
        is_top = obj.parent is None or not in_scope(obj.parent.path, scope_of(request, MANAGERS))
        return ["slug", "level", *(["parent"] if is_top else [])]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        field.required = Area.objects.exists()
        field.queryset = Area.objects.within(scope_of(request, MANAGERS)).in_order()
        return field


@admin.register(Organization)
class OrganizationAdmin(ScopedAdmin[Organization]):
    """Companies, dormitories and teams; one that is no longer there is taken out of use, not deleted."""

    path_field = "area__path"
    list_display = ["name", "kind", "area", "company", "is_active"]
    list_filter = ["kind", "is_active"]
    list_select_related = ["area", "company"]
    search_fields = ["name"]
    ordering = ["name"]
    fields = ["name", "kind", "area", "company", "is_active"]
    autocomplete_fields = ["area", "company"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_module_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Organization | None = None) -> bool:
        return self.has_module_permission(request) if obj is None else in_scope(obj.area.path, scope_of(request))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "company":
            companies = self.get_queryset(request).filter(kind=Organization.Kind.COMPANY)
            kwargs["queryset"] = companies.order_by("name")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(CalendarDay)
class CalendarDayAdmin(admin.ModelAdmin[CalendarDay]):
    """To look at only: the days come from the notice of the State Council, through a maintained library."""

    list_display = ["day", "is_worked", "holiday"]
    list_filter = ["is_worked", "holiday"]
    date_hierarchy = "day"
    ordering = ["day"]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(scope_of(request, MANAGERS))

    def has_view_permission(self, request: HttpRequest, obj: CalendarDay | None = None) -> bool:  # noqa: ARG002 - Django's signature
        return self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        return False

    def has_change_permission(self, request: HttpRequest, obj: CalendarDay | None = None) -> bool:  # noqa: ARG002 - Django's signature
        return False

    def has_delete_permission(self, request: HttpRequest, obj: CalendarDay | None = None) -> bool:  # noqa: ARG002 - Django's signature
        return False
