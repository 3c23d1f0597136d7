"""Forms around offline activities: writing one down, sheets of names, exports, ratings and reviews."""

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from linlingtong.accounts.models import User
from linlingtong.activities.actions.cells import LONGEST_MINUTES
from linlingtong.activities.models import Activity
from linlingtong.areas.models import Area
from linlingtong.core.forms import DayField
from linlingtong.core.text import clean_text
from linlingtong.core.time import at, today
from linlingtong.photos.forms import PhotosField

LINES = {"rows": 6, "autocomplete": "off", "spellcheck": "false"}


class CleanText(forms.CharField):
    """Text without what cannot be seen."""

    def to_python(self, value: Any) -> str:
        return clean_text(super().to_python(value) or "")


def day_field(**kwargs: Any) -> forms.DateField:
    return DayField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **kwargs)


def clock_field(**kwargs: Any) -> forms.TimeField:
    return forms.TimeField(widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"), **kwargs)


class EvidenceForm(forms.Form):
    """What proves a record: words and pictures of the sign-in sheet."""

    evidence = CleanText(
        label=_("evidence"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("For example: sign-in sheet on paper, kept by Ms Li in the community office."),
    )
    photos = PhotosField(most=6, label=_("pictures of the sign-in sheet"))

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["photos"]
        if isinstance(field, PhotosField):
            field.by = by


class NamesForm(forms.Form):
    """People of a roster, typed in."""

    names = forms.CharField(
        label=_("who was there"),
        max_length=40_000,
        widget=forms.Textarea(attrs=LINES),
        help_text=_("One person a line: name, phone, minutes. Phone and minutes may be left out."),
    )
    minutes = forms.IntegerField(
        label=_("minutes for everybody"),
        min_value=1,
        max_value=LONGEST_MINUTES,
        required=False,
        help_text=_("For lines without a number of their own. Empty: nobody gets hours."),
    )


class RecordForm(EvidenceForm, NamesForm):
    """An activity that has taken place."""

    title = CleanText(label=_("title"), max_length=80)
    kind = forms.ChoiceField(label=_("kind"), choices=Activity.Kind.choices)
    channel = forms.ChoiceField(label=_("channel"), choices=Activity.Channel.choices, required=False)
    area = forms.ModelChoiceField(label=_("area"), queryset=Area.objects.none())
    day = day_field(label=_("day"))
    starts = clock_field(label=_("from"))
    ends = clock_field(label=_("until"))
    place = CleanText(label=_("place"), max_length=80)
    leader = CleanText(label=_("leader"), max_length=30, required=False)

    field_order = ("title", "kind", "channel", "area", "day", "starts", "ends", "place", "leader", "names", "minutes")

    def __init__(self, *args: Any, areas: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["area"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = areas
        first = areas.first()
        self.initial = {"kind": Activity.Kind.VOLUNTEER, "area": first.pk if first else None, **self.initial}

    def facts(self) -> dict[str, Any]:
        """As the verb wants them."""
        given = self.cleaned_data
        day: dt.date = given["day"]
        return {
            **{name: given[name] for name in ("title", "kind", "area", "place", "names", "minutes", "evidence")},
            "starts_at": at(day, given["starts"]),
            "ends_at": at(day, given["ends"]),
            "contact_name": given["leader"],
            "channel": given["channel"] or Activity.Channel.OFFLINE,
            "photos": given["photos"],
        }


class UploadForm(forms.Form):
    """A sheet, and what it does not say itself."""

    file = forms.FileField(
        label=_("Excel sheet (.xlsx)"),
        max_length=200,
        widget=forms.FileInput(attrs={"accept": ".xlsx"}),
        help_text=_(
            "Columns in any order. “姓名” is needed; “手机”, “日期”, “时长”, “活动名称”, “地点” if you have them."
        ),
    )
    area = forms.ModelChoiceField(label=_("area"), queryset=Area.objects.none())
    kind = forms.ChoiceField(label=_("kind"), choices=Activity.Kind.choices, initial=Activity.Kind.VOLUNTEER)
    evidence = CleanText(
        label=_("evidence"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("For example: sign-in sheets on paper, kept by Ms Li in the community office."),
    )
    title = CleanText(label=_("activity"), max_length=80, required=False)
    day = day_field(label=_("day"), required=False)
    place = CleanText(label=_("place"), max_length=80, required=False)
    minutes = forms.IntegerField(
        label=_("minutes for everybody"), min_value=1, max_value=LONGEST_MINUTES, required=False
    )

    def __init__(self, *args: Any, areas: Any, is_for_session: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_for_session:
            for name in ("area", "kind", "title", "day", "place"):
                del self.fields[name]
            return
        field = self.fields["area"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = areas
            field.initial = areas.first()
        self.fields["day"].widget.attrs["max"] = today().isoformat()


class ExportForm(forms.Form):
    """A list that leaves the house."""

    class Format:
        XLSX, CSV = "xlsx", "csv"

    area = forms.ModelChoiceField(label=_("area"), queryset=Area.objects.none())
    format = forms.ChoiceField(
        label=_("file"), choices=[(Format.XLSX, "Excel (.xlsx)"), (Format.CSV, "CSV")], initial=Format.XLSX
    )
    with_phones = forms.BooleanField(
        label=_("whole phone numbers"), required=False, help_text=_("Of residents with an account; needs a reason.")
    )
    reason = CleanText(
        label=_("reason"),
        max_length=200,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Needed above 200 lines. It stays in the audit trail with your name."),
    )

    def __init__(self, *args: Any, areas: Any, is_for_session: bool, may_see_phones: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_see_phones:
            del self.fields["with_phones"]
        if is_for_session:
            del self.fields["area"]
            return
        field = self.fields["area"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset, field.initial = areas, areas.first()


class RatingForm(forms.Form):
    """One to five, and a line."""

    WORDS = (
        ("5", _("★★★★★ very good")),
        ("4", _("★★★★ good")),
        ("3", _("★★★ all right")),
        ("2", _("★★ not so good")),
        ("1", _("★ not good")),
    )

    stars = forms.ChoiceField(
        label=_("How was it?"),
        choices=WORDS,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one to five stars.")},
    )
    text = CleanText(
        label=_("A word to the organisers"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"class": "input", "rows": 3}),
        help_text=_("Only the organisers read it."),
    )


class ReviewForm(forms.Form):
    """The story of an activity."""

    story = CleanText(
        label=_("How was it?"),
        max_length=3000,
        widget=forms.Textarea(attrs={"class": "input", "rows": 8}),
        error_messages={"required": _("Write a few words first.")},
    )
    photos = PhotosField(most=9, label=_("Pictures"))

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["photos"]
        if isinstance(field, PhotosField):
            field.by = by


class ThanksForm(forms.Form):
    """A word to everybody who came."""

    thanks = CleanText(
        label=_("Thank everybody"),
        max_length=300,
        widget=forms.Textarea(attrs={"class": "input", "rows": 3}),
        error_messages={"required": _("Write a few words first.")},
    )
