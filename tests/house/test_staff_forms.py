"""The forms of the staff's pages: nothing of another community can be chosen, nor reached by a forged number."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.db.models import Model
from django.forms import ModelChoiceField
from django.test import Client

from linlingtong.venues.models import Venue
from tests.factories import ContactFactory, QuestionFactory, SessionFactory, VenueFactory
from tests.house.test_doors import FROM_HERE, SHARED
from tests.house.town import Town
from tests.typed import typed

pytestmark = pytest.mark.django_db


EVERYBODY_READS = ("toolbox/contact",)


def choices(answer: Any) -> Iterator[tuple[str, Any]]:
    """The rows that each field of a page's forms takes. The row of an inline is looked up by Django itself."""
    found = answer.context or {}
    forms = [found["adminform"].form] if "adminform" in found else [found["form"]] if "form" in found else []
    forms += [one.formset.empty_form for one in found.get("inline_admin_formsets", [])]
    for form in forms:
        for name, field in form.fields.items():
            if isinstance(field, ModelChoiceField) and name != "id":
                yield f"{form.prefix or ''} {name}", field.queryset


def elsewhere(town: Town, role: str) -> list[str]:
    """The fields of the pages for something new in which this person could name a row of that place."""
    client, person, found = Client(), town.people[role], []
    assert person is not None
    client.force_login(person)
    for model in admin.site._registry:
        label = model._meta.label_lower.replace(".", "/")
        for name, rows in choices(client.get(f"/admin/{label}/add/")):
            theirs = town.rows.get(rows.model._meta.label_lower.replace(".", "/"))
            if theirs is not None and not is_shared(theirs) and rows.filter(pk=theirs.pk).exists():
                found.append(f"{label} {name}")
    return found


def is_shared(row: Model) -> bool:
    return row._meta.label_lower.replace(".", "/") in {*SHARED, *EVERYBODY_READS}


def test_forms_of_staff_take_nothing_from_elsewhere(town: Town) -> None:
    assert {role: elsewhere(town, role) for role in FROM_HERE} == {role: [] for role in FROM_HERE}
    assert len(elsewhere(town, "staff there")) > 5  # the control: there, the same rows can be chosen


def inlines_of(town: Town) -> Iterator[tuple[Model, str, Model]]:
    """A row of here with inlines, the prefix of one of them, and the row there that is to be stolen by it."""
    session, stolen = SessionFactory.create(activity__area=town.here, activity__status="draft"), town.world.behind
    question = QuestionFactory.create(activity__area=town.there)
    yield session.activity, "sessions", type(session)._default_manager.get(pk=stolen["sessions"][0])
    yield session.activity, "questions", question
    venue, theirs = VenueFactory.create(area=town.here), Venue.objects.get(pk=stolen["venues"][0])
    theirs.exceptions.create(day="2031-01-01", reason="there")
    for name in ("units", "opening_rules", "exceptions"):
        yield venue, name, getattr(theirs, name).first()
    contact = ContactFactory.create(area=town.there)
    hours = contact.schedules.create(opens_at="09:00", closes_at="17:00")
    yield ContactFactory.create(area=town.here), "schedules", hours


def test_inlines_take_no_row_from_elsewhere(town: Town) -> None:
    """The form of a row here, sent with the number of a row there in each of its inlines, by who manages here."""
    client = Client(raise_request_exception=False)
    manager = town.people["manager"]
    assert manager is not None
    client.force_login(manager)
    for row, prefix, theirs in inlines_of(town):
        url = f"/admin/{row._meta.app_label}/{row._meta.model_name}/{row.pk}/change/"
        given = typed(client, url)
        before = type(theirs)._default_manager.filter(pk=theirs.pk).values().get()
        columns = {f.name: str(getattr(theirs, f.attname)) for f in theirs._meta.concrete_fields}
        parent = theirs._meta.get_field(str(row._meta.model_name))
        stolen = columns | {"id": str(theirs.pk), str(parent.name): str(row.pk), "DELETE": "on"}
        for deletes in (True, False):
            forged = {name: value for name, value in stolen.items() if deletes or name != "DELETE"}
            sent = given | {f"{prefix}-0-{name}": value for name, value in forged.items()}
            sent |= {f"{prefix}-TOTAL_FORMS": "1", f"{prefix}-INITIAL_FORMS": "1"}
            assert client.post(url, sent).status_code < 500, (url, prefix)
            assert type(theirs)._default_manager.filter(pk=theirs.pk).values().get() == before, (url, prefix)
