from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from linlingtong.accounts.actions import (
    UnlikelyTerm,
    appoint,
    confirm_home,
    confirm_membership,
    dismiss,
    forget_second_factor,
)
from linlingtong.accounts.admin.areas import MANAGERS
from linlingtong.accounts.admin.scoped import ScopedAdmin, VerbAdmin, VerbForm, scope_of
from linlingtong.accounts.models import Appointment, Membership, User
from linlingtong.accounts.permissions import in_scope, is_whole
from linlingtong.accounts.signed_in import caller
from linlingtong.core.phone import PhoneField
from linlingtong.core.time import today


@admin.register(User)
class UserAdmin(ScopedAdmin[User]):
    """Residents of one's own areas. Building heads see who lives on their stair, and no phone."""

    path_field = "home_area__path"
    roles = tuple(Appointment.Role.values)
    list_display = ["nickname_or_not", "shown_phone", "home_area", "is_home_confirmed", "date_joined"]
    list_select_related = ["home_area"]
    search_fields = ["nickname"]
    search_help_text = gettext_lazy("By nickname. A phone number would stand in the address, so it is not searched.")
    ordering = ["-date_joined"]
    actions = ["confirm_homes", "forget_second_factors"]
    fields: ClassVar[Any] = [
        "nickname_or_not", "shown_phone", "home_area", "is_home_confirmed", "language", "date_joined",
        "suspended_until", "is_active",
    ]  # fmt: skip
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).filter(phone__isnull=False)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> User:
        person = super().get_object(request, object_id, from_field)
        self.mark(request, [person])
        return person

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        self.mark(request, changelist.result_list)
        return changelist

    def mark(self, request: HttpRequest, people: Any) -> None:
        """Note on each row whether this reader may see the phone."""
        managed = scope_of(request)
        for person in people:
            home = person.home_area
            person.is_phone_shown = is_whole(managed) or bool(home and in_scope(home.path, managed))

    @admin.display(description=gettext_lazy("nickname"), ordering="nickname")
    def nickname_or_not(self, person: User) -> str:
        return str(person)

    @admin.display(description=gettext_lazy("phone"))
    def shown_phone(self, person: User) -> str:
        is_shown = getattr(person, "is_phone_shown", False)
        return format_html('<span class="nowrap">{}</span>', person.masked_phone if is_shown else "—")

    @admin.display(description=gettext_lazy("home confirmed"), boolean=True)
    def is_home_confirmed(self, person: User) -> bool:
        return person.home_confirmed_at is not None

    @admin.action(description=gettext_lazy("Confirm that they live there"), permissions=["confirm"])
    def confirm_homes(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        by = caller(request)
        managed = [one for one in rows.select_related("home_area") if one.home_area]
        done = self.each(request, managed, lambda one: confirm_home(one.pk, by=by))
        words = ngettext("%(number)d home is confirmed.", "%(number)d homes are confirmed.", done)
        self.message_user(request, words % {"number": done}, messages.SUCCESS)

    @admin.action(description=gettext_lazy("Lost phone: staff set the second factor up anew"), permissions=["whole"])
    def forget_second_factors(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        by = caller(request)
        done = sum(forget_second_factor(one, by=by) for one in rows.filter(is_active=True) if one.pk != by.pk)
        if rows.filter(pk=by.pk).exists():
            link = reverse("accounts:second_factor")
            words = _("You change your own with the old phone, or a code on paper:")
            self.message_user(request, format_html('{} <a href="{}">{}</a>', words, link, link), messages.WARNING)
        words = ngettext("%(number)d person sets it up anew.", "%(number)d people set it up anew.", done)
        self.message_user(request, words % {"number": done}, messages.SUCCESS)

    def has_whole_permission(self, request: HttpRequest) -> bool:
        return is_whole(scope_of(request))

    def has_confirm_permission(self, request: HttpRequest) -> bool:
        return bool(scope_of(request))


class AppointmentForm(VerbForm[Appointment]):
    """The person is named by their phone number: no list of people to leaf through."""

    phone = PhoneField(
        help_text=gettext_lazy("The whole number of somebody who has signed in here before."),
        error_messages={"required": gettext_lazy("Enter the mobile number of the person.")},
    )

    class Meta:
        model = Appointment
        fields = ["area", "role", "starts_on", "ends_on"]

    field_order = ["phone", "area", "role", "starts_on", "ends_on"]

    def clean_phone(self) -> str:
        phone: str = self.cleaned_data["phone"]
        if not User.objects.active().filter(phone=phone).exists():
            raise forms.ValidationError(_("Nobody has signed in with this number yet."), code="unknown")
        return phone

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        starts_on, ends_on = given.get("starts_on"), given.get("ends_on")
        if starts_on and ends_on and ends_on < starts_on:
            self.add_error("ends_on", UnlikelyTerm().detail)
        return given

    def act(self) -> Appointment:
        given = self.cleaned_data
        user = User.objects.get(phone=given["phone"])
        dates = {"starts_on": given["starts_on"], "ends_on": given["ends_on"]}
        return appoint(user.pk, given["area"].pk, given["role"], by=self.by, **dates)


@admin.register(Appointment)
class AppointmentAdmin(VerbAdmin[Appointment]):
    """Who works for which area, and until when. Managers appoint and dismiss inside what they manage."""

    form = AppointmentForm
    path_field = "area__path"
    list_display = ["user", "post", "term", "is_in_force"]
    list_filter = ["role"]
    list_select_related = ["user", "area"]
    search_fields = ["user__nickname", "area__name"]
    ordering = ["-ends_on", "-pk"]
    autocomplete_fields = ["area"]
    actions = ["end"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(scope_of(request, MANAGERS))

    def get_fields(self, request: HttpRequest, obj: Appointment | None = None) -> list[Any]:  # noqa: ARG002 - Django's
        first = ["user"] if obj else ["phone"]
        return [*first, "area", "role", "starts_on", "ends_on"]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "area" and field is not None:
            field.queryset = field.queryset.within(scope_of(request, MANAGERS))
        return field

    @admin.display(description=gettext_lazy("role"), ordering="area__path")
    def post(self, appointment: Appointment) -> str:
        words = appointment.get_role_display(), appointment.area
        return format_html('<span class="nowrap">{}<br><small>{}</small></span>', *words)

    @admin.display(description=gettext_lazy("from – until"), ordering="ends_on")
    def term(self, appointment: Appointment) -> str:
        first, last = appointment.starts_on.isoformat(), appointment.ends_on.isoformat()
        return format_html('<span class="nowrap">{} –</span> <span class="nowrap">{}</span>', first, last)

    @admin.display(description=gettext_lazy("in force"), boolean=True)
    def is_in_force(self, appointment: Appointment) -> bool:
        return appointment.starts_on <= today() <= appointment.ends_on

    @admin.action(description=gettext_lazy("Dismiss: end it from today"), permissions=["add"])
    def end(self, request: HttpRequest, rows: QuerySet[Appointment]) -> None:
        by = caller(request)
        done = self.each(request, rows, lambda one: dismiss(one.pk, by=by))
        words = ngettext("%(number)d appointment has ended.", "%(number)d appointments have ended.", done)
        self.message_user(request, words % {"number": done}, messages.SUCCESS)


@admin.register(Membership)
class MembershipAdmin(ScopedAdmin[Membership]):
    """Who says that they belong to which company, dormitory or team; staff confirm it."""

    path_field = "organization__area__path"
    list_display = ["user", "organization", "starts_on", "ends_on", "is_confirmed"]
    list_filter = [("confirmed_at", admin.EmptyFieldListFilter), "organization__kind"]
    list_select_related = ["user", "organization"]
    search_fields = ["user__nickname", "organization__name"]
    ordering = ["-pk"]
    fields: ClassVar[Any] = ["user", "organization", "starts_on", "ends_on", "confirmed_at", "confirmed_by"]
    readonly_fields = fields
    actions = ["confirm"]

    @admin.display(description=gettext_lazy("confirmed"), boolean=True)
    def is_confirmed(self, membership: Membership) -> bool:
        return membership.confirmed_at is not None

    @admin.action(description=gettext_lazy("Confirm"), permissions=["view"])
    def confirm(self, request: HttpRequest, rows: QuerySet[Membership]) -> None:
        by = caller(request)
        done = self.each(request, rows, lambda one: confirm_membership(one.pk, by=by))
        words = ngettext("%(number)d membership is confirmed.", "%(number)d memberships are confirmed.", done)
        self.message_user(request, words % {"number": done}, messages.SUCCESS)
