from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from linlingtong.accounts.models import User
from linlingtong.areas.models import Area
from linlingtong.core.conditional import Public
from linlingtong.core.fields import Key, Query
from linlingtong.core.search import LONGEST_QUERY
from linlingtong.home.figures import figures
from linlingtong.home.search import find


class FiguresShape(serializers.Serializer[Any]):
    residents = serializers.IntegerField()
    activities = serializers.IntegerField(help_text="Published volunteer activities, past and to come")
    participations = serializers.IntegerField(help_text="人次: attended places in volunteer activities")
    participants = serializers.IntegerField(help_text="人数: different persons among them")
    service_minutes = serializers.IntegerField(required=False)
    wishes_fulfilled = serializers.IntegerField(required=False)
    tickets_closed = serializers.IntegerField(required=False)


class FiguresQuery(Query):
    area = Key(required=False, help_text="Only this area and everything inside it")


class Stats(Public):
    board = "home"
    seconds = 30

    @extend_schema(operation_id="stats", parameters=[FiguresQuery], responses=FiguresShape)
    def get(self, request: Request) -> Response:
        """The headline figures."""
        query = FiguresQuery.read(request.query_params)
        area = None
        if "area" in query:
            area = Area.objects.filter(pk=query["area"]).first()
            if area is None:
                raise serializers.ValidationError({"area": [_("There is no such area.")]}, code="does_not_exist")
        return Response(figures(area))


class FoundShape(serializers.Serializer[Any]):
    type = serializers.CharField(help_text="Which board: activity, praise, help_post, tool, contact, guide, venue")
    id = serializers.IntegerField()
    title = serializers.CharField()
    excerpt = serializers.CharField()
    url = serializers.CharField()


class FoundPage(serializers.Serializer[Any]):
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = FoundShape(many=True)


class SearchQuery(Query):
    q = serializers.CharField(max_length=LONGEST_QUERY, help_text="Every word must be found")


class Search(Public):
    board = "home"

    @extend_schema(operation_id="search", parameters=[SearchQuery], responses=FoundPage)
    def get(self, request: Request) -> Response:
        """What any board has that contains every word: the best 30, on one page."""
        reader = request.user if isinstance(request.user, User) else None
        found = find(SearchQuery.read(request.query_params)["q"], reader)
        return Response({"next": None, "previous": None, "results": FoundShape(found, many=True).data})
