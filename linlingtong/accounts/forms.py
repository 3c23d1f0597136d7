import datetime as dt
from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linlingtong.accounts.actions import HOMES, UnlikelyBirthday, is_likely_birthday
from linlingtong.accounts.display import Display
from linlingtong.accounts.models import User
from linlingtong.areas.models import Area, Organization
from linlingtong.core.forms import DayField
from linlingtong.core.text import clean_text
from linlingtong.core.time import today

Choices = list[Any]


def home_choices(areas: Iterable[Area]) -> Choices:
    """Communities as groups: the community itself, then its grids, then its buildings."""
    rows = sorted(areas, key=lambda area: HOMES.index(Area.Level(area.level)))
    communities = {area.path: area for area in rows if area.level == Area.Level.COMMUNITY}
    groups: dict[str, list[tuple[str, str]]] = {path: [] for path in communities}
    for area in rows:
        path = next((path for path in communities if area.path.startswith(path)), "")
        if path == area.path:
            groups[path].append((str(area.pk), _("%(community)s (no closer)") % {"community": area.name}))
        elif path:
            groups[path].append((str(area.pk), f"{communities[path].name} · {area.name}"))
    return [("", _("I would rather not say")), *((communities[path].name, group) for path, group in groups.items())]


class ProfileForm(forms.Form):
    """What a resident says about themselves."""

    nickname = forms.CharField(
        label=gettext_lazy("Nickname"),
        required=False,
        max_length=30,
        help_text=gettext_lazy("What neighbours call you. Your real name is not needed."),
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "nickname"}),
        error_messages={"max_length": gettext_lazy("Keep the nickname to 30 characters.")},
    )
    home_area = forms.TypedChoiceField(
        label=gettext_lazy("Where you live"),
        required=False,
        coerce=int,
        empty_value=None,
        help_text=gettext_lazy(
            "Some activities are for one community only. Neighbours never see your grid or building."
        ),
        widget=forms.Select(attrs={"class": "input"}),
        error_messages={"invalid_choice": gettext_lazy("Choose a place from the list.")},
    )
    born_on = DayField(
        label=gettext_lazy("Date of birth"),
        required=False,
        help_text=gettext_lazy("Only needed for activities with a minimum age: it is checked when you register."),
        widget=forms.DateInput(
            attrs={"class": "input input-short", "type": "date", "autocomplete": "bday"}, format="%Y-%m-%d"
        ),
        input_formats=["%Y-%m-%d"],
        error_messages={"invalid": gettext_lazy("Write the date as year-month-day, for example 1991-03-08.")},
    )
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=settings.LANGUAGES, widget=forms.RadioSelect)

    def __init__(self, *args: Any, user: User, areas: Iterable[Area], **kwargs: Any) -> None:
        now = {name: getattr(user, name) for name in ("nickname", "born_on", "language")}
        kwargs["initial"] = {**now, "home_area": user.home_area_id or ""}
        super().__init__(*args, **kwargs)
        choices = home_choices(areas)
        if user.home_area and not _offers(choices, str(user.home_area.pk)):
            choices.insert(1, (str(user.home_area.pk), user.home_area.name))
        cast("forms.ChoiceField", self.fields["home_area"]).choices = choices
        self.fields["born_on"].widget.attrs["max"] = today().isoformat()

    def clean_nickname(self) -> str:
        typed: str = self.cleaned_data["nickname"]
        if typed and not clean_text(typed):
            raise forms.ValidationError(_("Write at least one visible character."), code="blank")
        return typed

    def clean_born_on(self) -> dt.date | None:
        day: dt.date | None = self.cleaned_data["born_on"]
        if not is_likely_birthday(day):
            raise forms.ValidationError(UnlikelyBirthday.message, code=UnlikelyBirthday.code)
        return day


def _offers(choices: Choices, value: str) -> bool:
    return any(value == key for __, group in choices if isinstance(group, list) for key, __ in group)


class JoinForm(forms.Form):
    """A company, a dormitory or a team to belong to."""

    organization = forms.TypedChoiceField(
        label=gettext_lazy("Company, dormitory or team"),
        coerce=int,
        widget=forms.Select(attrs={"class": "input"}),
        error_messages={
            "required": gettext_lazy("Choose a company, a dormitory or a team."),
            "invalid_choice": gettext_lazy("Choose one from the list."),
        },
    )

    def __init__(self, *args: Any, organizations: Iterable[Organization], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        groups: dict[str, list[tuple[str, str]]] = {kind: [] for kind in Organization.Kind.values}
        for organization in organizations:
            groups[organization.kind].append((str(organization.pk), organization.name))
        labels = dict(Organization.Kind.choices)
        choices: Choices = [(str(labels[Organization.Kind(kind)]), group) for kind, group in groups.items() if group]
        cast("forms.ChoiceField", self.fields["organization"]).choices = [("", _("Choose")), *choices]


class DisplayForm(forms.Form):
    """How pages look; every choice is made, so nothing is optional."""

    size = forms.ChoiceField(
        label=gettext_lazy("Text size"), required=False, choices=User.TextSize.choices, widget=forms.RadioSelect
    )
    elder_mode = forms.ChoiceField(
        label=gettext_lazy("Edition"),
        required=False,
        choices=[("", gettext_lazy("Standard edition")), ("on", gettext_lazy("Large-text edition"))],
        widget=forms.RadioSelect,
    )
    theme = forms.ChoiceField(
        label=gettext_lazy("Colours"), required=False, choices=User.Theme.choices, widget=forms.RadioSelect
    )

    def __init__(self, *args: Any, chosen: Display, **kwargs: Any) -> None:
        elder_mode = "on" if chosen.is_elder else ""
        kwargs["initial"] = {"size": chosen.size, "elder_mode": elder_mode, "theme": chosen.theme}
        super().__init__(*args, **kwargs)
