"""Two communities: everything that can be private lies in one, most of those who knock come from the other."""

import datetime as dt
import re
import uuid
from collections.abc import Sequence
from functools import cached_property

from django.contrib import admin
from django.db.models import Model
from django.utils import timezone

from linlingtong.accounts.models import Appointment, User
from linlingtong.activities.models import (
    Activity,
    Companion,
    ImportBatch,
    NoShow,
    OfflineRecord,
    Participant,
    Rating,
    Registration,
    RosterExport,
    Scan,
    Session,
)
from linlingtong.areas.models import Area
from linlingtong.audit.models import Change
from linlingtong.home.models import DataExport, Feedback
from linlingtong.likes.actions import like
from linlingtong.moderation.models import Case, Word
from linlingtong.mutual_aid.models import Claim, HelpPost
from linlingtong.notifications.models import Notification
from linlingtong.tickets.models import Ticket
from linlingtong.venues.models import Block, Booking, Venue
from linlingtong.volunteering.actions import dispute
from linlingtong.volunteering.models import Issuer, ServiceEntry
from tests.api.behind import World
from tests.factories import (
    AppointmentFactory,
    AreaFactory,
    ContactFactory,
    MembershipFactory,
    MessageFactory,
    UserFactory,
    staff_of,
)

SECRET, PHONES = "悄悄话", ("19900007701", "19900007702")
HEAD, WORKER = Appointment.Role.BUILDING_HEAD, Appointment.Role.GRID_WORKER
# Private texts by their columns; what is written there shows up nowhere but where it belongs.
WHISPERED: dict[type[Model], str] = {
    Registration: "note", Companion: "name", Booking: "purpose", Ticket: "text", HelpPost: "door", Rating: "text",
    Claim: "note", Case: "text", Notification: "title",
}  # fmt: skip


class Town:
    """`there` holds the secrets of a resident; `people` are those who knock, mostly from `here`."""

    def __init__(self) -> None:
        self.world = World()
        self.there, self.here = self.world.community, AreaFactory.create()
        for phone, user in zip(PHONES, (self.world.resident, self.world.neighbour), strict=True):
            User.objects.filter(pk=user.pk).update(phone=f"+86{phone}")
        self.world.resident.refresh_from_db()
        grid = AreaFactory.create(parent=self.here, level=Area.Level.GRID)
        stair = AreaFactory.create(parent=grid, level=Area.Level.BUILDING)
        self.staff = staff_of(self.there)
        self.people: dict[str, User | None] = {
            "anonymous": None,
            "resident": UserFactory.create(home_area=stair),
            "building head": AppointmentFactory.create(area=stair, role=HEAD).user,
            "grid worker": AppointmentFactory.create(area=grid, role=WORKER).user,
            "manager": staff_of(self.here),
            "owner": self.world.resident,
            "staff there": self.staff,
            "superuser": UserFactory.create(is_staff=True, is_superuser=True),
        }
        self._keep_books()
        for model, column in WHISPERED.items():
            model._default_manager.update(**{column: SECRET})
        self.rows = self._rows()

    def _keep_books(self) -> None:
        """One row of each kind that only staff see."""
        there, resident, now = self.there, self.world.resident, timezone.now()
        staff = self.staff
        session = Session.objects.get(pk=self.world.behind["sessions"][3])
        row = Registration.objects.get(pk=self.world.behind["registrations"][2])
        MembershipFactory.create(user=resident, organization__area=there)
        MessageFactory.create(resident=resident, text=SECRET)
        ContactFactory.create(area=there)
        Word.objects.create(text=f"{SECRET}词")
        Feedback.objects.create(text=SECRET, by=resident)
        like(self.world.behind["praises"][0], by=resident)
        self.export = DataExport.objects.create(resident=resident, ready_at=now, archive=SECRET.encode())
        entry = ServiceEntry.objects.get(pk=self.world.behind["service-records"][0])
        dispute(entry.pk, SECRET, by=resident)
        Issuer.objects.create(name="那边的社区", area=there)
        venue = Venue.objects.get(pk=self.world.behind["venues"][0])
        Block.objects.create(
            venue=venue, kind="weather", starts_at=now, ends_at=now + dt.timedelta(1), reason=SECRET, by=staff
        )
        batch = ImportBatch.objects.create(
            area=there, area_path=there.path, session=session, file_name=f"{SECRET}.xlsx", digest="0" * 64, by=staff
        )
        OfflineRecord.objects.create(
            session=session, area_path=there.path, evidence=SECRET, batch=batch, recorded_by=staff
        )
        self.listed = Participant.objects.create(
            session=session, area_path=there.path, name=SECRET, recorded_by=staff, during=row.during
        )
        RosterExport.objects.create(
            what="roster", session=session, area_path=there.path, rows=1, reason=SECRET, by=staff
        )
        Scan.objects.create(
            client_id=uuid.uuid4(), session=session, registration=row, kind="in", way="roster", verdict="accepted",
            scanned_at=now, counts_at=now,
        )  # fmt: skip
        NoShow.objects.create(registration=row, resident=resident, until=now, appeal=SECRET)

    def _rows(self) -> dict[str, Model]:
        """The row that stands behind each of the admin's models: there, and private where it can be."""
        behind, chosen = self.world.behind, dict[str, Model]()
        own = {
            Activity: behind["activities"][0], Booking: behind["bookings"][0],
            Registration: behind["registrations"][0],
            HelpPost: behind["help-posts"][0], Ticket: behind["tickets"][0], Case: behind["reviews"][0],
            Area: self.there.pk, User: self.world.resident.pk, Session: behind["sessions"][1],
            Appointment: Appointment.objects.filter(area=self.there).latest("pk").pk,
        }  # fmt: skip
        for model in admin.site._registry:
            rows = model._default_manager.order_by("-pk")
            row = rows.filter(pk=own[model]).first() if model in own else rows.first()
            if row is not None and model is not Change:
                chosen[f"{model._meta.app_label}/{model._meta.model_name}"] = row
        return chosen

    def parts(self, route: str) -> dict[str, str]:
        """What stands behind each parameter of an address; the first pattern that fits counts."""
        staffed = re.match(r"admin/(\w+/\w+)/", route)
        if staffed:
            row = self.rows.get(staffed[1])
            key = str(row.pk) if row is not None else "1"
            return {"pk": key, "object_id": key, "person": str(self.listed.pk), "name": "accept"}
        if route.startswith("api/v1/"):
            path = re.sub(r"<\w+:(\w+)>", r"{\1}", route.removeprefix("api/v1"))
            return {name: str(value) for name, value in self.world.parts(path, 0).items()}
        return next((values for pattern, values in self._pages if re.match(pattern, route)), {})

    @cached_property
    def _pages(self) -> Sequence[tuple[str, dict[str, str]]]:
        behind, resident = self.world.behind, self.world.resident
        first = {word: str(keys[0]) for word, keys in behind.items()}
        activity = Activity.objects.get(pk=behind["activities"][0])
        venue = Venue.objects.get(pk=behind["venues"][0])
        ticket = Ticket.objects.get(pk=behind["tickets"][0])
        notice = Notification.objects.filter(resident=resident).latest("pk")
        return [
            (r"me/data/export/", {"token": self.export.link().rstrip("/").split("/")[-1]}),
            (r"activities/", {"slug": activity.slug}),
            (r"community/", {"slug": self.there.slug}),
            (r"me/registrations/", {"pk": first["registrations"], "companion": first["companions"]}),
            (r"c/", {"token": "nobody"}),
            (r"check-in/", {"pk": str(behind["sessions"][2])}),
            (r"calendar/", {"token": resident.calendar_token or "nobody"}),
            (r"praise/comments/", {"pk": first["praise-comments"]}),
            (r"praise/", {"pk": first["praises"]}),
            (r"help/", {"pk": first["help-posts"], "claim_id": first["claims"]}),
            (r"tools/guides/", {"slug": "guide"}),
            (r"tools/pitch/", {"slug": venue.slug}),
            (r"me/bookings/waiting/", {"pk": first["venue-waiting"]}),
            (r"me/bookings/", {"pk": first["bookings"], "code": venue.code}),
            (r"tools/report/", {"number": ticket.number}),
            (r"me/tickets/", {"pk": first["tickets"]}),
            (r"open311/", {"form": "json", "code": ticket.category.slug, "number": ticket.number}),
            (r"me/hours/", {"pk": first["service-records"]}),
            (r"(me/certificates|v)/", {"serial": first["service-sheets"]}),
            (r"moderation/report/", {"kind": "help_post", "object_id": first["help-posts"]}),
            (r"me/reviews/", {"case_id": first["reviews"]}),
            (r"\^?photos/", {"token": first["photos"], "size": "320"}),
            (r"me/messages/", {"pk": str(notice.pk)}),
            (r"me/memberships/", {"pk": str(resident.memberships.latest("pk").pk)}),
            (r"admin/\^", {"app_label": "activities"}),
            (r"admin/(r/|\()", {"place": "1/1", "content_type_id": "1", "object_id": "1", "url": "nothing"}),
        ]
