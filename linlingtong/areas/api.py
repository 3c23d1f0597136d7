import functools
import time
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from linlingtong.areas.models import Area
from linlingtong.core.conditional import Public
from linlingtong.core.fields import Key, Query
from linlingtong.core.pagination import Pages

SECONDS = 60


class AreaShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    level = serializers.ChoiceField(choices=Area.Level.choices)
    name = serializers.CharField()
    path = serializers.CharField(help_text="The ids from the root to this area: `/1/4/17/`")
    parent = serializers.IntegerField(allow_null=True)  # type: ignore[assignment] # a field, not the serializer's parent
    lat = serializers.FloatField(allow_null=True, help_text="Of the middle, by WGS 84")
    long = serializers.FloatField(allow_null=True)


class AreaQuery(Query):
    parent = Key(required=False, help_text="Only those directly inside")  # type: ignore[assignment] # the same


class AreaList(Public):
    board = "areas"
    seconds = 60
    pagination_class = Pages
    page_order = ("id",)

    @extend_schema(operation_id="areas", parameters=[AreaQuery], responses=AreaShape(many=True))
    def get(self, request: Request) -> Response:
        """The subdistrict, its communities, grids, micro-grids and buildings."""
        query = AreaQuery.read(request.query_params)
        areas = Area.objects.active()
        if "parent" in query:
            path_of(query["parent"], name="parent")
            areas = areas.filter(parent=query["parent"])
        pages = Pages()
        shown = areas.values("id", "level", "name", "path", "parent", "lat", "long")
        rows = pages.paginate_queryset(shown, request, self)
        return pages.get_paginated_response(rows)


def path_of(area_id: int, *, name: str = "area") -> str:
    """The path of an area that a caller named.

    Remembered for a minute, because lists are filtered by a handful of areas and their paths hardly ever change.
    Raises a validation error on the named field when there is no such area.
    """
    path = _path(area_id, int(time.monotonic() // SECONDS))
    if path is None:
        raise serializers.ValidationError({name: [_("There is no such area.")]}, code="does_not_exist")
    return path


@functools.lru_cache(maxsize=1024)
def _path(area_id: int, minute: int) -> str | None:  # noqa: ARG001 - the minute is when to look again
    return Area.objects.filter(pk=area_id).values_list("path", flat=True).first()
