from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linlingtong.accounts.admin.areas import MANAGERS
from linlingtong.accounts.admin.scoped import scope_of
from linlingtong.accounts.permissions import in_scope
from linlingtong.activities.admin.forms import MOMENTS, QuestionRowForm, SessionRowForm
from linlingtong.activities.models import Activity, Question, Session


def manages(request: HttpRequest, activity: Activity | None) -> bool:
    """Managers of the activity's area; without an activity, managers of anything. Grid workers look on."""
    scope = scope_of(request, MANAGERS)
    return in_scope(activity.area_path, scope) if activity is not None and activity.pk else bool(scope)


class SessionInline(admin.StackedInline[Session, Activity]):
    """New sessions; those that people know already change on a page of their own, which says who is told."""

    model = Session
    form = SessionRowForm
    extra = 0
    fields = (("starts_at", "ends_at"), ("capacity", "is_unlimited"), ("role", "minimum_needed"), "people")
    readonly_fields = ("people",)
    ordering = ("starts_at", "pk")
    formfield_overrides: ClassVar[Any] = MOMENTS

    def get_queryset(self, request: HttpRequest) -> QuerySet[Session]:
        return super().get_queryset(request).select_related("activity")

    def has_add_permission(self, request: HttpRequest, obj: Activity | None = None) -> bool:
        is_over = obj is not None and obj.status in {Activity.Status.CANCELLED, Activity.Status.FINISHED}
        return manages(request, obj) and not is_over

    def has_change_permission(self, request: HttpRequest, obj: Activity | None = None) -> bool:
        return manages(request, obj) and (obj is None or obj.status == Activity.Status.DRAFT)

    def has_view_permission(self, request: HttpRequest, obj: Activity | None = None) -> bool:  # noqa: ARG002 - Django's
        return bool(scope_of(request))

    def has_delete_permission(self, request: HttpRequest, obj: Activity | None = None) -> bool:
        return self.has_change_permission(request, obj)

    @admin.display(description=gettext_lazy("people"))
    def people(self, session: Session) -> SafeString | str:
        if not session.pk:
            return "—"
        roster = reverse("admin:activities_registration_changelist") + f"?session__id__exact={session.pk}"
        words = _("%(taken)d going, %(waiting)d waiting") % {"taken": session.taken, "waiting": session.waiting}
        change = reverse("admin:activities_session_change", args=[session.pk])
        links = '<a href="{}">{}</a> · <a href="{}">{}</a>'
        return format_html('<span class="nowrap">' + links + "</span>", roster, words, change, _("change"))


class QuestionInline(admin.StackedInline[Question, Activity]):
    model = Question
    form = QuestionRowForm
    extra = 0
    fields = (("text", "kind"), "choices", ("is_required", "position"))
    ordering = ("position", "pk")

    def has_add_permission(self, request: HttpRequest, obj: Activity | None = None) -> bool:
        return manages(request, obj)

    has_change_permission = has_delete_permission = has_add_permission

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        return bool(scope_of(request))
