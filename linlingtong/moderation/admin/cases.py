from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import translation
from django.utils.translation import gettext, gettext_lazy, gettext_noop
from django.utils.translation import gettext as _

from linlingtong.accounts.admin.scoped import ScopedAdmin, scope_of
from linlingtong.accounts.signed_in import caller
from linlingtong.core.refusal import Refusal
from linlingtong.core.subject import known_subjects, subject_of
from linlingtong.moderation import actions
from linlingtong.moderation.actions import Decision
from linlingtong.moderation.forms import DecisionForm
from linlingtong.moderation.models import Case
from linlingtong.moderation.permissions import queue_for
from linlingtong.photos.reading import photos_by_subject

# What staff say most often; the author reads it as it stands.
REASONS = {
    "private": gettext_noop("Please take out the phone number, the door or the full name: everybody can read this."),
    "face": gettext_noop("Somebody's face can be recognised. Please ask them first, or send another photo."),
    "advert": gettext_noop("This is advertising. Only neighbours' own words belong here."),
    "complaint": gettext_noop("This is a complaint. Please send it as a report (Toolbox): it gets an answer there."),
    "insult": gettext_noop("This hurts somebody. Please find other words."),
    "unclear": gettext_noop("We do not quite understand it. Please write a little more."),
}
HISTORY = 8


class WaitingFilter(admin.SimpleListFilter):
    """By default only what waits; what was decided is one tap away."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002 - Django's
        return [("all", _("All")), *((state.value, state.label) for state in Case.State)]

    def choices(self, changelist: Any) -> Any:
        choices = super().choices(changelist)
        next(choices)
        query = changelist.get_query_string(remove=[self.parameter_name])
        yield {"selected": self.value() is None, "query_string": query, "display": _("Waiting")}
        yield from choices

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:  # noqa: ARG002 - Django's signature
        if self.value() is None:
            return queryset.filter(state__in=Case.WAITING_STATES)
        return queryset if self.value() == "all" else queryset.filter(state=self.value())


class KindFilter(admin.SimpleListFilter):
    title = gettext_lazy("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002 - Django's
        return [(subject.kind, str(subject.name)) for subject in known_subjects()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:  # noqa: ARG002 - Django's signature
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(Case)
class CaseAdmin(ScopedAdmin[Case]):
    """Everything residents wrote, by case: a list, and a page that shows one after the other."""

    path_field = "area_path"
    list_display = ("excerpt", "what", "author", "state", "cause", "waiting_since")
    list_filter = (WaitingFilter, KindFilter, "cause")
    list_select_related = ("author",)
    ordering = ("waiting_since", "id")
    list_per_page = 50
    change_list_template = "admin/moderation/cases.html"

    @admin.display(description=gettext_lazy("text"))
    def excerpt(self, case: Case) -> str:
        return str(case)

    @admin.display(description=gettext_lazy("kind"))
    def what(self, case: Case) -> str:
        return name_of(case.kind)

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("queue/", self.admin_site.admin_view(self.queue_view), name="moderation_case_queue"),
            path("<int:pk>/decide/", self.admin_site.admin_view(self.decide_view), name="moderation_case_decide"),
            path(
                "<int:pk>/nickname/", self.admin_site.admin_view(self.nickname_view), name="moderation_case_nickname"
            ),
        ]
        return own + super().get_urls()

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        counts = (
            queue_for(caller(request), scope_of(request)).order_by().values_list("kind").annotate(number=Count("id"))
        )
        kinds = [(name_of(kind), number, f"?{urlencode({'kind': kind})}") for kind, number in counts.order_by("kind")]
        shown = {"kinds": kinds, "title": _("Review queue"), **(extra_context or {})}
        return super().changelist_view(request, shown)

    def queue_view(self, request: HttpRequest) -> HttpResponse:
        """The case that waits longest and that this person can decide."""
        if not self.has_view_permission(request):
            raise Http404
        kind = request.GET.get("kind", "")
        waiting = queue_for(caller(request), scope_of(request))
        waiting = waiting.filter(kind=kind) if subject_of(kind) else waiting
        first = waiting.values_list("pk", flat=True).first()
        if first is None:
            messages.info(request, _("Nothing is waiting for you. Thank you!"))
            return redirect("admin:moderation_case_changelist")
        return redirect(self._page(first, kind))

    def _page(self, pk: int, kind: str) -> str:
        address = reverse("admin:moderation_case_change", args=[pk])
        return f"{address}?{urlencode({'kind': kind})}" if subject_of(kind) else address

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",  # noqa: ARG002 - Django's signature
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The whole case on one page: text, photos, why it is here, what its author wrote before."""
        if request.method not in {"GET", "HEAD"}:
            raise Http404
        case = self.get_object(request, object_id)
        context = {**self.admin_site.each_context(request), "opts": self.opts, **self._shown(request, case)}
        return TemplateResponse(request, "admin/moderation/case.html", context | (extra_context or {}))

    def _shown(self, request: HttpRequest, case: Case) -> dict[str, Any]:
        subject = subject_of(case.kind)
        steps = list(case.events.select_related("by").order_by("-id")[:HISTORY])
        # Only what was written in one's own areas: the rest is no business of this community.
        earlier = self.get_queryset(request).filter(author__isnull=False, author=case.author_id).exclude(pk=case.pk)
        return {
            "title": f"{name_of(case.kind)} · {case.get_state_display()}",
            "case": case,
            "photos": photos_by_subject(case.kind, [case.object_id])[case.object_id],
            "url": subject.url(case.object_id) if subject and case.kind != "nickname" else "",
            "steps": steps,
            "seen": steps[0].pk if steps else 0,
            "reports": list(case.reports.select_related("by").order_by("-id")[:20]),
            "earlier": list(earlier.order_by("-submitted_at", "-id")[:HISTORY]),
            "passed": earlier.filter(state=Case.State.PASSED).count(),
            "taken": earlier.filter(state__in=[Case.State.HIDDEN, Case.State.RETURNED]).count(),
            "reasons": {key: _(text) for key, text in REASONS.items()},
            "left": queue_for(caller(request), scope_of(request)).count(),
            "kind": request.GET.get("kind", ""),
            "is_mine": case.author_id == request.user.pk,
        }

    def decide_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        case = self.get_queryset(request).filter(pk=pk).first()
        if case is None or request.method != "POST":
            raise Http404
        form = DecisionForm(request.POST)
        if not form.is_valid():
            messages.error(request, _("Choose pass, return or hide."))
            return redirect(self._page(pk, request.GET.get("kind", "")))
        return self._decided(request, case, form)

    def _decided(self, request: HttpRequest, case: Case, form: DecisionForm) -> HttpResponse:
        kind, given = request.GET.get("kind", ""), form.cleaned_data
        try:
            done = actions.decide(
                case.pk, given["decision"], by=caller(request), reason=reason_of(case, given), seen=given["seen"]
            )
        except PermissionDenied as error:
            raise Http404 from error
        except Refusal as refusal:
            messages.error(request, refusal.detail)
            return redirect(self._page(case.pk, kind))
        messages.success(request, said(done))
        queue = reverse("admin:moderation_case_queue")
        return redirect(f"{queue}?{urlencode({'kind': kind})}" if subject_of(kind) else queue)

    def nickname_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The author's nickname is what is wrong."""
        case = self.get_queryset(request).filter(pk=pk).first()
        if case is None or case.author_id is None or request.method != "POST":
            raise Http404
        reason = _("Please choose another nickname: this one offends somebody.")
        try:
            actions.withdraw_nickname(case.author_id, by=caller(request), reason=reason)
        except PermissionDenied:
            messages.error(request, _("The author lives elsewhere: their own community decides about the nickname."))
        except Refusal as refusal:
            messages.error(request, refusal.detail)
        else:
            messages.success(request, _("The nickname is gone; its owner is told."))
        return redirect(self._page(pk, request.GET.get("kind", "")))


def name_of(kind: str) -> str:
    subject = subject_of(kind)
    return str(subject.name if subject else kind)


def reason_of(case: Case, given: dict[str, Any]) -> str:
    """A reason from the list and what was added to it, in the author's language as far as it is ours."""
    from_list = REASONS.get(given["why"], "")
    language = case.author.language if case.author else "zh-hans"
    with translation.override(language):
        text = gettext(from_list) if from_list else ""
    return " ".join(part for part in (text, given["reason"]) if part)[:300]


def said(case: Case) -> str:
    if case.is_waiting:
        return _("Noted. A second colleague has to look before it is shown.")
    done = {
        Decision.PASS: _("Passed."),
        Decision.RETURN: _("Returned; the author is told."),
        Decision.HIDE: _("Hidden; the author is told."),
    }
    return done[Decision(case.state)]
