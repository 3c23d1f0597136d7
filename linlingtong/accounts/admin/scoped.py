from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, ClassVar, TypeVar, cast

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import BadRequest, ValidationError
from django.db import transaction
from django.db.models import ForeignKey, Model, QuerySet
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from linlingtong.accounts.admin.history import HistoryAdmin
from linlingtong.accounts.models import Appointment, User
from linlingtong.accounts.permissions import MANAGING, in_scope, is_whole, scope_for
from linlingtong.areas.models import Area, inside
from linlingtong.core.forms import AttentiveForm
from linlingtong.core.refusal import Refusal

M = TypeVar("M", bound=Model)
View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def scope_of(request: HttpRequest, roles: tuple[str, ...] = MANAGING) -> list[str]:
    """The paths that whoever is signed in works for, asked once a request."""
    known: dict[tuple[str, ...], list[str]] = vars(request).setdefault("scopes_of_staff", {})
    if roles not in known:
        known[roles] = scope_for(cast("User", request.user), roles)
    return known[roles]


class StaffAdmin(HistoryAdmin[M]):
    """What every page of staff knows: who changed what, and that others work at the same time."""

    form: Any = AttentiveForm

    def response_action(self, request: HttpRequest, queryset: QuerySet[M], *args: Any, **kwargs: Any) -> Any:
        """Rows that are gone, or were never there for this person, are named before anything is asked or done."""
        chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
        try:
            is_there = not chosen or queryset.filter(pk__in=chosen).exists()
        except (ValueError, ValidationError) as error:
            raise BadRequest from error
        if is_there:
            return super().response_action(request, queryset, *args, **kwargs)
        self.message_user(request, _("What you chose is no longer here. Look at the list again."), messages.WARNING)
        return redirect(request.get_full_path())


class ScopedAdmin(StaffAdmin[M]):
    """Staff see rows of their own areas; anything else does not exist for them. Nobody deletes.

    `path_field` leads from a row to the path of its area. Changing and adding are off unless a page turns them on.
    """

    path_field: ClassVar[str]
    roles: ClassVar[tuple[str, ...]] = MANAGING
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[M]:
        rows, scope = super().get_queryset(request), scope_of(request, self.roles)
        return rows if is_whole(scope) else rows.filter(inside(scope, self.path_field))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> M:
        found = super().get_object(request, object_id, from_field)
        if found is None:
            raise Http404
        return found

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(scope_of(request, self.roles))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        return self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        return False

    def formfield_for_foreignkey(self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        """Only areas of one's own can be chosen."""
        if db_field.related_model is Area:
            kwargs["queryset"] = Area.objects.within(scope_of(request, self.roles)).in_order()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def each(self, request: HttpRequest, rows: Iterable[M], verb: Callable[[M], object]) -> int:
        """Ask the verb for each chosen row; refusals become messages. Returns how many went well."""
        went_well = 0
        for row in rows:
            try:
                verb(row)
            except Refusal as refusal:
                self.message_user(request, f"{row}: {refusal.detail}", messages.WARNING)
            else:
                went_well += 1
        return went_well


class ScopedInline(admin.TabularInline[Any, Any]):
    """What belongs to a row with an area: whoever manages the area adds, changes and removes it."""

    extra = 0
    form = AttentiveForm
    roles: ClassVar[tuple[str, ...]] = (Appointment.Role.MANAGER,)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        scope = scope_of(request, self.roles)
        return bool(scope) if obj is None else in_scope(obj.area.path, scope)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)


def _where_it_is(view: View) -> View:
    """The page for those who see it on the start page; for others there is no such page."""

    @wraps(view)
    def shown(self: "SubdistrictAdmin[Any]", request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not self.has_module_permission(request):
            raise Http404
        return view(self, request, *args, **kwargs)

    return cast("View", shown)


class SubdistrictAdmin(StaffAdmin[M]):
    """What is one for all communities: managers of the whole subdistrict keep it, for others it does not exist."""

    roles: ClassVar[tuple[str, ...]] = (Appointment.Role.MANAGER,)
    can_delete: ClassVar[bool] = True

    changelist_view = _where_it_is(StaffAdmin.changelist_view)
    changeform_view = _where_it_is(StaffAdmin.changeform_view)
    delete_view = _where_it_is(StaffAdmin.delete_view)
    history_view = _where_it_is(StaffAdmin.history_view)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_whole(scope_of(request, self.roles))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        return self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_module_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        return self.has_module_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        return self.can_delete and self.has_module_permission(request)


class VerbAdmin(ScopedAdmin[M]):
    """Rows that only verbs write: the form asks one when it is sent, as whoever is signed in."""

    def get_form(self, request: HttpRequest, obj: M | None = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.by = request.user
        return form

    def save_model(self, request: HttpRequest, obj: M, form: Any, change: bool) -> None:
        """The form's verb has written it."""


class VerbForm(AttentiveForm[M]):
    """A form of the admin whose saving is a verb: what the verb refuses stands at the form, with everything typed."""

    by: User

    def act(self) -> M:
        raise NotImplementedError

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc] # where Django fills and checks the row, unknown to the stubs
        if self.errors:
            return
        try:
            with transaction.atomic():
                self.instance = self.act()
        except Refusal as refusal:
            self.add_error(None, ValidationError(refusal.detail, code=refusal.code))

    def save(self, commit: bool = True) -> M:  # noqa: ARG002 - the verb has written the row
        return self.instance

    def save_m2m(self) -> None:
        """There is nothing more to write."""
