import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linlingtong.accounts.models import User
from linlingtong.activities.actions import Guest
from linlingtong.activities.models import Activity, Question, Scan, Session
from linlingtong.areas.models import Area
from linlingtong.core.fields import LARGEST_ID
from linlingtong.core.forms import DayField
from linlingtong.core.text import clean_text
from linlingtong.core.time import today

LONGEST_NAME = 30
OLDEST = 120


class Filters(forms.Form):
    """What a list of activities is narrowed by; every wrong value is simply left out."""

    class Time:
        EVENING = "evening"
        WEEKEND = "weekend"
        DAYTIME = "daytime"
        SHIFT = "shift"

    TIMES = [
        (Time.EVENING, gettext_lazy("Workday evenings")),
        (Time.WEEKEND, gettext_lazy("Weekends")),
        (Time.DAYTIME, gettext_lazy("Workday daytime")),
        (Time.SHIFT, gettext_lazy("Good for shifts (mornings and late evenings)")),
    ]

    q = forms.CharField(required=False, max_length=64)
    community = forms.MultipleChoiceField(required=False)
    kind = forms.ChoiceField(required=False, choices=Activity.Kind.choices)
    date = DayField(required=False)
    time = forms.MultipleChoiceField(required=False, choices=TIMES)

    def __init__(self, query: Any, communities: Iterable[Area]) -> None:
        super().__init__(query)
        choices = self.fields["community"]
        if isinstance(choices, forms.MultipleChoiceField):
            choices.choices = [(area.slug, area.name) for area in communities]

    @property
    def chosen(self) -> dict[str, Any]:
        """The usable values only."""
        self.full_clean()
        return {name: value for name, value in self.cleaned_data.items() if value}


class JoinForm(forms.Form):
    """Everything one needs to say to take part, on one page. The phone comes from the account."""

    note = forms.CharField(
        label=gettext_lazy("Something to tell the leader"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"class": "input"}),
        error_messages={"max_length": gettext_lazy("Keep it to 200 characters, please.")},
    )
    may_be_photographed = forms.BooleanField(
        label=gettext_lazy("You may photograph me (you can join without this)"), required=False
    )

    def __init__(
        self,
        *args: Any,
        activity: Activity,
        sessions: Sequence[Session],
        questions: Sequence[Question],
        resident: User | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.activity, self.sessions, self.questions = activity, sessions, questions
        self.resident = resident
        self._ask_session()
        self._ask_birth_date()
        self._ask_questions()
        self._ask_companions()
        self.order_fields(["session", "born_on", *self.question_names, *self.companion_names])

    @property
    def question_names(self) -> list[str]:
        return [f"question_{question.pk}" for question in self.questions]

    @property
    def companion_names(self) -> list[str]:
        numbers = range(1, self.activity.largest_party + 1)
        return [name for n in numbers for name in (f"companion_{n}_name", f"companion_{n}_age")]

    @property
    def asks_birth_date(self) -> bool:
        return "born_on" in self.fields

    @property
    def question_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.question_names]

    @property
    def companion_rows(self) -> list[tuple[int, forms.BoundField, forms.BoundField]]:
        return [
            (n, self[f"companion_{n}_name"], self[f"companion_{n}_age"])
            for n in range(1, self.activity.largest_party + 1)
        ]

    @property
    def has_companions(self) -> bool:
        """Whether a companion was typed in, right or wrong: then the rows stay open."""
        return any(self[name].value() for name in self.companion_names)

    @property
    def youngest_companion(self) -> str | None:
        """The field of the age of the first companion below the activity's minimum age."""
        least = self.activity.minimum_age or 0
        ages = [name for name in self.companion_names if name.endswith("_age")]
        return next((name for name in ages if (self.cleaned_data.get(name) or least) < least), None)

    @property
    def party(self) -> list[Guest]:
        found = self.cleaned_data
        rows = range(1, self.activity.largest_party + 1)
        return [
            Guest(name=found[f"companion_{n}_name"], age=found[f"companion_{n}_age"])
            for n in rows
            if found[f"companion_{n}_name"]
        ]

    @property
    def answers(self) -> dict[str, Any]:
        """By question id; a question left empty is left out."""
        found = {question.pk: self.cleaned_data[f"question_{question.pk}"] for question in self.questions}
        return {str(key): value for key, value in found.items() if value not in ("", None)}

    def clean_note(self) -> str:
        return clean_text(self.cleaned_data["note"])

    def clean(self) -> dict[str, Any]:
        for n in range(1, self.activity.largest_party + 1):
            name = clean_text(self.cleaned_data.get(f"companion_{n}_name") or "")
            self.cleaned_data[f"companion_{n}_name"] = name
            if self.cleaned_data.get(f"companion_{n}_age") is not None and not name:
                self.add_error(f"companion_{n}_name", _("Write the name of companion %(number)d too.") % {"number": n})
        return self.cleaned_data

    def _ask_session(self) -> None:
        only = self.sessions[0].pk if len(self.sessions) == 1 else None
        self.fields["session"] = forms.TypedChoiceField(
            label=gettext_lazy("Choose a session"),
            coerce=int,
            choices=[(session.pk, str(session)) for session in self.sessions],
            initial=only,
            widget=forms.RadioSelect if only is None else forms.HiddenInput,
            error_messages=dict.fromkeys(("required", "invalid_choice"), gettext_lazy("Please choose a session.")),
        )

    def _ask_birth_date(self) -> None:
        if self.activity.minimum_age is None or (self.resident and self.resident.born_on):
            return
        self.fields["born_on"] = DayField(
            label=gettext_lazy("Your date of birth"),
            widget=forms.DateInput(
                attrs={"class": "input", "type": "date", "autocomplete": "bday"}, format="%Y-%m-%d"
            ),
            error_messages=dict.fromkeys(
                ("required", "invalid"), gettext_lazy("Write your date of birth, for example 1995-03-27.")
            ),
            validators=[_believable_birth_date],
        )

    def _ask_questions(self) -> None:
        for question in self.questions:
            self.fields[f"question_{question.pk}"] = _question_field(question)

    def _ask_companions(self) -> None:
        for n in range(1, self.activity.largest_party + 1):
            self.fields[f"companion_{n}_name"] = forms.CharField(
                label=_("Companion %(number)d") % {"number": n},
                required=False,
                max_length=LONGEST_NAME,
                widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
                error_messages={"max_length": gettext_lazy("Keep the name to 30 characters, please.")},
            )
            self.fields[f"companion_{n}_age"] = forms.IntegerField(
                label=_("Age of companion %(number)d") % {"number": n},
                required=False,
                min_value=0,
                max_value=OLDEST,
                widget=forms.TextInput(attrs={"class": "input", "inputmode": "numeric", "autocomplete": "off"}),
                error_messages=dict.fromkeys(
                    ("invalid", "min_value", "max_value"), gettext_lazy("Write the age as a number, for example 7.")
                ),
            )


class GiveUpForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Why, if you like"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"class": "input"}),
        error_messages={"max_length": gettext_lazy("Keep it to 200 characters, please.")},
    )


class ArrivalForm(forms.Form):
    """The six digits or the code that stands on the venue's screen."""

    code = forms.CharField(
        label=gettext_lazy("Six digits on the screen"),
        max_length=200,
        widget=forms.TextInput(
            attrs={"class": "input input-code", "inputmode": "numeric", "autocomplete": "one-time-code"}
        ),
        error_messages={"required": gettext_lazy("Type the six digits that you see on the screen.")},
    )
    kind = forms.ChoiceField(choices=[("in", "in"), ("out", "out")], required=False)


class EntryForm(forms.Form):
    """What a scanner or a keyboard puts into the box of the console."""

    entry = forms.CharField(max_length=300, required=False)
    kind = forms.ChoiceField(choices=[("in", "in"), ("out", "out")])


class CallForm(forms.Form):
    """Whose number is looked up."""

    registration = forms.IntegerField(min_value=1, max_value=LARGEST_ID)


class MarkForm(forms.Form):
    """One tap on a line of the roster."""

    registration = forms.IntegerField(min_value=1, max_value=LARGEST_ID)
    kind = forms.ChoiceField(choices=Scan.Kind.choices)


class LetInForm(forms.Form):
    """Somebody whom nobody expected: by phone, by line of the roster, or by name alone."""

    resident = forms.IntegerField(min_value=1, max_value=LARGEST_ID, required=False)
    phone = forms.CharField(max_length=40, required=False)
    name = forms.CharField(max_length=60, required=False)
    client_id = forms.UUIDField(required=False)


class SettleForm(forms.Form):
    """The leader has looked at an arrival by the printed code."""

    scan = forms.IntegerField(min_value=1, max_value=LARGEST_ID)
    is_here = forms.BooleanField(required=False)


class WalkInForm(forms.Form):
    walk_in = forms.IntegerField(min_value=1, max_value=LARGEST_ID)
    has_left = forms.BooleanField(required=False)


class AppealForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("Why you could not come"),
        max_length=500,
        widget=forms.Textarea(attrs={"class": "input", "rows": 3}),
        error_messages={"required": gettext_lazy("Write in a sentence why you could not come.")},
    )


def _believable_birth_date(day: dt.date) -> None:
    if not today().year - OLDEST <= day.year or day > today():
        raise forms.ValidationError(_("Write your date of birth, for example 1995-03-27."))


def _question_field(question: Question) -> forms.Field:
    """A field of the question's kind; required ones say what to do when left empty."""
    missing = {"required": _("Answer “%(question)s”.") % {"question": question.text}}
    common: dict[str, Any] = {"label": question.text, "required": question.is_required, "error_messages": missing}
    if question.kind == Question.Kind.TEXT:
        return forms.CharField(max_length=200, widget=forms.TextInput(attrs={"class": "input"}), **common)
    if question.kind == Question.Kind.YES_NO:
        choices = [("yes", _("Yes")), ("no", _("No"))]
    else:
        choices = [(choice, choice) for choice in question.choices]
    return forms.ChoiceField(choices=choices, widget=forms.RadioSelect, **common)
