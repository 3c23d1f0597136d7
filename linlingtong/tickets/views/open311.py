"""Open311 GeoReport v2, for reading: what residents made public, for programs that know the standard."""

import datetime as dt
from typing import Any
from xml.etree import ElementTree as ET

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from linlingtong.core.time import local
from linlingtong.photos.models import Photo
from linlingtong.photos.reading import photos_by_subject
from linlingtong.tickets.actions import KIND
from linlingtong.tickets.models import Category, Ticket
from linlingtong.tickets.showing import place_words
from linlingtong.tickets.views.reading import public_address

SPAN = dt.timedelta(days=90)
LARGEST, SIZE, LAST_PAGE, MOST_IDS = 200, 50, 500, 100
FORMS = {"json", "xml"}


def _answer(rows: list[dict[str, Any]], form: str, root: str, item: str, status: int = 200) -> HttpResponse:
    if form != "xml":
        response: HttpResponse = JsonResponse(
            rows, safe=False, status=status, json_dumps_params={"ensure_ascii": False}
        )
    else:
        top = ET.Element(root)
        for row in rows:
            node = ET.SubElement(top, item)
            for name, value in row.items():
                ET.SubElement(node, name).text = _plain(value)
        content = ET.tostring(top, encoding="utf-8", xml_declaration=True)
        response = HttpResponse(content, content_type="text/xml; charset=utf-8", status=status)
    response["Cache-Control"] = "public, max-age=60" if status == 200 else "no-store"
    return response


def _plain(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _refuse(status: int, words: str, form: str) -> HttpResponse:
    return _answer([{"code": status, "description": words}], form, "errors", "error", status)


def _unknown(form: str) -> HttpResponse:
    return _refuse(404, _("There is nothing here."), form)


@require_safe
def services(_request: HttpRequest, form: str) -> HttpResponse:
    """Every kind of report."""
    if form not in FORMS:
        return _unknown("json")
    rows = [
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
    return _answer(rows, form, "services", "service")


@require_safe
def service(_request: HttpRequest, code: str, form: str) -> HttpResponse:
    """A kind asks for nothing more than the standard does."""
    if form not in FORMS or not Category.objects.active().filter(slug=code).exists():
        return _unknown(form)
    if form == "json":
        return JsonResponse({"service_code": code, "attributes": []})
    return _answer([{"service_code": code, "attributes": ""}], form, "service_definitions", "service_definition")


@require_safe
def requests(request: HttpRequest, form: str) -> HttpResponse:
    """Public reports, the newest first: of the last 90 days, or by their numbers."""
    if form not in FORMS:
        return _unknown("json")
    try:
        rows = _chosen(request)
        page, size = _number(request, "page", 1, LAST_PAGE), _number(request, "page_size", SIZE, LARGEST)
    except ValueError as error:
        return _refuse(400, _("This parameter is not understood: %(name)s") % {"name": error}, form)
    start = (page - 1) * size
    found = list(
        rows.select_related("category", "area__parent", "desk").defer("search").order_by("-pk")[start : start + size]
    )
    photos = photos_by_subject(KIND, [one.pk for one in found])
    answers = [_row(request, one, photos.get(one.pk, [])) for one in found]
    return _answer(answers, form, "service_requests", "request")


@require_safe
def request_(request: HttpRequest, number: str, form: str) -> HttpResponse:
    """One public report."""
    if form not in FORMS:
        return _unknown("json")
    rows = Ticket.objects.public().select_related("category", "area__parent", "desk").defer("search")
    found = rows.filter(number=number).first()
    if found is None:
        return _unknown(form)
    photos = photos_by_subject(KIND, [found.pk]).get(found.pk, [])
    return _answer([_row(request, found, photos)], form, "service_requests", "request")


def _chosen(request: HttpRequest) -> Any:
    """Raises ValueError with the name of what is not understood."""
    rows, given = Ticket.objects.public(), request.GET
    if ids := given.get("service_request_id"):
        return rows.filter(number__in=ids.split(",")[:MOST_IDS])
    if codes := given.get("service_code"):
        rows = rows.filter(category__slug__in=codes.split(",")[:MOST_IDS])
    if status := given.get("status"):
        wanted = set(status.split(","))
        if not wanted <= {"open", "closed"}:
            raise ValueError("status")
        states = [*(Ticket.RUNNING if "open" in wanted else ()), *(Ticket.SETTLED if "closed" in wanted else ())]
        rows = rows.filter(state__in=states)
    until = _moment(request, "end_date") or timezone.now()
    since = _moment(request, "start_date") or until - SPAN
    return rows.filter(created_at__gte=max(since, until - SPAN), created_at__lte=until)


def _moment(request: HttpRequest, name: str) -> dt.datetime | None:
    text = request.GET.get(name, "")
    if not text:
        return None
    try:
        moment = parse_datetime(text.replace(" ", "+"))
    except ValueError as error:
        raise ValueError(name) from error
    if moment is None or not dt.MINYEAR + 100 < moment.year < dt.MAXYEAR - 100:
        raise ValueError(name)
    return moment if moment.tzinfo else timezone.make_aware(moment)


def _number(request: HttpRequest, name: str, usual: int, largest: int) -> int:
    text = request.GET.get(name, "")
    if not text:
        return usual
    if not (text.isascii() and text.isdigit() and len(text) < 6) or not int(text):
        raise ValueError(name)
    return min(int(text), largest)


def _row(request: HttpRequest, ticket: Ticket, photos: list[Photo]) -> dict[str, Any]:
    """One report as the standard spells it. Places have no coordinates here, so lat and long are empty."""
    ready = [photo for photo in photos if photo.is_ready and not photo.is_hidden]
    return {
        "service_request_id": ticket.number,
        "status": "open" if ticket.state in Ticket.RUNNING else "closed",
        "status_notes": " · ".join(part for part in (ticket.get_state_display(), ticket.answer) if part),
        "service_name": ticket.category.name,
        "service_code": ticket.category.slug,
        "description": ticket.text,
        "agency_responsible": ticket.unit or ticket.desk.name,
        "service_notice": request.build_absolute_uri(public_address(ticket)),
        "requested_datetime": _iso(ticket.created_at),
        "updated_datetime": _iso(ticket.moved_at),
        "expected_datetime": _iso(ticket.finish_due_at),
        "address": place_words(ticket),
        "address_id": str(ticket.area_id),
        "zipcode": "",
        "lat": None,
        "long": None,
        "media_url": request.build_absolute_uri(ready[0].medium) if ready else "",
    }


def _iso(moment: dt.datetime) -> str:
    return local(moment).replace(microsecond=0).isoformat()
