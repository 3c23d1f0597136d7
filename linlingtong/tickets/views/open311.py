"""Open311 GeoReport v2, for reading: what residents made public, for programs that know the standard."""

from typing import Any
from xml.etree import ElementTree as ET

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from linlingtong.tickets import georeport
from linlingtong.tickets.models import Category

FORMS = {"json", "xml"}
# How the standard names what is inside a list.
INSIDE = {
    "services": "service", "service_requests": "request", "errors": "error", "attributes": "attribute",
    "endpoints": "endpoint", "formats": "format",
}  # fmt: skip


def _answer(found: Any, form: str, root: str, status: int = 200) -> HttpResponse:
    if form == "xml":
        content = ET.tostring(_node(root, found), encoding="utf-8", xml_declaration=True)
        response = HttpResponse(content, content_type="text/xml; charset=utf-8", status=status)
    else:
        response = JsonResponse(found, safe=False, status=status, json_dumps_params={"ensure_ascii": False})
    response["Cache-Control"] = "public, max-age=60" if status == 200 else "no-store"
    return response


def _node(name: str, value: Any) -> ET.Element:
    node = ET.Element(name)
    if isinstance(value, dict):
        node.extend(_node(key, one) for key, one in value.items())
    elif isinstance(value, list):
        node.extend(_node(INSIDE[name], one) for one in value)
    elif value is not None:
        node.text = str(value).lower() if isinstance(value, bool) else str(value)
    return node


def _refuse(status: int, words: str, form: str) -> HttpResponse:
    return _answer([{"code": status, "description": words}], form, "errors", status)


def _unknown(form: str) -> HttpResponse:
    return _refuse(404, _("There is nothing here."), form)


@require_safe
def discovery(request: HttpRequest, form: str) -> HttpResponse:
    """Where the standard is spoken."""
    if form not in FORMS:
        return _unknown("json")
    return _answer(georeport.discovery(request.build_absolute_uri), form, "discovery")


@require_safe
def services(_request: HttpRequest, form: str) -> HttpResponse:
    """Every kind of report."""
    return _answer(georeport.services(), form, "services") if form in FORMS else _unknown("json")


@require_safe
def service(_request: HttpRequest, code: str, form: str) -> HttpResponse:
    """A kind asks for nothing more than the standard does."""
    if form not in FORMS or not Category.objects.active().filter(slug=code).exists():
        return _unknown(form)
    return _answer({"service_code": code, "attributes": []}, form, "service_definition")


@require_safe
def requests(request: HttpRequest, form: str) -> HttpResponse:
    """Public reports, the newest first: of ninety days, around a point, or by their numbers."""
    if form not in FORMS:
        return _unknown("json")
    try:
        found = georeport.chosen(request.GET)
    except georeport.NotUnderstood as error:
        return _refuse(400, _("This parameter is not understood: %(name)s") % {"name": error}, form)
    return _answer(georeport.spelled(found, request.build_absolute_uri), form, "service_requests")


@require_safe
def request_(request: HttpRequest, number: str, form: str) -> HttpResponse:
    """One public report."""
    if form not in FORMS:
        return _unknown("json")
    found = georeport.public_tickets().filter(number=number)
    answers = georeport.spelled(found, request.build_absolute_uri)
    return _answer(answers, form, "service_requests") if answers else _unknown(form)
