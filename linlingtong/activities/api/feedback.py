"""After an activity: its story and what people thought."""

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from linlingtong.accounts.signed_in import caller
from linlingtong.activities.actions import feedback, record_refusals
from linlingtong.activities.models import Activity, Rating, Review
from linlingtong.core.conditional import Personal, Public
from linlingtong.core.fields import Text, Whole
from linlingtong.photos.api import PhotoShape, photo_row
from linlingtong.photos.reading import photos_by_subject


class ReviewShape(serializers.Serializer[Any]):
    story = serializers.CharField(help_text="Empty until the leader has written it")
    thanks = serializers.CharField()
    written_at = serializers.DateTimeField(allow_null=True)
    photos = PhotoShape(many=True)
    ratings = serializers.IntegerField(help_text="How many rated")
    average = serializers.FloatField(allow_null=True, help_text="null below three ratings")


class RatingBody(serializers.Serializer[Any]):
    stars = Whole(min_value=1, max_value=5)
    text = Text(max_length=500, required=False, allow_blank=True, help_text="For the organisers only")


class RatingShape(serializers.Serializer[Any]):
    stars = serializers.IntegerField()
    text = serializers.CharField()
    created_at = serializers.DateTimeField()
    editable_until = serializers.DateTimeField()


class ActivityReview(Public):
    board = "activities"

    @extend_schema(operation_id="activity_review", responses=ReviewShape)
    def get(self, _request: Request, activity_id: int) -> Response:
        """How it was: the story with its pictures, and the average of those who were there."""
        activity = Activity.objects.visible_to().get(pk=activity_id)
        told = Review.objects.filter(activity=activity).first()
        photos = photos_by_subject(feedback.PICTURES, [told.pk])[told.pk] if told else []
        opinion = feedback.opinion_of(activity)
        answer = {
            "story": told.story if told and told.is_visible else "",
            "thanks": told.thanks if told else "",
            "written_at": told.written_at if told else None,
            "photos": [photo_row(photo) for photo in photos if photo.is_ready and not photo.is_hidden],
            "ratings": opinion.count,
            "average": opinion.average,
        }
        return Response(answer)


class ActivityRating(Personal):
    board = "activities"
    refusals: ClassVar[dict[str, Any]] = {
        "PUT": (record_refusals.ActivityNotOver, record_refusals.WasNotThere, record_refusals.RatingSettled),
    }

    @extend_schema(operation_id="own_rating", responses=RatingShape)
    def get(self, request: Request, activity_id: int) -> Response:
        """One's own rating of the activity."""
        own = Rating.objects.get(activity=activity_id, resident=caller(request))
        return Response(_row(own))

    @extend_schema(
        operation_id="rate_activity",
        request=RatingBody,
        responses={200: OpenApiResponse(RatingShape, "The rating; sending it again changes nothing")},
    )
    def put(self, request: Request, activity_id: int) -> Response:
        """Say how it was; changeable for seven days."""
        body = RatingBody(data=request.data)
        body.is_valid(raise_exception=True)
        return Response(_row(feedback.rate(activity_id, by=caller(request), **body.validated_data)))


def _row(rating: Rating) -> dict[str, Any]:
    return {name: getattr(rating, name) for name in ("stars", "text", "created_at", "editable_until")}
