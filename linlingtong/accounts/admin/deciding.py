"""Rows that staff decide about, many at a time: an action that needs a reason asks for it on a page of its own."""

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import ngettext

from linlingtong.accounts.admin.asking import Asked, ReasonForm, ask
from linlingtong.accounts.admin.scoped import M, ScopedAdmin, scope_of
from linlingtong.accounts.permissions import MANAGING
from linlingtong.accounts.signed_in import caller
from linlingtong.areas.models import inside

SENT = "_sent"
MOST_NAMED = 30


def given(request: HttpRequest) -> Any:
    """What was typed on the page that asks; nothing yet when the action was just chosen from the list."""
    return request.POST if SENT in request.POST else None


def kept(request: HttpRequest, action: str) -> dict[str, list[str]]:
    """What leads from the page that asks back to the action and its rows."""
    chosen = {name: request.POST.getlist(name) for name in ("_selected_action", "select_across")}
    return {"action": [action], "index": ["0"], SENT: ["1"], **chosen}


class DecidingAdmin(ScopedAdmin[M]):
    """Whose `deciders` see and decide; everybody else of the area only looks on.

    `served` is the order in which the chosen rows are gone through, `grave` the actions whose button is red.
    """

    deciders: ClassVar[tuple[str, ...]] = MANAGING
    served: ClassVar[tuple[str, ...]] = ("pk",)
    grave: ClassVar[frozenset[str]] = frozenset()

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return bool(scope_of(request, self.deciders))

    def mine(self, request: HttpRequest, rows: QuerySet[M]) -> QuerySet[M]:
        """Of the chosen rows those that one decides about, in the order in which they are served."""
        return rows.filter(inside(scope_of(request, self.deciders), self.path_field)).order_by(*self.served)

    def line_words(self, row: M) -> str:
        """How a chosen row stands on the page that asks."""
        return str(row)

    def with_reason(
        self, request: HttpRequest, rows: QuerySet[M], action: str, title: str, verb: Callable[..., object]
    ) -> HttpResponse | None:
        rows, form = self.mine(request, rows), ReasonForm(given(request))
        if not form.is_valid():
            return self.ask_about(request, rows, action, form, title)
        by, reason = caller(request), form.cleaned_data["reason"]
        self.report(request, self.each(request, rows, lambda row: verb(row.pk, by=by, reason=reason)))
        return None

    def ask_about(
        self, request: HttpRequest, rows: QuerySet[M], action: str, form: forms.Form, title: str
    ) -> HttpResponse:
        number = rows.count()
        words = ngettext("%(number)d line is chosen.", "%(number)d lines are chosen.", number) % {"number": number}
        names = [self.line_words(row) for row in rows[:MOST_NAMED]]
        asked = Asked(title, title, request.get_full_path(), words, names, form=form, kept=kept(request, action))
        asked.is_grave = action in self.grave
        return ask(self, request, asked)

    def report(self, request: HttpRequest, done: int) -> None:
        words = ngettext("Done for %(number)d line.", "Done for %(number)d lines.", done) % {"number": done}
        self.message_user(request, words, messages.SUCCESS if done else messages.WARNING)
