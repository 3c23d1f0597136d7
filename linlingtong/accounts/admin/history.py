"""The history page of an object: who changed what, when and by which verb."""

from typing import Any, TypeVar

from django.contrib.admin import ModelAdmin
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.admin.utils import unquote
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from linlingtong.accounts.models import User
from linlingtong.audit.trail import LAST_PAGE, PAGE, Wish, entries, things
from linlingtong.audit.words import said

FLAGS = {ADDITION: "insert", CHANGE: "update", DELETION: "delete"}
M = TypeVar("M", bound=Model)
Lines = list[dict[str, Any]]


class HistoryAdmin(ModelAdmin[M]):
    """Mixed into every page of staff.

    Rows that only go through steps of their own (a report, a booking) tell their story on their own page: for them
    there is no history page and no way to it.
    """

    def keeps_history(self, request: HttpRequest) -> bool:
        is_tracked = self.opts.label_lower in things()
        return is_tracked or self.has_add_permission(request) or self.has_change_permission(request)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, unquote(object_id))
        if row is None or not self.keeps_history(request):
            raise Http404
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        wanted = request.GET.get("page", "1")
        page = min(int(wanted), LAST_PAGE) if wanted.isdecimal() and int(wanted) else 1
        found = tracked(row, page) if self.opts.label_lower in things() else logged(row, page)
        context = {
            **self.admin_site.each_context(request),
            "title": _("History: %(name)s") % {"name": row},
            "object": row,
            "opts": self.opts,
            "lines": found[:PAGE],
            "older": page + 1 if len(found) > PAGE and page < LAST_PAGE else 0,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/history.html", context)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        context = {"keeps_history": self.keeps_history(request), **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, context)


def tracked(row: Model, page: int) -> Lines:
    """A page of what the database noted by itself, newest first, and one line more when there are older ones."""
    found = entries(None, Wish(thing=row._meta.label_lower, key=row.pk), page)  # noqa: SLF001 - public in Django
    people = User.objects.in_bulk({one.actor for one in found if one.actor})
    return [
        {
            "at": one.at,
            "who": str(people.get(one.actor or 0, "")) or _("the system"),
            "verb": said(one.verb, one.label),
            "steps": one.steps,
        }
        for one in found
    ]


def logged(row: Model, page: int) -> Lines:
    """The same of what Django's admin noted: not which fields, for it keeps their names in English only."""
    kind = ContentType.objects.get_for_model(row)
    found = LogEntry.objects.filter(content_type=kind, object_id=str(row.pk)).select_related("user")
    first = (page - 1) * PAGE
    return [
        {"at": one.action_time, "who": str(one.user), "verb": said("", FLAGS[one.action_flag]), "steps": ()}
        for one in found.order_by("-action_time", "-pk")[first : first + PAGE + 1]
    ]
