from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Case, F, QuerySet, Value, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from linlingtong.accounts.admin.scoped import ScopedAdmin
from linlingtong.accounts.signed_in import caller
from linlingtong.core.dates import moment_words, short_moment
from linlingtong.core.refusal import Refusal
from linlingtong.photos.models import Photo
from linlingtong.photos.reading import photos_by_subject
from linlingtong.tickets import actions as verbs
from linlingtong.tickets import showing
from linlingtong.tickets.admin.steps import STEPS, Step, steps_of
from linlingtong.tickets.deadlines import used_share
from linlingtong.tickets.models import Ticket
from linlingtong.tickets.permissions import may_handle, works_for

State = Ticket.State
ALMOST = 80


class DueFilter(admin.SimpleListFilter):
    title = gettext_lazy("due")
    parameter_name = "due"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's
        return [("overdue", _("overdue")), ("running", _("still open")), ("mine", _("assigned to me"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> QuerySet[Ticket]:
        if self.value() == "overdue":
            return queryset.filter(pk__in=Ticket.objects.overdue().values("pk"))
        if self.value() == "running":
            return queryset.filter(state__in=Ticket.RUNNING)
        if self.value() == "mine":
            return queryset.filter(state__in=Ticket.RUNNING, handler=caller(request))
        return queryset


@admin.register(Ticket)
class TicketAdmin(ScopedAdmin[Ticket]):
    """The board of reports: what is overdue stands first. Each step is asked for on its own page; no phone is here."""

    path_field = "area_path"
    list_display = ["what", "badge", "due", "whose", "since"]
    list_filter = [DueFilter, "state", "category"]
    list_select_related = ["category", "area__parent", "desk", "handler"]
    search_fields = ["number", "place", "text"]
    list_per_page = 50
    actions = ["accept_all"]
    fields: ClassVar[Any] = [
        "what", "text", "reporter", "who_sees", "pictures", "badge", "due", "to_do", "extended_days", "desk",
        "handler", "unit", "merged_into", "followers", "outcome", "answer", "rating", "rating_text", "story",
    ]  # fmt: skip
    readonly_fields: ClassVar[Any] = fields
    may_be_missing: ClassVar[set[str]] = {
        "text", "pictures", "extended_days", "handler", "unit", "merged_into", "outcome", "answer", "rating",
        "rating_text",
    }  # fmt: skip

    def get_fields(self, request: HttpRequest, obj: Ticket | None = None) -> list[Any]:  # noqa: ARG002 - Django's
        """What there is of this report."""
        return [name for name in self.fields if obj is None or name not in self.may_be_missing or _has(obj, name)]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Ticket]:
        return super().get_queryset(request).defer("search")

    def get_ordering(self, request: HttpRequest) -> list[Any]:  # noqa: ARG002 - Django's signature
        return [_order().asc(), F("escalates_at").asc(nulls_last=True), "finish_due_at", "pk"]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.step_view)
        return [path("<int:pk>/<slug:name>-step/", view, name="tickets_ticket_step"), *super().get_urls()]

    @admin.action(description=gettext_lazy("Accept"))
    def accept_all(self, request: HttpRequest, rows: QuerySet[Ticket]) -> None:
        by = caller(request)
        mine = [row for row in rows if may_handle(by, row)]
        done = self.each(request, mine, lambda row: verbs.accept(row.pk, by=by))
        words = ngettext("%(number)d accepted.", "%(number)d accepted.", done) % {"number": done}
        self.message_user(request, words, messages.SUCCESS if done else messages.WARNING)

    def step_view(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        """One page for every step: what it is about, what has to be filled in, and the button."""
        ticket, step = self.get_object(request, str(pk)), STEPS.get(name)
        by, back = caller(request), reverse("admin:tickets_ticket_change", args=[pk])
        if step is None or not _may(by, ticket):
            raise Http404
        given = (request.POST, request.FILES) if request.method == "POST" else ()
        form = step.form(*given, ticket=ticket, by=by)
        if request.method == "POST" and form.is_valid():
            try:
                step.verb(ticket, by, form.cleaned_data)
            except Refusal as refusal:
                form.add_error(None, refusal.detail)
            except PermissionDenied as error:
                raise Http404 from error
            else:
                messages.success(request, _("Done: %(step)s.") % {"step": step.label})
                return redirect(back)
        return self._ask(request, ticket, step, form)

    def _ask(self, request: HttpRequest, ticket: Ticket, step: Step, form: Any) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": step.label,
            "step": step,
            "ticket": ticket,
            "line": f"{ticket.category} · {showing.place_words(ticket)}",
            "form": form,
        }
        return TemplateResponse(request, "admin/tickets/step.html", context)

    @admin.display(description=gettext_lazy("report"))
    def what(self, row: Ticket) -> SafeString:
        return format_html("{}<small>{} · {}</small>", row.category, row.number, showing.place_words(row))

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def badge(self, row: Ticket) -> SafeString:
        tone = showing.TONES[State(row.state)][0]
        extra = row.get_outcome_display() if row.outcome else ""
        return format_html('<span class="bdg bdg-{}">{}</span><small>{}</small>', tone, row.get_state_display(), extra)

    @admin.display(description=gettext_lazy("due"))
    def due(self, row: Ticket) -> SafeString | str:
        if row.state == State.WAITING:
            return _("waits for the reporter")
        if row.state not in Ticket.TIMED:
            return "—"
        is_new = row.state == State.RECEIVED
        share = 0 if is_new else used_share(row)
        tone = "off" if row.is_overdue else "few" if share >= ALMOST else "open"
        words = _("overdue") if row.is_overdue else _("due soon") if share >= ALMOST else _("in time")
        until = _("accept by %(when)s") if is_new else _("finish by %(when)s · %(share)d %%")
        until %= {"when": short_moment(row.due_at), "share": share}
        return format_html('<span class="bdg bdg-{}">{}</span><small>{}</small>', tone, words, until)

    @admin.display(description=gettext_lazy("who looks after it"), ordering="handler")
    def whose(self, row: Ticket) -> SafeString:
        return format_html("{}<small>{}</small>", row.handler or "—", row.desk)

    @admin.display(description=gettext_lazy("in this state since"), ordering="moved_at")
    def since(self, row: Ticket) -> str:
        return short_moment(row.moved_at)

    @admin.display(description=gettext_lazy("who sees it"))
    def who_sees(self, row: Ticket) -> str:
        if not row.is_public:
            return _("the reporter and staff")
        return _("everybody") if row.is_visible else _("everybody, after moderation has looked")

    @admin.display(description=gettext_lazy("photos"))
    def pictures(self, row: Ticket) -> SafeString | str:
        lines = ((photo.large, photo.small, photo) for photo in _photos(row) if photo.is_ready)
        return format_html_join(" ", '<a href="{}"><img src="{}" width="160" alt="{}"></a>', lines) or "—"

    @admin.display(description=gettext_lazy("who has seen it too"))
    def followers(self, row: Ticket) -> int:
        return row.follows.count()

    @admin.display(description=gettext_lazy("what to do"))
    def to_do(self, row: Ticket) -> SafeString | str:
        links = (
            (reverse("admin:tickets_ticket_step", args=[row.pk, name]), step.label)
            for name, step in steps_of(row).items()
        )
        return format_html_join(" ", '<a class="button" href="{}">{}</a>', links) or "—"

    @admin.display(description=gettext_lazy("what happened"))
    def story(self, row: Ticket) -> SafeString:
        events = row.events.select_related("by").order_by("pk")
        lines = (
            (
                moment_words(event.created_at),
                event.get_what_display(),
                event.by or _("by the clock"),
                _("(internal)") if event.is_internal else "",
                event.text,
            )
            for event in events
        )
        return format_html_join("", "<div>{} · {} · {} {} {}</div>", lines)


def _photos(ticket: Ticket) -> list[Photo]:
    kinds = (verbs.KIND, verbs.REPLY, verbs.AFTER)
    return [photo for kind in kinds for photo in photos_by_subject(kind, [ticket.pk])[ticket.pk]]


def _has(ticket: Ticket, name: str) -> bool:
    if name == "pictures":
        return bool(_photos(ticket))
    return bool(getattr(ticket, name))


def _may(by: Any, ticket: Ticket) -> bool:
    """The desk, and whoever it was assigned to."""
    return may_handle(by, ticket) or (ticket.handler_id == by.pk and works_for(by, ticket.area))


def _order() -> Case:
    """Overdue first, then what waits to be accepted, what is under way, what waits for an answer, what is over."""
    now = timezone.now()
    return Case(
        When(state=State.RECEIVED, accept_due_at__lt=now, then=Value(0)),
        When(state__in=Ticket.TIMED, finish_due_at__lt=now, then=Value(0)),
        When(state=State.RECEIVED, then=Value(1)),
        When(state__in=Ticket.TIMED, then=Value(2)),
        When(state=State.WAITING, then=Value(3)),
        default=Value(4),
    )
