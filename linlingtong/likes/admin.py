import datetime as dt
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from linlingtong.accounts.admin.areas import MANAGERS
from linlingtong.accounts.admin.scoped import ScopedAdmin, scope_of
from linlingtong.accounts.signed_in import caller
from linlingtong.areas.models import Area
from linlingtong.core.forms import DayField
from linlingtong.core.refusal import Refusal
from linlingtong.core.time import today
from linlingtong.likes.actions import candidates, publish_roll, void_likes
from linlingtong.likes.models import Honour, Like, Praise

LONGEST_NUMBER = 18


@admin.register(Praise)
class PraiseAdmin(ScopedAdmin[Praise]):
    """What was praised in one's own areas, to look at; showing and hiding is the work of moderation."""

    path_field = "area_path"
    roles = MANAGERS
    list_display = ["words", "topic", "author", "area", "consent", "like_count", "comment_count", "is_visible"]
    list_filter = ["topic", "is_visible", "consent"]
    list_select_related = ["author", "area", "resident", "organization"]
    date_hierarchy = "created_at"
    ordering = ["-pk"]
    search_fields = ["text"]
    fields = ["words", "topic", "author", "area", "consent", "like_count", "is_visible", "created_at"]
    readonly_fields = ["words"]

    @admin.display(description=gettext_lazy("text"))
    def words(self, praise: Praise) -> str:
        return praise.shown_text[:60]


@admin.register(Like)
class LikeAdmin(ScopedAdmin[Like]):
    """Likes one by one: what no neighbour meant is taken back, and the author is told."""

    path_field = "praise__area_path"
    roles = MANAGERS
    list_display = ["what", "who", "created_at", "voided_at", "taken_back_at"]
    list_select_related = ["praise__resident", "praise__organization", "resident"]
    list_filter = ["voided_at"]
    date_hierarchy = "created_at"
    ordering = ["-pk"]
    actions = ["void"]

    @admin.display(description=gettext_lazy("praise"))
    def what(self, like: Like) -> str:
        return str(like.praise)

    @admin.display(description=gettext_lazy("resident"))
    def who(self, like: Like) -> str:
        return str(like.resident)

    @admin.action(description=gettext_lazy("Take these likes back"))
    def void(self, request: HttpRequest, rows: QuerySet[Like]) -> None:
        by_praise: dict[int, list[int]] = {}
        for praise, resident in rows.values_list("praise", "resident"):
            by_praise.setdefault(praise, []).append(resident)
        done = sum(void_likes(praise, residents, by=caller(request)) for praise, residents in by_praise.items())
        words = ngettext("%(number)d like taken back.", "%(number)d likes taken back.", done)
        self.message_user(request, words % {"number": done}, messages.SUCCESS)


class RollForm(forms.Form):
    """Which community and month; the candidates follow."""

    area = forms.ModelChoiceField(label=gettext_lazy("community"), queryset=Area.objects.none())
    month = DayField(
        label=gettext_lazy("month"), input_formats=["%Y-%m"], widget=forms.DateInput(attrs={"type": "month"})
    )

    def __init__(self, given: Any = None, *, scope: list[str]) -> None:
        last = today().replace(day=1) - dt.timedelta(days=1)
        super().__init__(given, initial={"month": f"{last:%Y-%m}"})
        field: Any = self.fields["area"]
        field.queryset = Area.objects.within(scope).communities().in_order()


@admin.register(Honour)
class HonourAdmin(ScopedAdmin[Honour]):
    """The published rolls, which nobody changes, and the page on which a new one is put together."""

    path_field = "area__path"
    roles = MANAGERS
    list_display = ["month", "area", "praise", "reason", "by"]
    list_select_related = ["area", "praise__resident", "praise__organization", "by"]
    list_filter = ["month"]
    ordering = ["-month", "pk"]
    change_list_template = "admin/likes/honour_list.html"

    def get_urls(self) -> list[URLPattern]:
        return [
            path("new/", self.admin_site.admin_view(self.roll_view), name="likes_honour_roll"),
            *super().get_urls(),
        ]

    def roll_view(self, request: HttpRequest) -> HttpResponse:
        """Choose a month, then from its candidates, each with a reason; published is published."""
        scope = scope_of(request, self.roles)
        if not scope:
            raise Http404
        form = RollForm(request.POST or request.GET or None, scope=scope)
        found = candidates(form.cleaned_data["area"], form.cleaned_data["month"]) if form.is_valid() else []
        if request.method == "POST" and form.is_valid():
            chosen = [(pk, request.POST.get(f"why-{pk}", "")) for pk in self._chosen(request)]
            try:
                publish_roll(form.cleaned_data["area"].pk, form.cleaned_data["month"], chosen, by=caller(request))
            except Refusal as refusal:
                self.message_user(request, refusal.detail, messages.ERROR)
            except PermissionDenied as error:
                raise Http404 from error
            else:
                self.message_user(request, _("Published. Everybody on it was told."), messages.SUCCESS)
                return redirect(reverse("admin:likes_honour_changelist"))
        rows = [
            {
                "one": one,
                "is_chosen": str(one.praise.pk) in request.POST,
                "why": request.POST.get(f"why-{one.praise.pk}", ""),
            }
            for one in found
        ]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("A new roll of honour"),
            "form": form,
            "rows": rows,
            "is_asked": form.is_bound and form.is_valid(),
        }
        return TemplateResponse(request, "admin/likes/roll.html", context)

    def _chosen(self, request: HttpRequest) -> list[int]:
        keys = (key for key in request.POST.getlist("praise") if key.isascii() and len(key) <= LONGEST_NUMBER)
        return [int(key) for key in keys if key.isdigit()]
