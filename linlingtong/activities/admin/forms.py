"""What staff type about an activity: an example stands at every field, and a mistake is named at its field."""

import datetime as dt
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linlingtong.accounts.models import Appointment, User
from linlingtong.activities.actions import RisksMissing
from linlingtong.activities.models import Activity, Question, Session
from linlingtong.areas.models import Area, Organization, inside
from linlingtong.core.forms import AttentiveForm, MomentField, MomentInput

HELP = {
    "title": gettext_lazy("Short and concrete, for example: Clean up the riverside wetland."),
    "summary": gettext_lazy("One line for the list, for example: We pick up what lies on the bank."),
    "body": gettext_lazy("What happens, in what order, and for whom it is."),
    "bring": gettext_lazy("For example: long trousers, a water bottle. Gloves are there."),
    "kind": gettext_lazy("For example: volunteering, which also counts hours."),
    "channel": gettext_lazy("For example: on site. Online activities need no place."),
    "cover": gettext_lazy("For example: the drawing of its kind."),
    "slug": gettext_lazy("Letters, digits and hyphens, for example: wetland-2026. Leave it if you are not sure."),
    "area": gettext_lazy("Whose staff look after it, for example: your community."),
    "host": gettext_lazy("For example: a volunteer team. Empty: the community itself."),
    "leader": gettext_lazy("The person who leads on the day."),
    "place": gettext_lazy("For example: wetland, north entrance."),
    "address": gettext_lazy("For example: Yanjiang Avenue, north end."),
    "meeting_point": gettext_lazy("For example: car park, look for the blue flag."),
    "contact_name": gettext_lazy("Who answers questions, for example: Ms Wang."),
    "contact_phone": gettext_lazy("A landline is public; a mobile number is shown to those who come, a day before."),
    "latitude": gettext_lazy("For example: 30.281600. Empty: no map."),
    "longitude": gettext_lazy("For example: 120.543200."),
    "opens_at": gettext_lazy("Empty: as soon as it is published."),
    "closes_at": gettext_lazy("Empty: until the start."),
    "cancel_hours": gettext_lazy("For example: 12. 0: until the start."),
    "needs_approval": gettext_lazy("For example for a course with few places. Who waits for approval holds no place."),
    "minimum_age": gettext_lazy("For example: 16. Empty: everybody."),
    "eligible_area": gettext_lazy("Empty: residents of every community."),
    "eligible_organization": gettext_lazy("For example: one factory. Empty: everybody."),
    "needs_confirmed_membership": gettext_lazy("For example when only residents of one dormitory may come."),
    "largest_party": gettext_lazy("For example: 3, for a family. 0: everybody registers alone."),
    "longest_queue": gettext_lazy("For example: 20. Empty: no limit."),
    "risks": gettext_lazy("For example: slippery bank; leave when the siren sounds."),
    "protection": gettext_lazy("For example: first-aid kit, the leader stays with the group."),
    "insurance": gettext_lazy("For example: volunteer accident insurance of the community."),
    "credited_minutes": gettext_lazy("For example: 150. Empty: the length of the session."),
}
CAREFUL = ("risks", "protection", "insurance")
LONGEST_SESSION = dt.timedelta(days=7)
FARTHEST = {"latitude": 90, "longitude": 180}
HOSTING = (Area.Level.SUBDISTRICT, Area.Level.COMMUNITY, Area.Level.GRID)


MOMENTS = {models.DateTimeField: {"form_class": MomentField, "widget": MomentInput}}


class ActivityForm(AttentiveForm[Activity]):
    """`scope` lists the paths that the writer manages: nothing outside can be chosen anew, what stood there stays."""

    scope: ClassVar[list[str]]

    class Meta:
        model = Activity
        exclude: ClassVar[list[str]] = []
        widgets: ClassVar[dict[str, Any]] = {
            name: forms.Textarea(attrs={"rows": 4, "class": "vLargeTextField"})
            for name in ("body", "bring", "risks", "protection")
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mine = Area.objects.within(self.scope).filter(level__in=HOSTING)
        for name in ("area", "eligible_area"):
            self._narrow(name, (mine | Area.objects.filter(pk__in=self._stands(name))).in_order())
        teams = Organization.objects.within(self.scope).order_by("name")
        for name in ("host", "eligible_organization"):
            self._narrow(name, teams | Organization.objects.filter(pk__in=self._stands(name)))
        self._narrow("leader", User.objects.filter(Q(pk__in=people_of(self.scope)) | Q(pk__in=self._stands("leader"))))

    def _stands(self, name: str) -> list[int]:
        key: int | None = getattr(self.instance, f"{name}_id")
        return [key] if key else []

    def _narrow(self, name: str, choices: QuerySet[Any]) -> None:
        field = self.fields.get(name)
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = choices

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        opens_at, closes_at = given.get("opens_at"), given.get("closes_at")
        if opens_at and closes_at and closes_at <= opens_at:
            self.add_error("closes_at", _("Registration must close after it opens."))
        is_public = self.instance.status == Activity.Status.PUBLISHED
        if (given.get("latitude") is None) != (given.get("longitude") is None):
            self.add_error("latitude", _("Write latitude and longitude, or neither: 30.281600 and 120.543200."))
        for name, most in FARTHEST.items():
            if abs(given.get(name) or 0) > most:
                words = _("At most %(most)d degrees, for example 30.281600 and 120.543200.")
                self.add_error(name, words % {"most": most})
        if is_public and given.get("kind") == Activity.Kind.VOLUNTEER:
            for name in CAREFUL:
                if name in given and not given[name].strip():
                    self.add_error(name, RisksMissing().detail)
        return given


def people_of(scope: list[str]) -> QuerySet[User]:
    """Who lives in one of the areas or works for one of them today."""
    posts = Appointment.objects.current().filter(inside(scope, "area__path"))
    found: QuerySet[User] = User.objects.filter(is_active=True)
    return found.filter(inside(scope, "home_area__path") | Q(pk__in=posts.values("user")))


class SessionRowForm(AttentiveForm[Session]):
    class Meta:
        model = Session
        fields = ("role", "starts_at", "ends_at", "capacity", "is_unlimited", "minimum_needed")
        help_texts: ClassVar[dict[str, Any]] = {
            "role": gettext_lazy("For example: guiding visitors. Empty if there is only one."),
            "starts_at": gettext_lazy("For example: 2026-10-18 14:00."),
            "ends_at": gettext_lazy("For example: 2026-10-18 16:30."),
            "capacity": gettext_lazy("For example: 20. Or tick “without limit”."),
            "is_unlimited": gettext_lazy("For example for a talk on the square."),
            "minimum_needed": gettext_lazy("For example: 8. Below that you see it on the start page."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "minimum_needed" in self.fields:
            self.fields["minimum_needed"].required = False

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if "capacity" in given and bool(given.get("is_unlimited")) == (given["capacity"] is not None):
            self.add_error("capacity", _("Give a number of places, or tick “without limit”."))
        if given.get("capacity") == 0:
            words = _("At least one place. To let nobody register, close the registration or cancel the session.")
            self.add_error("capacity", words)
        needed = given["minimum_needed"] = given.get("minimum_needed") or 0
        if needed > (given.get("capacity") or needed):
            self.add_error("minimum_needed", _("There are fewer places than that: it could never be reached."))
        starts_at, ends_at = given.get("starts_at"), given.get("ends_at")
        if starts_at and ends_at and ends_at <= starts_at:
            self.add_error("ends_at", _("The end must be after the start."))
        elif starts_at and ends_at and ends_at - starts_at > LONGEST_SESSION:
            self.add_error("ends_at", _("A session lasts a week at most. For a series give each day its own."))
        return given


class QuestionRowForm(AttentiveForm[Question]):
    choices = forms.CharField(
        label=gettext_lazy("choices"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 24}),
        help_text=gettext_lazy("One a line, for example: vegetarian."),
    )

    class Meta:
        model = Question
        fields = ("text", "kind", "choices", "is_required", "position")
        help_texts: ClassVar[dict[str, Any]] = {
            "text": gettext_lazy("For example: Can you bring a bicycle?"),
            "kind": gettext_lazy("For example: yes or no."),
            "is_required": gettext_lazy("Ask only what you really need."),
            "position": gettext_lazy("For example: 1 for the first."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["choices"] = "\n".join(map(str, self.instance.choices))

    def clean_choices(self) -> list[str]:
        return [line.strip() for line in self.cleaned_data["choices"].splitlines() if line.strip()]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("kind") == Question.Kind.CHOICE and len(given.get("choices", [])) < 2:
            self.add_error("choices", ValidationError(_("Write at least two choices, one a line."), code="choices"))
        return given
