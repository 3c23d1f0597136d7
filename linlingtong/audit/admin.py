from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from linlingtong.audit.models import Change
from linlingtong.audit.trail import LAST_PAGE, PAGE, Wish, entries, things
from linlingtong.audit.words import said
from linlingtong.core.forms import DayField


class WishForm(forms.Form):
    """What to look for in the trail; a wrong value is left out."""

    thing = forms.ChoiceField(label=_("what"), required=False)
    day = DayField(label=_("day"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    key = forms.IntegerField(required=False, min_value=1, max_value=10**18, widget=forms.HiddenInput)
    page = forms.IntegerField(required=False, min_value=1, max_value=LAST_PAGE, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kinds = things()
        self.fields["thing"] = forms.ChoiceField(
            label=_("what"), required=False, choices=[("", _("everything")), *self.kinds.items()]
        )
        self.full_clean()

    def wish(self) -> Wish:
        found = self.cleaned_data
        return Wish(thing=found.get("thing") or "", key=found.get("key"), day=found.get("day"))

    def page_number(self) -> int:
        return self.cleaned_data.get("page") or 1


class TrailAdmin(admin.ModelAdmin[Change]):
    """Who changed what, read only. An upper floor registers it and says who may see which areas."""

    def scope(self, request: HttpRequest) -> list[str] | None:
        """The paths the reader works for; None for everything, an empty list for nobody's business."""
        raise NotImplementedError

    def names(self, keys: set[int]) -> dict[int, str]:
        """What the people with these keys are called."""
        raise NotImplementedError

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = WishForm(request.GET)
        page = form.page_number()
        found = entries(self.scope(request), form.wish(), page)
        names = self.names({one.actor for one in found if one.actor})
        rows = [(one, names.get(one.actor or 0, ""), said(one.verb, one.label)) for one in found[:PAGE]]
        context = {
            **self.admin_site.each_context(request),
            **(extra_context or {}),
            "title": self.opts.verbose_name_plural,
            "form": form,
            "rows": rows,
            "newer": self._query(request, page - 1) if page > 1 else "",
            "older": self._query(request, page + 1) if len(found) > PAGE and page < LAST_PAGE else "",
        }
        return TemplateResponse(request, "admin/audit/trail.html", context)

    def _query(self, request: HttpRequest, page: int) -> str:
        query = request.GET.copy()
        query["page"] = str(page)
        return f"?{query.urlencode()}"

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.scope(request) != []

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        return False
