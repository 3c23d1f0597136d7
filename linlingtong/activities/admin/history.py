"""The history page of an object: who changed what, when and by which verb."""

import datetime as dt
from typing import Any

from django.contrib.admin import ModelAdmin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Field, ForeignKey, Model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linlingtong.accounts.models import User
from linlingtong.audit.trail import LAST_PAGE, PAGE, Entry, Wish, entries
from linlingtong.core.dates import moment_words

VERBS = {
    "plan": gettext_lazy("planned"),
    "edit": gettext_lazy("edited"),
    "publish": gettext_lazy("published"),
    "copy": gettext_lazy("copied"),
    "cancel_activity": gettext_lazy("cancelled the activity"),
    "cancel_session": gettext_lazy("cancelled the session"),
    "delete_activity": gettext_lazy("deleted"),
    "change_capacity": gettext_lazy("changed the places"),
    "reschedule": gettext_lazy("changed the time"),
    "change_place": gettext_lazy("changed the place"),
}
LABELS = {"insert": gettext_lazy("added"), "update": gettext_lazy("changed"), "delete": gettext_lazy("deleted")}
UNTOLD = frozenset({"updated_at"})


class HistoryAdmin(ModelAdmin[Any]):
    """Mixed into the admin of a model with a history."""

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, unquote(object_id))
        if row is None or not self.has_view_permission(request, row):
            raise PermissionDenied
        wanted = request.GET.get("page", "1")
        page = min(int(wanted), LAST_PAGE) if wanted.isdecimal() and int(wanted) else 1
        found = entries(None, Wish(thing=row._meta.label_lower, key=row.pk), page)  # noqa: SLF001 - public in Django
        context = {
            **self.admin_site.each_context(request),
            "title": _("History: %(name)s") % {"name": row},
            "object": row,
            "opts": self.opts,
            "lines": told(self.model, found[:PAGE]),
            "older": page + 1 if len(found) > PAGE and page < LAST_PAGE else 0,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/activities/history.html", context)


def told(model: type[Model], found: list[Entry]) -> list[dict[str, Any]]:
    people = User.objects.in_bulk({one.actor for one in found if one.actor})
    fields = {str(one.verbose_name): one for one in model._meta.fields}  # noqa: SLF001 - public in Django
    return [
        {
            "at": one.at,
            "who": str(people.get(one.actor or 0, "")) or _("the system"),
            "verb": VERBS.get(one.verb) or LABELS.get(one.label, one.label),
            "steps": [
                (capfirst(name), shown(fields.get(name), old), shown(fields.get(name), new))
                for name, old, new in one.steps
                if name in fields and fields[name].name not in UNTOLD
            ],
        }
        for one in found
    ]


def shown(field: "Field[Any, Any] | None", value: Any) -> str:
    """A stored value as people say it."""
    if value is None or value == "":
        return "—"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, dt.datetime):
        return moment_words(value)
    if isinstance(field, ForeignKey):
        return str(field.related_model._default_manager.filter(pk=value).first() or value)  # noqa: SLF001
    choices = dict(field.flatchoices) if field is not None else {}
    return str(choices.get(value, value))
