from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linlingtong.accounts.admin.asking import ReasonForm
from linlingtong.accounts.admin.deciding import DecidingAdmin, given
from linlingtong.accounts.signed_in import caller
from linlingtong.core.dates import moment_words
from linlingtong.core.refusal import Refusal
from linlingtong.mutual_aid import actions as verbs
from linlingtong.mutual_aid import showing
from linlingtong.mutual_aid.models import HelpPost
from linlingtong.mutual_aid.models.post import LOOKING_AFTER
from linlingtong.photos.forms import PhotosField

State = HelpPost.State


class SettleForm(ReasonForm):
    """How a dispute ends, and why."""

    outcome = forms.ChoiceField(
        label=gettext_lazy("how it ends"),
        choices=[
            (State.COMPLETED, gettext_lazy("it was done: hours count")),
            (State.OPEN, gettext_lazy("open again for other helpers")),
            (State.WITHDRAWN, gettext_lazy("it ends here")),
        ],
    )
    field_order = ["outcome", "reason"]


class DeliverForm(forms.Form):
    photos = PhotosField(most=3, label=gettext_lazy("photo of the thing (not of a person)"))


class DeskFilter(admin.SimpleListFilter):
    title = gettext_lazy("community desk")
    parameter_name = "desk"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's
        return [("review", _("to look at")), ("waiting", _("to hand over")), ("here", _("lies at the desk"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[HelpPost]) -> QuerySet[HelpPost]:  # noqa: ARG002
        waiting = {"is_through_desk": True, "state__in": (State.CLAIMED, State.IN_PROGRESS)}
        facts: dict[str, dict[str, Any]] = {
            "review": {"state": State.PENDING_REVIEW},
            "waiting": waiting,
            "here": waiting | {"received_at__isnull": False},
        }
        return queryset.filter(**facts.get(self.value() or "", {}))


@admin.register(HelpPost)
class HelpPostAdmin(DecidingAdmin[HelpPost]):
    """The community desk: wishes to look at, things to hand over, disputes. No phone stands here.

    Building heads see the posts of their stair and decide nothing.
    """

    path_field = "area_path"
    roles = LOOKING_AFTER
    grave = frozenset({"reject", "withdraw"})
    list_display = ("what", "asker", "badge", "claimers", "since")
    list_filter = (DeskFilter, "type", "state", "is_on_behalf")
    list_select_related = ("author", "area")
    search_fields = ("title",)
    ordering = ("-moved_at", "-id")
    list_per_page = 50
    actions = ("verify", "return_to_author", "reject", "receive", "settle", "withdraw")
    fields = (
        "what", "text", "item_size", "budget_cap", "asker", "area", "door", "needed_at", "minutes", "badge",
        "claimers", "reason", "thanks", "received_at", "delivered_at", "story", "desk",
    )  # fmt: skip
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[HelpPost]:
        return super().get_queryset(request).prefetch_related("claims__helper").defer("search")

    def get_urls(self) -> list[URLPattern]:
        own = path("<int:pk>/deliver/", self.admin_site.admin_view(self.deliver_view), name="mutual_aid_deliver")
        return [own, *super().get_urls()]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_module_permission(request)

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ARG002 - Django's
        """Posts, also for neighbours without a phone, are written on the page that residents use."""
        return HttpResponseRedirect(f"{reverse('mutual_aid:new')}?type=request")

    @admin.action(description=gettext_lazy("Let neighbours claim it"), permissions=["decide"])
    def verify(self, request: HttpRequest, rows: QuerySet[HelpPost]) -> None:
        by = caller(request)
        self.report(request, self.each(request, self.mine(request, rows), lambda row: verbs.verify(row.pk, by=by)))

    @admin.action(description=gettext_lazy("Return with a question …"), permissions=["decide"])
    def return_to_author(self, request: HttpRequest, rows: QuerySet[HelpPost]) -> HttpResponse | None:
        return self.with_reason(request, rows, "return_to_author", _("Return with a question"), verbs.return_to_author)

    @admin.action(description=gettext_lazy("Do not accept …"), permissions=["decide"])
    def reject(self, request: HttpRequest, rows: QuerySet[HelpPost]) -> HttpResponse | None:
        return self.with_reason(request, rows, "reject", _("Do not accept"), verbs.reject)

    @admin.action(description=gettext_lazy("The helper has brought it"), permissions=["decide"])
    def receive(self, request: HttpRequest, rows: QuerySet[HelpPost]) -> None:
        by = caller(request)
        self.report(request, self.each(request, self.mine(request, rows), lambda row: verbs.receive(row.pk, by=by)))

    @admin.action(description=gettext_lazy("Settle the dispute …"), permissions=["decide"])
    def settle(self, request: HttpRequest, rows: QuerySet[HelpPost]) -> HttpResponse | None:
        rows, form = self.mine(request, rows), SettleForm(given(request))
        if not form.is_valid():
            return self.ask_about(request, rows, "settle", form, _("Settle the dispute"))
        outcome, reason, by = form.cleaned_data["outcome"], form.cleaned_data["reason"], caller(request)
        done = self.each(request, rows, lambda row: verbs.settle(row.pk, outcome, by=by, reason=reason))
        self.report(request, done)
        return None

    @admin.action(description=gettext_lazy("Withdraw …"), permissions=["decide"])
    def withdraw(self, request: HttpRequest, rows: QuerySet[HelpPost]) -> HttpResponse | None:
        return self.with_reason(request, rows, "withdraw", _("Withdraw"), verbs.withdraw_post)

    def line_words(self, row: HelpPost) -> str:
        return f"{row} · {row.get_state_display()}"

    def deliver_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Hand the thing over, with a photo of it as receipt."""
        post = self.get_object(request, str(pk))
        form = DeliverForm(request.POST, request.FILES) if request.method == "POST" else DeliverForm()
        form.fields["photos"].by = caller(request)  # type: ignore[attr-defined] # a field of ours
        if not self.mine(request, HelpPost.objects.filter(pk=pk)).exists():
            return HttpResponseRedirect(reverse("admin:mutual_aid_helppost_change", args=[pk]))
        if request.method == "POST" and form.is_valid():
            try:
                verbs.deliver(pk, by=caller(request), photos=form.cleaned_data["photos"])
                messages.success(request, _("Handed over. The helper has been told."))
            except Refusal as refusal:
                messages.error(request, refusal.detail)
            return HttpResponseRedirect(reverse("admin:mutual_aid_helppost_change", args=[pk]))
        context = {**self.admin_site.each_context(request), "opts": self.opts, "post": post, "form": form}
        return TemplateResponse(request, "admin/mutual_aid/deliver.html", context | {"title": _("Hand over")})

    @admin.display(description=gettext_lazy("help post"), ordering="title")
    def what(self, row: HelpPost) -> SafeString:
        return format_html(
            "{}<small>{} · {} · {}</small>", row.title, row.get_type_display(), row.get_kind_display(), row.area
        )

    @admin.display(description=gettext_lazy("who asks"))
    def asker(self, row: HelpPost) -> SafeString | str:
        if row.is_on_behalf or row.surname:
            return format_html("{}<small>{}</small>", showing.asker_words(row), row.author)
        return str(row.author)

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def badge(self, row: HelpPost) -> SafeString:
        tone = showing.TONES[State(row.state)][0]
        hidden = "" if row.is_visible else _("not visible")
        words = State(row.state).label
        return format_html('<span class="bdg bdg-{}">{}</span><small>{}</small>', tone, words, hidden)

    @admin.display(description=gettext_lazy("helpers"))
    def claimers(self, row: HelpPost) -> str:
        names = [f"{claim.helper} ({claim.get_state_display()})" for claim in row.claims.all()]
        return f"{row.taken} / {row.helpers_needed}" + ("：" + "、".join(names) if names else "")

    @admin.display(description=gettext_lazy("in this state since"), ordering="moved_at")
    def since(self, row: HelpPost) -> str:
        return moment_words(row.moved_at)

    @admin.display(description=gettext_lazy("what happened"))
    def story(self, row: HelpPost) -> SafeString:
        events = row.events.select_related("by").order_by("pk")
        lines = ((moment_words(e.at), e.get_what_display(), str(e.by or _("by the clock")), e.reason) for e in events)
        return format_html_join("", "<div>{} · {} · {} {}</div>", lines)

    @admin.display(description=gettext_lazy("at the desk"))
    def desk(self, row: HelpPost) -> SafeString | str:
        if not row.is_through_desk or row.state not in (State.CLAIMED, State.IN_PROGRESS):
            return "—"
        url = reverse("admin:mutual_aid_deliver", args=[row.pk])
        return format_html('<a class="button" href="{}">{}</a>', url, _("Hand over, with a photo"))
