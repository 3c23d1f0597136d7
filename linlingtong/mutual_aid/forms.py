import datetime as dt
from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linlingtong.accounts.actions import HOMES
from linlingtong.accounts.models import User
from linlingtong.areas.models import Area
from linlingtong.core.forms import DayField
from linlingtong.core.text import clean_text
from linlingtong.core.time import at
from linlingtong.mutual_aid.actions import Draft
from linlingtong.mutual_aid.limits import LONGEST_MINUTES, MOST_HELPERS, MOST_YUAN
from linlingtong.mutual_aid.models import HelpPost
from linlingtong.photos.forms import PhotosField

INPUT = {"class": "input"}
MOST_PHOTOS = 3
Choices = list[Any]
DURATIONS = [
    ("", gettext_lazy("not sure")),
    (30, gettext_lazy("half an hour")),
    (60, gettext_lazy("1 hour")),
    (120, gettext_lazy("2 hours")),
    (180, gettext_lazy("3 hours")),
    (240, gettext_lazy("half a day")),
    (480, gettext_lazy("a whole day")),
]


def place_choices(areas: Iterable[Area]) -> Choices:
    """Communities as groups: the community itself, its grids, its buildings."""
    rows = sorted(areas, key=lambda area: HOMES.index(Area.Level(area.level)))
    communities = {area.path: area for area in rows if area.level == Area.Level.COMMUNITY}
    groups: dict[str, list[tuple[str, str]]] = {path: [] for path in communities}
    for area in rows:
        path = next((path for path in communities if area.path.startswith(path)), "")
        if path:
            name = area.name if path == area.path else f"{communities[path].name} · {area.name}"
            groups[path].append((str(area.pk), name))
    return [("", _("Choose …")), *((communities[path].name, group) for path, group in groups.items() if group)]


class HelpForm(forms.Form):
    """What somebody asks, offers or wishes, on one page; which questions are asked depends on the type."""

    title = forms.CharField(
        max_length=60,
        widget=forms.TextInput(attrs=INPUT),
        error_messages={
            "required": gettext_lazy("Say in one line what it is about."),
            "max_length": gettext_lazy("Keep it to 60 characters."),
        },
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("What kind of help"),
        choices=[("", gettext_lazy("Choose …")), *HelpPost.Kind.choices],
        widget=forms.Select(attrs=INPUT),
        error_messages={"required": gettext_lazy("Choose what fits best.")},
    )
    text = forms.CharField(
        label=gettext_lazy("A little more about it"),
        required=False,
        max_length=600,
        widget=forms.Textarea(attrs=INPUT | {"rows": 4}),
        help_text=gettext_lazy("No phone numbers and no door: the helper gets those from us after the claim."),
    )
    item_size = forms.CharField(
        label=gettext_lazy("Size or model"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs=INPUT),
        help_text=gettext_lazy("For a thing, for example: shoes 38, desk lamp 40 cm."),
    )
    budget_cap = forms.IntegerField(
        label=gettext_lazy("Costs at most (yuan)"),
        required=False,
        min_value=0,
        max_value=32767,
        widget=forms.NumberInput(attrs=INPUT | {"inputmode": "numeric"}),
    )
    area = forms.ModelChoiceField(
        label=gettext_lazy("Where"),
        queryset=Area.objects.none(),
        widget=forms.Select(attrs=INPUT),
        help_text=gettext_lazy("Neighbours read the community and grid only."),
        error_messages={
            "required": gettext_lazy("Say where it is."),
            "invalid_choice": gettext_lazy("Say where it is."),
        },
    )
    door = forms.CharField(
        label=gettext_lazy("Door"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs=INPUT | {"autocomplete": "off"}),
        help_text=gettext_lazy("Only the helper sees it, after the claim."),
    )
    needed_on = DayField(
        label=gettext_lazy("Day"),
        required=False,
        widget=forms.DateInput(attrs=INPUT | {"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": gettext_lazy("Choose a day.")},
    )
    needed_time = forms.TimeField(
        label=gettext_lazy("Time"),
        required=False,
        widget=forms.TimeInput(attrs=INPUT | {"type": "time"}, format="%H:%M"),
        error_messages={"invalid": gettext_lazy("Write the time like 8:30.")},
    )
    minutes = forms.TypedChoiceField(
        label=gettext_lazy("How long it takes"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=DURATIONS,
        widget=forms.Select(attrs=INPUT),
    )
    helpers_needed = forms.IntegerField(
        label=gettext_lazy("How many helpers"),
        min_value=1,
        max_value=MOST_HELPERS,
        initial=1,
        widget=forms.NumberInput(attrs=INPUT | {"inputmode": "numeric"}),
        error_messages={
            "min_value": gettext_lazy("At least one."),
            "max_value": gettext_lazy("At most twenty; for more, an activity fits better."),
            "required": gettext_lazy("Write a number."),
        },
    )
    is_urgent = forms.BooleanField(
        label=gettext_lazy("It is urgent"),
        required=False,
        help_text=gettext_lazy("The helper has to get in touch within 2 hours."),
    )
    lets_choose = forms.BooleanField(
        label=gettext_lazy("I want to choose who helps"),
        required=False,
        help_text=gettext_lazy("Otherwise the first one gets it."),
    )
    is_on_behalf = forms.BooleanField(
        label=gettext_lazy("I write for a neighbour without a phone"),
        required=False,
        help_text=gettext_lazy("The helper rings you; you tell the neighbour."),
    )
    surname = forms.CharField(
        label=gettext_lazy("Surname of whom it is for"),
        required=False,
        max_length=2,
        widget=forms.TextInput(attrs=INPUT | {"autocomplete": "off"}),
        help_text=gettext_lazy("The surname only, for example 周. Neighbours read nothing more."),
        error_messages={"max_length": gettext_lazy("The surname only, please.")},
    )
    person = forms.ChoiceField(
        label=gettext_lazy("How to call them"),
        required=False,
        choices=HelpPost.Person.choices,
        widget=forms.Select(attrs=INPUT),
    )
    photos = PhotosField(most=MOST_PHOTOS)

    WITHOUT = {
        "request": ("item_size", "budget_cap"),
        "offer": ("item_size", "budget_cap", "is_urgent", "surname", "person", "is_on_behalf"),
        "wish": ("door", "helpers_needed", "lets_choose", "is_urgent"),
    }
    TITLES = {
        "request": gettext_lazy("What do you need?"),
        "offer": gettext_lazy("What can you do for neighbours?"),
        "wish": gettext_lazy("What is the wish?"),
    }

    def __init__(self, *args: Any, by: User | None, type_: str, may_post_for_others: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.type = type_
        for name in self.WITHOUT[type_]:
            del self.fields[name]
        self.fields["title"].label = self.TITLES[type_]
        if not may_post_for_others:
            self.fields.pop("is_on_behalf", None)
            if type_ != "wish":
                self.fields.pop("surname", None)
                self.fields.pop("person", None)
        if type_ == "offer":
            self.fields["helpers_needed"].label = _("For how many neighbours")
        if "budget_cap" in self.fields:
            self.fields["budget_cap"].help_text = _("At most %(most)d. No cash, please.") % {"most": MOST_YUAN}
        photos = self.fields["photos"]
        if isinstance(photos, PhotosField):
            photos.by = by
        self._offer_places()

    def _offer_places(self) -> None:
        areas = Area.objects.active().filter(level__in=HOMES).in_order()
        field = self.fields["area"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = areas
            field.widget.choices = place_choices(areas)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("needed_time") and not found.get("needed_on"):
            self.add_error("needed_on", _("Choose the day too."))
        return found

    @property
    def draft(self) -> Draft:
        found = self.cleaned_data
        day, clock = found.get("needed_on"), found.get("needed_time")
        return Draft(
            type=self.type,
            kind=found["kind"],
            title=found["title"],
            area=found["area"],
            text=found["text"],
            item_size=found.get("item_size", ""),
            door=found.get("door", ""),
            urgency=HelpPost.Urgency.URGENT if found.get("is_urgent") else HelpPost.Urgency.NORMAL,
            helpers_needed=found.get("helpers_needed") or 1,
            needed_at=_moment(day, clock),
            minutes=found.get("minutes"),
            budget_cap=found.get("budget_cap"),
            surname=found.get("surname", ""),
            person=found.get("person") or HelpPost.Person.NEIGHBOUR,
            is_on_behalf=bool(found.get("is_on_behalf")),
            lets_choose=bool(found.get("lets_choose")),
        )


def _moment(day: dt.date | None, clock: dt.time | None) -> dt.datetime | None:
    """The moment; a day without a time means until its evening."""
    return at(day, clock or dt.time(20)) if day else None


class SayForm(forms.Form):
    """A few words about one post: why, or thanks."""

    text = forms.CharField(max_length=300, widget=forms.Textarea(attrs=INPUT | {"rows": 3}))

    def __init__(self, *args: Any, label: str, hint: str = "", is_required: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["text"]
        field.label, field.help_text, field.required = label, hint, is_required
        field.error_messages["required"] = _("Write a few words.")

    def clean_text(self) -> str:
        text = clean_text(self.cleaned_data["text"])
        if not text and self.fields["text"].required:
            raise forms.ValidationError(_("Write a few words."), code="required")
        return text


class DoneForm(forms.Form):
    """How long it took, and whose help is meant; not saying is fine."""

    minutes = forms.IntegerField(required=False, min_value=0, max_value=LONGEST_MINUTES)
    claim = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
