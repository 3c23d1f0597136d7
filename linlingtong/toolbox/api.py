from typing import Any

from django.http import Http404
from django.urls import URLPattern, path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from linlingtong.core.conditional import Public
from linlingtong.core.fields import Query
from linlingtong.core.pagination import Pages
from linlingtong.core.search import LONGEST_QUERY
from linlingtong.toolbox.models import Audience, Contact, Guide, Tool


class ToolShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    title = serializers.CharField()
    summary = serializers.CharField()
    kind = serializers.ChoiceField(choices=Tool.Kind.choices)
    url = serializers.CharField(help_text="A path of this site, an https address or the link of a mini-program")
    group = serializers.ChoiceField(choices=Tool.Group.choices)
    audience = serializers.ChoiceField(choices=Audience.choices, allow_blank=True)


class ToolPage(serializers.Serializer[Any]):
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = ToolShape(many=True)


class ToolList(Public):
    board = "toolbox"
    seconds = 60

    @extend_schema(operation_id="tools", responses=ToolPage)
    def get(self, request: Request) -> Response:  # noqa: ARG002 - REST framework's signature
        """The shelf as staff arranged it, on one page."""
        return Response(
            {"next": None, "previous": None, "results": ToolShape(Tool.objects.shown().in_order(), many=True).data}
        )


class ScheduleShape(serializers.Serializer[Any]):
    days = serializers.CharField(help_text="every, worked (statutory working days) or off")
    opens_at = serializers.TimeField(format="%H:%M")
    closes_at = serializers.TimeField(format="%H:%M", help_text="Equal to opens_at: around the clock")


class DirectoryContact(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    category = serializers.ChoiceField(choices=Contact.Category.choices)
    organization = serializers.CharField()
    service = serializers.CharField()
    phone = serializers.CharField()
    address = serializers.CharField()
    eligibility = serializers.CharField()
    required_documents = serializers.CharField()
    fees = serializers.CharField()
    schedules = ScheduleShape(many=True)
    answers_now = serializers.BooleanField(allow_null=True, help_text="null: no hours are known")
    assured_at = serializers.DateTimeField(allow_null=True, help_text="When somebody last called to check")


class ContactQuery(Query):
    q = serializers.CharField(required=False, max_length=LONGEST_QUERY, help_text="Every word must be found")
    category = serializers.ChoiceField(choices=Contact.Category.choices, required=False)


class ContactList(Public):
    board = "toolbox"
    seconds = 60
    pagination_class = Pages
    page_order = ("id",)

    @extend_schema(operation_id="contacts", parameters=[ContactQuery], responses=DirectoryContact(many=True))
    def get(self, request: Request) -> Response:
        """The directory of useful numbers."""
        query = ContactQuery.read(request.query_params)
        rows = Contact.objects.listed()
        if "q" in query:
            rows = rows.matching(query["q"])
        if "category" in query:
            rows = rows.filter(category=query["category"])
        pages, now = Pages(), timezone.now()
        page = pages.paginate_queryset(rows.prefetch_related("schedules"), request, self)
        for one in page:
            one.answers_now = one.answers_at(now)
        return pages.get_paginated_response(DirectoryContact(page, many=True).data)


class GuideRow(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    title = serializers.CharField()
    summary = serializers.CharField()
    audience = serializers.ListField(child=serializers.ChoiceField(choices=Audience.choices))
    version = serializers.IntegerField()
    checked_on = serializers.DateField()
    valid_until = serializers.DateField(allow_null=True)
    is_sample = serializers.BooleanField()


class WholeGuide(GuideRow):
    eligibility = serializers.CharField()
    documents = serializers.ListField(child=serializers.CharField(), source="document_lines")
    steps = serializers.ListField(child=serializers.CharField(), source="step_lines")
    duration = serializers.CharField()
    fees = serializers.CharField()
    contact = serializers.IntegerField(allow_null=True, source="contact_id")
    source = serializers.CharField()  # type: ignore[assignment] # the guide's own word; the library uses it too
    source_url = serializers.CharField()


class GuideQuery(Query):
    q = serializers.CharField(required=False, max_length=LONGEST_QUERY, help_text="Every word must be found")
    audience = serializers.ChoiceField(choices=Audience.choices, required=False)


class GuideList(Public):
    board = "toolbox"
    seconds = 60
    pagination_class = Pages
    page_order = ("id",)

    @extend_schema(operation_id="guides", parameters=[GuideQuery], responses=GuideRow(many=True))
    def get(self, request: Request) -> Response:
        """How to get things done."""
        query = GuideQuery.read(request.query_params)
        rows = Guide.objects.published()
        if "q" in query:
            rows = rows.matching(query["q"])
        if "audience" in query:
            rows = rows.filter(audience__contains=[query["audience"]])
        pages = Pages()
        return pages.get_paginated_response(GuideRow(pages.paginate_queryset(rows, request, self), many=True).data)


class GuideDetail(Public):
    board = "toolbox"
    seconds = 60

    @extend_schema(operation_id="guide", responses=WholeGuide)
    def get(self, request: Request, guide_id: int) -> Response:  # noqa: ARG002 - REST framework's signature
        """One guide with its steps and what to bring."""
        found = Guide.objects.published().filter(pk=guide_id).first()
        if found is None:
            raise Http404
        return Response(WholeGuide(found).data)


routes: list[URLPattern] = [
    path("tools/", ToolList.as_view(), name="tools"),
    path("contacts/", ContactList.as_view(), name="contacts"),
    path("guides/", GuideList.as_view(), name="guides"),
    path("guides/<id:guide_id>/", GuideDetail.as_view(), name="guide"),
]
