from typing import Any, ClassVar

from django.urls import URLPattern, path
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from linlingtong.accounts.idempotency import idempotent
from linlingtong.accounts.signed_in import caller
from linlingtong.core.conditional import Personal
from linlingtong.core.rendering import JSONParser
from linlingtong.photos.actions import discard, receive, refusals
from linlingtong.photos.actions.refusals import PhotoGone, TooManyPhotos
from linlingtong.photos.models import MOST, Photo

# For calls that take photos: as files of the same call, or by the tokens of photos that are here already.
PARSERS: list[type[BaseParser]] = [JSONParser, MultiPartParser]
LONGEST_TOKEN = 32


class PhotoUrls(serializers.Serializer[Any]):
    small = serializers.CharField(help_text="Longer side 320 pixels")
    medium = serializers.CharField(help_text="800 pixels")
    large = serializers.CharField(help_text="1600 pixels")


class PhotoShape(serializers.Serializer[Any]):
    token = serializers.CharField()
    state = serializers.ChoiceField(choices=Photo.State.choices)
    reason = serializers.CharField(help_text="Why it was refused, in the caller's language")
    alt = serializers.CharField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    urls = PhotoUrls(allow_null=True, help_text="null until the photo is ready")


class PhotosBody(serializers.Serializer[Any]):
    photos = serializers.ListField(
        child=serializers.FileField(), max_length=MOST, help_text="JPEG, PNG or WebP, 10 MB each"
    )


class Tokens(serializers.ListField):
    """Photos in a JSON body, by the tokens that `POST /api/v1/photos/` answered."""

    def __init__(self, **kwargs: Any) -> None:
        child = serializers.CharField(max_length=LONGEST_TOKEN)
        super().__init__(child=child, required=False, max_length=MOST, **kwargs)


def photo_row(photo: Photo) -> dict[str, Any]:
    """One photo as an app sees it."""
    urls = {"small": photo.small, "medium": photo.medium, "large": photo.large}
    return {
        "token": photo.token,
        "state": photo.state,
        "reason": photo.get_refusal_display() if photo.refusal else "",
        "alt": photo.alt,
        "width": photo.width,
        "height": photo.height,
        "urls": urls if photo.is_ready else None,
    }


def sent(request: Request, most: int = MOST) -> list[Photo]:
    """The photos of a call: its files are taken in now, tokens name the caller's own that are not used yet.

    Raises the refusals of photos, and a validation error for anything that is neither.
    """
    user = caller(request)
    files = request.FILES.getlist("photos")
    tokens = _tokens(_given(request.data), files)
    if len(files) + len(tokens) > most:
        raise TooManyPhotos(most=most)
    found = (
        {one.token: one for one in Photo.objects.filter(owner=user, subject="", token__in=tokens)} if tokens else {}
    )
    if len(found) < len(tokens):
        raise PhotoGone
    return [*(found[token] for token in tokens), *receive(files, by=user, most=most)]


def _given(body: Any) -> Any:
    if isinstance(body, MultiValueDict):
        return body.getlist("photos")
    return body.get("photos", []) if isinstance(body, dict) else []


def _tokens(given: Any, files: list[Any]) -> list[str]:
    if not isinstance(given, list):
        raise ValidationError({"photos": [_("Photos are a list.")]})
    tokens = [one for one in given if one not in files]
    if not all(isinstance(one, str) and 0 < len(one) <= LONGEST_TOKEN and one.isascii() for one in tokens):
        raise ValidationError({"photos": [_("A photo is a file, or the token of one.")]})
    return list(dict.fromkeys(tokens))


class Uploads(Personal):
    board = "photos"
    parser_classes = [MultiPartParser]
    refusals: ClassVar[dict[str, Any]] = {"POST": refusals.ALL}

    @extend_schema(
        operation_id="send_photos",
        request={"multipart/form-data": PhotosBody},
        responses={201: PhotoShape(many=True)},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Send photos; they can be used in one thing that is written within a day."""
        user = caller(request)
        files = request.FILES.getlist("photos")
        if not files:
            raise ValidationError({"photos": [_("Add a photo.")]})
        return Response([photo_row(row) for row in receive(files, by=user)], 201)


class Upload(Personal):
    board = "photos"
    refusals: ClassVar[dict[str, Any]] = {"DELETE": (PhotoGone,)}

    @extend_schema(operation_id="photo", responses=PhotoShape)
    def get(self, request: Request, token: str) -> Response:
        """How far a photo of one's own is."""
        return Response(photo_row(Photo.objects.get(owner=caller(request), token=token)))

    @extend_schema(operation_id="discard_photo", request=None, responses={204: None})
    def delete(self, request: Request, token: str) -> Response:
        """Take back a photo that is not part of anything yet."""
        discard(token, by=caller(request))
        return Response(status=204)


routes: list[URLPattern] = [
    path("photos/", Uploads.as_view(), name="photos"),
    path("photos/<slug:token>/", Upload.as_view(), name="photo"),
]
