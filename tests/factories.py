"""One factory per model with dull defaults; a test says only what it is about. Call `.create(...)`."""

import datetime as dt
from typing import Any

import factory as factory_boy
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import F, Max
from django.utils import timezone
from factory.django import DjangoModelFactory

from linlingtong.accounts.models import Appointment, Consent, Membership, User
from linlingtong.activities.models import (
    Activity,
    Bookmark,
    ChangeNotice,
    Companion,
    Question,
    Registration,
    RegistrationEvent,
    Session,
)
from linlingtong.areas.models import Area, Organization
from linlingtong.core.time import at, today
from linlingtong.likes.models import Praise
from linlingtong.notifications.models import Channel, Kind, Message, Notification, Preferences, Tick
from linlingtong.toolbox.models import Contact, Guide, Tool
from linlingtong.venues.models import Booking, Occupancy, OpeningRule, Unit, Venue

factory: Any = factory_boy  # its own annotations are incomplete
State = Registration.State
# the session's counter of each state, and whether it counts people (0) or entries (1)
COUNTER: dict[str, tuple[str, int]] = {
    State.CONFIRMED: ("taken", 0),
    State.OFFERED: ("held", 0),
    State.WAITLISTED: ("waiting", 1),
    State.PENDING_REVIEW: ("pending", 1),
}


def subdistrict() -> Area:
    """The root of the tree of areas, the same one each time."""
    root, created = Area.objects.get_or_create(
        slug="linjiang", defaults={"name": "临江街道", "level": Area.Level.SUBDISTRICT, "path": "/new/"}
    )
    if created:
        root.path = f"/{root.pk}/"
        root.save(update_fields=["path"])
    return root


class AreaFactory(DjangoModelFactory[Area]):
    """A community of the subdistrict; pass `parent` and `level` for something below it."""

    class Meta:
        model = Area

    name = factory.Sequence("第{}社区".format)
    slug = factory.Sequence("community-{}".format)
    level = Area.Level.COMMUNITY
    parent = factory.LazyFunction(subdistrict)
    path = factory.Sequence("/new-{}/".format)

    @classmethod
    def _create(cls, model_class: type[Area], *args: Any, **kwargs: Any) -> Area:
        area: Area = super()._create(model_class, *args, **kwargs)  # type: ignore[no-untyped-call]
        area.path = f"{area.parent.path if area.parent else '/'}{area.pk}/"
        area.save(update_fields=["path"])
        return area


class OrganizationFactory(DjangoModelFactory[Organization]):
    class Meta:
        model = Organization

    name = factory.Sequence("第{}公司".format)
    kind = Organization.Kind.COMPANY
    area = factory.SubFactory(AreaFactory)


class UserFactory(DjangoModelFactory[User]):
    """A resident with a phone and no home area."""

    class Meta:
        model = User

    phone = factory.Sequence("+861990000{:04d}".format)
    phone_verified_at = factory.LazyFunction(timezone.now)
    nickname = factory.Sequence("邻居{}".format)
    password = "!"


class ConsentFactory(DjangoModelFactory[Consent]):
    class Meta:
        model = Consent

    user = factory.SubFactory(UserFactory)
    kind = Consent.Kind.TERMS
    version = "2026-10"


class MembershipFactory(DjangoModelFactory[Membership]):
    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    organization = factory.SubFactory(OrganizationFactory)
    confirmed_at = factory.LazyFunction(timezone.now)


class AppointmentFactory(DjangoModelFactory[Appointment]):
    class Meta:
        model = Appointment

    user = factory.SubFactory(UserFactory, is_staff=True)
    area = factory.SubFactory(AreaFactory)
    role = Appointment.Role.MANAGER


def staff_of(area: Area, **fields: Any) -> User:
    """Somebody who works for the area and may enter the admin."""
    return AppointmentFactory.create(user=UserFactory.create(is_staff=True, **fields), area=area).user


class ActivityFactory(DjangoModelFactory[Activity]):
    """Published and open to everybody; its dates follow the sessions that SessionFactory makes."""

    class Meta:
        model = Activity

    title = factory.Sequence("第{}次邻里活动".format)
    kind = Activity.Kind.CULTURE
    status = Activity.Status.PUBLISHED
    area = factory.SubFactory(AreaFactory)
    area_path = factory.SelfAttribute("area.path")
    place = "临江邻里中心"
    published_at = factory.LazyFunction(timezone.now)


def in_three_days() -> dt.datetime:
    """Ten in the morning, three days from now."""
    return at(today() + dt.timedelta(days=3), dt.time(10))


class SessionFactory(DjangoModelFactory[Session]):
    """Two hours, in three days, twenty places; `capacity=None` means without limit."""

    class Meta:
        model = Session

    activity = factory.SubFactory(ActivityFactory)
    starts_at = factory.LazyFunction(in_three_days)
    ends_at = factory.LazyAttribute(lambda session: session.starts_at + dt.timedelta(hours=2))
    capacity = 20
    is_unlimited = factory.LazyAttribute(lambda session: session.capacity is None)

    @classmethod
    def _create(cls, model_class: type[Session], *args: Any, **kwargs: Any) -> Session:
        session: Session = super()._create(model_class, *args, **kwargs)  # type: ignore[no-untyped-call]
        activity = session.activity
        activity.starts_at = min(filter(None, [activity.starts_at, session.starts_at]))
        activity.ends_at = max(filter(None, [activity.ends_at, session.ends_at]))
        activity.save(update_fields=["starts_at", "ends_at"])
        return session


class QuestionFactory(DjangoModelFactory[Question]):
    class Meta:
        model = Question

    activity = factory.SubFactory(ActivityFactory)
    text = factory.Sequence("问题{}？".format)


class BookmarkFactory(DjangoModelFactory[Bookmark]):
    class Meta:
        model = Bookmark

    resident = factory.SubFactory(UserFactory)
    activity = factory.SubFactory(ActivityFactory)


class RegistrationFactory(DjangoModelFactory[Registration]):
    """A confirmed place, written past the verbs; the session's counters and the order of arrival stay right."""

    class Meta:
        model = Registration

    session = factory.SubFactory(SessionFactory)
    resident = factory.SubFactory(UserFactory)
    area_path = factory.SelfAttribute("session.activity.area_path")
    state = State.CONFIRMED
    during = factory.LazyAttribute(lambda row: DateTimeTZRange(row.session.starts_at, row.session.ends_at))
    number = factory.LazyAttribute(
        lambda row: (row.session.registrations.aggregate(last=Max("number"))["last"] or row.session.last_number) + 1
    )
    confirmed_at = factory.LazyAttribute(lambda row: timezone.now() if row.state == State.CONFIRMED else None)
    offered_until = factory.LazyAttribute(
        lambda row: timezone.now() + dt.timedelta(hours=1) if row.state == State.OFFERED else None
    )

    @classmethod
    def _create(cls, model_class: type[Registration], *args: Any, **kwargs: Any) -> Registration:
        session = kwargs["session"]
        counter, amount = COUNTER.get(kwargs["state"], ("", 0))
        change = {counter: F(counter) + (amount or kwargs.get("places", 1))} if counter else {}
        Session.objects.filter(pk=session.pk).update(last_number=kwargs["number"], **change)
        session.refresh_from_db(fields=["last_number", "taken", "held", "waiting", "pending"])
        registration: Registration = super()._create(model_class, *args, **kwargs)  # type: ignore[no-untyped-call]
        return registration


class CompanionFactory(DjangoModelFactory[Companion]):
    """A row only: the registration's `places` is the caller's to set."""

    class Meta:
        model = Companion

    registration = factory.SubFactory(RegistrationFactory, places=2)
    name = factory.Sequence("同伴{}".format)


class RegistrationEventFactory(DjangoModelFactory[RegistrationEvent]):
    class Meta:
        model = RegistrationEvent

    registration = factory.SubFactory(RegistrationFactory)
    to_state = State.CONFIRMED


class ChangeNoticeFactory(DjangoModelFactory[ChangeNotice]):
    class Meta:
        model = ChangeNotice

    session = factory.SubFactory(SessionFactory)
    before = factory.LazyFunction(dict)
    due_at = factory.LazyFunction(timezone.now)


class NotificationFactory(DjangoModelFactory[Notification]):
    class Meta:
        model = Notification

    resident = factory.SubFactory(UserFactory)
    kind = Kind.REGISTRATION
    key = factory.Sequence("notification/{}".format)
    title = "报名成功"


class MessageFactory(DjangoModelFactory[Message]):
    class Meta:
        model = Message

    resident = factory.SubFactory(UserFactory)
    channel = Channel.SMS
    kind = Kind.REGISTRATION
    key = factory.Sequence("message/{}".format)
    text = "【临灵通】报名成功。"
    due_at = factory.LazyFunction(timezone.now)
    state = Message.State.PENDING
    settled_at = factory.LazyAttribute(lambda row: None if row.state in ("pending", "claimed") else row.due_at)


class PreferencesFactory(DjangoModelFactory[Preferences]):
    class Meta:
        model = Preferences

    resident = factory.SubFactory(UserFactory)


class TickFactory(DjangoModelFactory[Tick]):
    class Meta:
        model = Tick

    name = factory.Sequence("job-{}".format)
    ran_at = factory.LazyFunction(timezone.now)


class ToolFactory(DjangoModelFactory[Tool]):
    """A tool that leads to the directory."""

    class Meta:
        model = Tool

    title = factory.Sequence("工具 {}".format)
    kind = Tool.Kind.PAGE
    target = "toolbox:contacts"
    group = Tool.Group.ERRANDS


class ContactFactory(DjangoModelFactory[Contact]):
    """A number of the subdistrict that somebody checked today."""

    class Meta:
        model = Contact

    area = factory.LazyFunction(subdistrict)
    category = Contact.Category.GOVERNMENT
    organization = factory.Sequence("第{}服务中心".format)
    phone = "0571-0000 0009"
    assured_at = factory.LazyFunction(timezone.now)


class GuideFactory(DjangoModelFactory[Guide]):
    """A published guide in two steps."""

    class Meta:
        model = Guide

    area = factory.LazyFunction(subdistrict)
    slug = factory.Sequence("guide-{}".format)
    title = factory.Sequence("第{}件事".format)
    summary = "带上身份证就行"
    steps = "到社区\n领证"
    source = "便民服务中心"
    checked_on = factory.LazyFunction(today)
    is_published = True


class VenueFactory(DjangoModelFactory[Venue]):
    """A pitch of two halves, open around the clock in slots of an hour, without quotas that a test would meet."""

    class Meta:
        model = Venue

    area = factory.SubFactory(AreaFactory)
    name = factory.Sequence("第{}球场".format)
    slug = factory.Sequence("venue-{}".format)
    kind = Venue.Kind.PITCH
    place = "社区西侧公园"
    chooses_units = True
    most_bookings = 50
    most_hours = 100

    @classmethod
    def _create(cls, model_class: type[Venue], *args: Any, **kwargs: Any) -> Venue:
        units = kwargs.pop("units", ("北半场", "南半场"))
        venue: Venue = super()._create(model_class, *args, **kwargs)  # type: ignore[no-untyped-call]
        for name in units:
            Unit.objects.create(venue=venue, name=name)
        OpeningRule.objects.create(venue=venue, opens_at=dt.time(0), closes_at=dt.time(23))
        return venue


class BookingFactory(DjangoModelFactory[Booking]):
    """A whole venue is booked tomorrow from ten to eleven."""

    class Meta:
        model = Booking

    venue = factory.SubFactory(VenueFactory)
    resident = factory.SubFactory(UserFactory)
    by = factory.SelfAttribute("resident")
    starts_at = factory.LazyFunction(lambda: at(today() + dt.timedelta(days=1), dt.time(10)))
    ends_at = factory.LazyAttribute(lambda booking: booking.starts_at + dt.timedelta(hours=1))
    held_until = factory.LazyAttribute(lambda booking: booking.starts_at if booking.state == "held" else None)
    state = Booking.State.BOOKED

    @classmethod
    def _create(cls, model_class: type[Booking], *args: Any, **kwargs: Any) -> Booking:
        booking: Booking = super()._create(model_class, *args, **kwargs)  # type: ignore[no-untyped-call]
        if booking.state in Booking.LIVE:
            during = DateTimeTZRange(booking.starts_at, booking.ends_at)
            for unit in booking.venue.units.all():
                Occupancy.objects.create(unit=unit, booking=booking, during=during)
        return booking


class PraiseFactory(DjangoModelFactory[Praise]):
    """Visible praise of a place, written by a resident of the subdistrict."""

    class Meta:
        model = Praise

    author = factory.SubFactory(UserFactory)
    area = factory.LazyFunction(subdistrict)
    area_path = factory.LazyAttribute(lambda praise: praise.area.path)
    topic = Praise.Topic.SERVICE
    text = "灯修好了，走夜路亮堂"
    about = "路灯维修队"
    is_visible = True
