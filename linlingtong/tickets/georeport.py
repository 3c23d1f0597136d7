"""What Open311 GeoReport v2 asks for, and how it spells a report that its reporter made public."""

import datetime as dt
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.apps import apps
from django.db.models import Max, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from linlingtong.areas.models import Area
from linlingtong.areas.places import Point, around, points_of
from linlingtong.core.time import is_likely, local
from linlingtong.photos.models import Photo
from linlingtong.photos.reading import photos_by_subject
from linlingtong.tickets.actions import KIND
from linlingtong.tickets.models import Category, Ticket
from linlingtong.tickets.showing import place_words

SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
SPAN = dt.timedelta(days=90)
LARGEST, LAST_PAGE, MOST_IDS = 1000, 500, 100
RADIUS, LARGEST_RADIUS = 1_000, 50_000
Given = Mapping[str, str]
Absolute = Callable[[str], str]


class NotUnderstood(ValueError):
    """The name of the parameter that makes no sense."""


def discovery(absolute: Absolute) -> dict[str, Any]:
    """Where the reports are read, and since when nothing about their kinds has changed."""
    changes = apps.get_model("tickets", "CategoryEvent").objects
    latest = changes.aggregate(at=Max("pgh_created_at"))["at"] or timezone.now()
    office = Area.objects.filter(parent=None).first()
    endpoint = {
        "specification": SPECIFICATION,
        "url": absolute(reverse("tickets:services", args=["json"])).removesuffix("/services.json"),
        "changeset": _iso(latest),
        "type": "production",
        "formats": ["application/json", "text/xml"],
    }
    return {
        "changeset": _iso(latest),
        "contact": f"{office.name} {office.phone}".strip() if office else "",
        "key_service": _("Reading needs no key. Reports are written on the site."),
        "endpoints": [endpoint],
    }


def services() -> list[dict[str, Any]]:
    """Every kind of report."""
    return [
        {
            "service_code": kind.slug,
            "service_name": kind.name,
            "description": kind.example,
            "metadata": False,
            "type": "realtime",
            "keywords": "",
            "group": kind.get_level_display(),
        }
        for kind in Category.objects.active()
    ]


def public_tickets() -> QuerySet[Ticket]:
    return Ticket.objects.public().select_related("category", "area__parent", "desk").defer("search")


def chosen(given: Given) -> QuerySet[Ticket]:
    """One page of the public reports, the newest first: of ninety days, or by their numbers. Raises NotUnderstood."""
    if unseen := next((name for name, value in given.items() if "\x00" in value), None):
        raise NotUnderstood(unseen)
    page, size = _number(given, "page", 1, LAST_PAGE), _number(given, "page_size", LARGEST, LARGEST)
    rows = public_tickets().order_by("-pk")
    if ids := given.get("service_request_id"):
        rows = rows.filter(number__in=ids.split(",")[:MOST_IDS])
    else:
        rows = _nearby(_of_days(_of_states(_of_kinds(rows, given), given), given), given)
    return rows[(page - 1) * size : page * size]


def _of_kinds(rows: QuerySet[Ticket], given: Given) -> QuerySet[Ticket]:
    codes = given.get("service_code")
    return rows.filter(category__slug__in=codes.split(",")[:MOST_IDS]) if codes else rows


def _of_states(rows: QuerySet[Ticket], given: Given) -> QuerySet[Ticket]:
    status = given.get("status")
    if not status:
        return rows
    wanted = set(status.split(","))
    if not wanted <= {"open", "closed"}:
        raise NotUnderstood("status")
    states = [*(Ticket.RUNNING if "open" in wanted else ()), *(Ticket.SETTLED if "closed" in wanted else ())]
    return rows.filter(state__in=states)


def _of_days(rows: QuerySet[Ticket], given: Given) -> QuerySet[Ticket]:
    """Ninety days from the start, or up to the end, or up to now."""
    since, until = _moment(given, "start_date"), _moment(given, "end_date")
    if until is None:
        until = since + SPAN if since else timezone.now()
    return rows.filter(created_at__gte=max(since or until - SPAN, until - SPAN), created_at__lte=until)


def _nearby(rows: QuerySet[Ticket], given: Given) -> QuerySet[Ticket]:
    """`lat`, `long` and `radius` in metres, as many servers of the standard understand them."""
    lat, long = _degrees(given, "lat", 90), _degrees(given, "long", 180)
    radius = _decimal(given, "radius", LARGEST_RADIUS, least=0)
    if lat is None and long is None:
        return rows
    if lat is None or long is None:
        raise NotUnderstood("lat" if lat is None else "long")
    return rows.filter(area__in=around(Point(lat, long), RADIUS if radius is None else radius))


def _degrees(given: Given, name: str, most: float) -> float | None:
    return _decimal(given, name, most, least=-most)


def _decimal(given: Given, name: str, most: float, *, least: float) -> float | None:
    text = given.get(name, "")
    if not text:
        return None
    try:
        value = float(text)
    except ValueError as error:
        raise NotUnderstood(name) from error
    if not (math.isfinite(value) and least <= value <= most):
        raise NotUnderstood(name)
    return value


def _moment(given: Given, name: str) -> dt.datetime | None:
    text = given.get(name, "")
    if not text:
        return None
    try:
        moment = parse_datetime(text.replace(" ", "+"))
    except ValueError as error:
        raise NotUnderstood(name) from error
    if moment is None or not is_likely(moment):
        raise NotUnderstood(name)
    return moment if moment.tzinfo else timezone.make_aware(moment)


def _number(given: Given, name: str, usual: int, largest: int) -> int:
    text = given.get(name, "")
    if not text:
        return usual
    if not (text.isascii() and text.isdigit() and len(text) < 6) or not int(text):
        raise NotUnderstood(name)
    return min(int(text), largest)


def spelled(tickets: Iterable[Ticket], absolute: Absolute) -> list[dict[str, Any]]:
    """The reports as the standard spells them, in four queries however many they are."""
    found = list(tickets)
    photos = photos_by_subject(KIND, [one.pk for one in found])
    points = points_of(one.area_path for one in found)
    return [_row(one, photos[one.pk], points.get(one.area_path), absolute) for one in found]


def _row(ticket: Ticket, photos: list[Photo], point: Point | None, absolute: Absolute) -> dict[str, Any]:
    """A report lies in the middle of its area: where exactly a resident stood is nobody's business."""
    ready = [photo for photo in photos if photo.is_ready and not photo.is_hidden]
    return {
        "service_request_id": ticket.number,
        "status": "open" if ticket.state in Ticket.RUNNING else "closed",
        "status_notes": " · ".join(part for part in (ticket.get_state_display(), ticket.answer) if part),
        "service_name": ticket.category.name,
        "service_code": ticket.category.slug,
        "description": ticket.text,
        "agency_responsible": ticket.unit or ticket.desk.name,
        "service_notice": absolute(reverse("tickets:public", args=[ticket.number])),
        "requested_datetime": _iso(ticket.created_at),
        "updated_datetime": _iso(ticket.moved_at),
        "expected_datetime": _iso(ticket.finish_due_at),
        "address": place_words(ticket),
        "address_id": str(ticket.area_id),
        "zipcode": "",
        "lat": point and point.lat,
        "long": point and point.long,
        "media_url": absolute(ready[0].medium) if ready else "",
    }


def _iso(moment: dt.datetime) -> str:
    return local(moment).replace(microsecond=0).isoformat()
