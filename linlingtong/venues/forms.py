import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext_lazy as _

from linlingtong.areas.models import Organization
from linlingtong.core.text import clean_text
from linlingtong.core.time import is_likely
from linlingtong.venues.actions import Order
from linlingtong.venues.grid import Cell, Standing
from linlingtong.venues.models import Venue

WHOLE = "whole"


def read_day(text: str) -> dt.date | None:
    """A date of a query string; None for anything else."""
    try:
        return parse_date(text)
    except ValueError:
        return None


def read_moment(text: str) -> dt.datetime | None:
    """A moment of our days with its offset; None for anything else."""
    try:
        moment = parse_datetime(text.replace(" ", "+"))
    except ValueError:
        return None
    return moment if moment and moment.tzinfo and is_likely(moment) else None


class BookForm(forms.Form):
    """The chosen time stands fixed; what is left to say is which part, how long, for whom and what for."""

    at = forms.CharField(widget=forms.HiddenInput)
    part = forms.ChoiceField(label=_("Which part"), required=False, widget=forms.RadioSelect)
    slots = forms.TypedChoiceField(label=_("How long"), coerce=int, empty_value="", required=False)
    headcount = forms.IntegerField(
        label=_("How many people"),
        min_value=1,
        initial=1,
        widget=forms.NumberInput(attrs={"class": "input", "inputmode": "numeric"}),
    )
    team = forms.ChoiceField(label=_("For"), required=False, widget=forms.Select(attrs={"class": "input"}))
    purpose = forms.CharField(
        label=_("What for"), required=False, max_length=60, widget=forms.TextInput(attrs={"class": "input"})
    )

    def __init__(
        self, posted: Any = None, *, venue: Venue, cell: Cell | None, teams: Sequence[Organization] = (), **kwargs: Any
    ) -> None:
        super().__init__(posted, **kwargs)
        self.venue, self.cell = venue, cell
        fields: dict[str, Any] = dict(self.fields)
        fields["slots"].widget.attrs["class"] = "input"
        fields["slots"].choices = [
            (n, _("%(minutes)d minutes") % {"minutes": n * venue.slot_minutes}) for n in range(1, venue.most_slots + 1)
        ]
        fields["headcount"].max_value = venue.most_people
        mine = [] if cell and cell.standing == Standing.OVER_QUOTA else [("", _("myself"))]
        fields["team"].choices = [*mine, *((team.pk, str(team)) for team in teams)]
        fields["team"].required = not mine and bool(teams)
        self._let_choose_parts(fields["part"])
        for name, is_needed in (("part", venue.chooses_units), ("team", bool(teams)), ("slots", venue.most_slots > 1)):
            if not is_needed:
                del self.fields[name]

    def _let_choose_parts(self, field: Any) -> None:
        """Shown are the parts that are free; asked for may be any, so that the verb says who was faster."""
        units = list(self.venue.units.order_by("pk")) if self.venue.chooses_units else []
        free = {unit.pk for unit in self.cell.free} if self.cell else set()
        whole = [(WHOLE, str(_("the whole")))] if len(units) > 1 else []
        field.choices = [*whole, *((str(unit.pk), unit.name) for unit in units)]
        shown = [(str(unit.pk), unit.name) for unit in units if unit.pk in free or not self.cell]
        field.widget.choices = [*whole, *shown] if len(shown) == len(units) else shown
        field.initial = field.widget.choices[0][0] if field.widget.choices else None

    def clean_at(self) -> dt.datetime:
        moment = read_moment(self.cleaned_data["at"])
        if moment is None:
            raise forms.ValidationError(_("Choose a time in the table."), code="invalid")
        return moment

    def clean_purpose(self) -> str:
        return clean_text(self.cleaned_data["purpose"])

    def order(self) -> Order:
        """What the verb is asked for."""
        given = self.cleaned_data
        units: tuple[int, ...] = ()
        if self.venue.chooses_units:
            part = given.get("part") or WHOLE
            every = self.venue.units.order_by("pk").values_list("pk", flat=True)
            units = tuple(every) if part == WHOLE else (int(part),)
        team = given.get("team")
        return Order(
            self.venue.pk,
            given["at"],
            given["at"] + self.venue.slot * (given.get("slots") or 1),
            units,
            purpose=given["purpose"],
            headcount=given["headcount"],
            team_id=int(team) if team else None,
        )


class WordsForm(forms.Form):
    """A reason in one's own words."""

    text = forms.CharField(
        label=_("What happened?"),
        max_length=200,
        widget=forms.Textarea(attrs={"class": "input", "rows": 3}),
        error_messages={"required": _("Write a few words: they will be read.")},
    )
