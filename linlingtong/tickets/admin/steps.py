"""What staff can do with one report: the words of the button, what has to be filled in, and the verb."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linlingtong.accounts.admin.asking import ReasonForm, seen
from linlingtong.accounts.models import Appointment, User
from linlingtong.accounts.permissions import MANAGING
from linlingtong.areas.models import Area
from linlingtong.photos.forms import PhotosField
from linlingtong.tickets import actions
from linlingtong.tickets.actions.moves import MOVES, State
from linlingtong.tickets.models import Category, Ticket


class StepForm(forms.Form):
    """A form about one report, filled in by somebody of the staff."""

    def __init__(self, *args: Any, ticket: Ticket, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ticket, self.by = ticket, by
        self.prepare()

    def prepare(self) -> None:
        """What depends on the report."""


class ReasonStep(StepForm, ReasonForm):
    pass


class AssignForm(StepForm):
    handler = forms.ModelChoiceField(label=gettext_lazy("who looks after it"), queryset=User.objects.none())
    text = forms.CharField(label=gettext_lazy("internal note"), max_length=400, required=False)

    def prepare(self) -> None:
        above = Area.objects.filter(pk__in=self.ticket.area.ancestor_ids)
        held = Appointment.objects.filter(area__in=above, role__in=MANAGING).current()
        handler: Any = self.fields["handler"]
        handler.queryset = User.objects.filter(pk__in=held.values("user"), is_active=True).order_by("nickname", "pk")


class QuestionForm(StepForm):
    question = forms.CharField(
        label=gettext_lazy("question"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("The clock stands until the answer. For example: which staircase is it?"),
    )

    def clean_question(self) -> str:
        return seen(self.cleaned_data["question"], _("Write a question first."))


class TransferForm(StepForm):
    unit = forms.CharField(
        label=gettext_lazy("passed on to"), max_length=40, help_text=gettext_lazy("The reporter reads it.")
    )

    def clean_unit(self) -> str:
        return seen(self.cleaned_data["unit"], _("Say to whom."))


class ExtendForm(ReasonStep):
    days = forms.IntegerField(label=gettext_lazy("working days more"), min_value=1, max_value=30, initial=3)
    field_order = ["days", "reason"]


class CategoryForm(StepForm):
    category = forms.ModelChoiceField(label=gettext_lazy("kind"), queryset=Category.objects.none())

    def prepare(self) -> None:
        category: Any = self.fields["category"]
        category.queryset = Category.objects.active()
        category.initial = self.ticket.category_id


class MergeForm(StepForm):
    into = forms.ModelChoiceField(
        label=gettext_lazy("goes on with"),
        queryset=Ticket.objects.none(),
        to_field_name="number",
        help_text=gettext_lazy("Open reports of the same community, the same kind first."),
    )

    def prepare(self) -> None:
        rows = Ticket.objects.managed_by(self.by).running().exclude(pk=self.ticket.pk)
        into: Any = self.fields["into"]
        into.queryset = rows.select_related("category", "area").order_by("-pk")
        into.label_from_instance = _line


def _line(ticket: Ticket) -> str:
    return f"{ticket.number} · {ticket.category} · {ticket.area} {ticket.place} · {ticket.text[:20]}"


class CloseForm(StepForm):
    outcome = forms.ChoiceField(label=gettext_lazy("what came of it"), choices=Ticket.Outcome.choices)
    explanation = forms.CharField(
        label=gettext_lazy("explanation"),
        max_length=400,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("The reporter reads it, and everybody when the report is public. No names or phones."),
    )

    def prepare(self) -> None:
        photos = PhotosField(
            most=3,
            label=gettext_lazy("photos of how it is now"),
            help_text=gettext_lazy("Up to 3, 10 MB each. No faces, please."),
        )
        photos.by = self.by
        self.fields["photos"] = photos


class NoteForm(StepForm):
    text = forms.CharField(
        label=gettext_lazy("internal note"), max_length=400, widget=forms.Textarea(attrs={"rows": 3})
    )

    def clean_text(self) -> str:
        return seen(self.cleaned_data["text"], _("Write a few words: they will be read."))


Verb = Callable[[Ticket, User, dict[str, Any]], object]


@dataclass(frozen=True)
class Step:
    """One thing to do; `to` is the state it leads to, empty when it stays."""

    label: Any
    form: type[StepForm]
    verb: Verb
    to: str = ""
    is_grave: bool = False

    def fits(self, ticket: Ticket) -> bool:
        return self.to in MOVES[ticket.state] if self.to else ticket.state in Ticket.RUNNING


STEPS: dict[str, Step] = {
    "accept": Step(gettext_lazy("Accept"), StepForm, lambda t, by, _f: actions.accept(t.pk, by=by), State.ACCEPTED),
    "assign": Step(
        gettext_lazy("Assign"),
        AssignForm,
        lambda t, by, f: actions.assign(t.pk, f["handler"], by=by, text=f["text"]),
        State.ASSIGNED,
    ),
    "start": Step(gettext_lazy("Begin"), StepForm, lambda t, by, _f: actions.start(t.pk, by=by), State.IN_PROGRESS),
    "ask": Step(
        gettext_lazy("Ask the reporter"),
        QuestionForm,
        lambda t, by, f: actions.ask_reporter(t.pk, f["question"], by=by),
        State.WAITING,
    ),
    "transfer": Step(
        gettext_lazy("Pass on"),
        TransferForm,
        lambda t, by, f: actions.transfer(t.pk, f["unit"], by=by),
        State.TRANSFERRED,
    ),
    "close": Step(
        gettext_lazy("Settle"),
        CloseForm,
        lambda t, by, f: actions.close(t.pk, f["outcome"], by=by, explanation=f["explanation"], photos=f["photos"]),
        State.CLOSED,
    ),
    "extend": Step(
        gettext_lazy("Takes longer"),
        ExtendForm,
        lambda t, by, f: actions.extend(t.pk, f["days"], f["reason"], by=by),
    ),
    "category": Step(
        gettext_lazy("Another kind"),
        CategoryForm,
        lambda t, by, f: actions.change_category(t.pk, f["category"], by=by),
    ),
    "merge": Step(
        gettext_lazy("Merge into another"),
        MergeForm,
        lambda t, by, f: actions.merge(t.pk, f["into"].pk, by=by),
        State.DUPLICATE,
        is_grave=True,
    ),
    "refuse": Step(
        gettext_lazy("Do not take it up"),
        ReasonStep,
        lambda t, by, f: actions.refuse(t.pk, f["reason"], by=by),
        State.REFUSED,
        is_grave=True,
    ),
    "note": Step(gettext_lazy("Internal note"), NoteForm, lambda t, by, f: actions.add_note(t.pk, f["text"], by=by)),
}


def steps_of(ticket: Ticket) -> dict[str, Step]:
    """What can be done with the report where it stands."""
    found = {name: step for name, step in STEPS.items() if step.fits(ticket)}
    if ticket.state == State.WAITING:
        found = {name: step for name, step in found.items() if name in {"close", "merge", "note", "category"}}
    if ticket.extended_days:
        found.pop("extend", None)
    return found
