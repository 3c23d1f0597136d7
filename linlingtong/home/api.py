from typing import Any, ClassVar

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from linlingtong.accounts.idempotency import idempotent
from linlingtong.accounts.signed_in import caller, reader
from linlingtong.areas.models import Area
from linlingtong.core.conditional import Personal, Public
from linlingtong.core.fields import Key, Query
from linlingtong.core.search import LONGEST_QUERY
from linlingtong.home.actions import StillAppointed, ask_for_export, ask_to_leave, stay
from linlingtong.home.figures import figures
from linlingtong.home.models import DataExport, Erasure
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
        user = reader(request)
        found = find(SearchQuery.read(request.query_params)["q"], user)
        return Response({"next": None, "previous": None, "results": FoundShape(found, many=True).data})


class ExportShape(serializers.Serializer[Any]):
    asked_at = serializers.DateTimeField()
    ready_at = serializers.DateTimeField(allow_null=True)
    kept_until = serializers.DateTimeField(allow_null=True)
    url = serializers.CharField(help_text="A link to the ZIP, good for an hour; empty while it is being made")


class MyExport(Personal):
    board = "home"

    @extend_schema(operation_id="my_export", responses=ExportShape)
    def get(self, request: Request) -> Response:
        """Where the copy of one's own data stands; 404 when none was asked for."""
        export = DataExport.objects.filter(resident=caller(request)).defer("archive").first()
        if export is None:
            raise NotFound
        return Response(_export_row(export))

    @extend_schema(operation_id="ask_for_export", request=None, responses={202: ExportShape})
    @idempotent
    def post(self, request: Request) -> Response:
        """Ask for a copy of everything that is kept: JSON, CSV and photos in a ZIP, ready within minutes."""
        user = caller(request)
        return Response(_export_row(ask_for_export(user, by=user)), status=202)


def _export_row(export: DataExport) -> dict[str, Any]:
    url = export.link() if export.ready_at else ""
    return ExportShape({**vars(export), "kept_until": export.kept_until, "url": url}).data


class ErasureShape(serializers.Serializer[Any]):
    asked_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(help_text="Until then it can be taken back")


class MyErasure(Personal):
    board = "home"
    refusals: ClassVar[dict[str, Any]] = {"POST": (StillAppointed,)}

    @extend_schema(operation_id="my_erasure", responses=ErasureShape)
    def get(self, request: Request) -> Response:
        """The wish to leave; 404 when there is none."""
        erasure = Erasure.objects.filter(resident=caller(request)).first()
        if erasure is None:
            raise NotFound
        return Response(ErasureShape(erasure).data)

    @extend_schema(operation_id="ask_to_leave", request=None, responses={202: ErasureShape})
    @idempotent
    def post(self, request: Request) -> Response:
        """Have everything deleted in seven days: places and claims are given back, hours stay without a name."""
        user = caller(request)
        return Response(ErasureShape(ask_to_leave(user, by=user)).data, status=202)

    @extend_schema(operation_id="stay", responses={204: None})
    def delete(self, request: Request) -> Response:
        """Stay after all."""
        user = caller(request)
        stay(user, by=user)
        return Response(status=204)
