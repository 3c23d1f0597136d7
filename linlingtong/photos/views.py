from django.contrib.auth.decorators import login_required
from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from linlingtong.accounts.signed_in import caller
from linlingtong.core.refusal import Refusal
from linlingtong.photos.actions import discard
from linlingtong.photos.forms import UploadForm
from linlingtong.photos.models import SIZES, Photo
from linlingtong.photos.permissions import may_see

YEAR = 31_536_000


@require_safe
def picture(request: HttpRequest, token: str, size: str) -> HttpResponse:
    """One size of one photo. Its content never changes: a changed photo has another name."""
    photo = get_object_or_404(Photo, token=token)
    is_public = photo.is_public and not photo.is_hidden
    if int(size) not in SIZES or not photo.is_ready or not (is_public or may_see(request.user, photo)):
        raise Http404
    try:
        with default_storage.open(photo.file(int(size))) as file:
            response = HttpResponse(file.read(), content_type="image/webp")
    except FileNotFoundError as missing:
        raise Http404 from missing
    response["Cache-Control"] = f"public, max-age={YEAR}, immutable" if is_public else "private, no-store"
    return response


@login_required
@require_POST
def upload(request: HttpRequest) -> HttpResponse:
    """For the page's script: photos arrive while the form is still open, and the form then carries their names."""
    form = UploadForm(request.POST, request.FILES, by=caller(request))
    if not form.is_valid():
        return JsonResponse({"detail": " ".join(str(error) for error in form.errors["photos"])}, status=409)
    rows = form.cleaned_data["photos"]
    return JsonResponse({"photos": [{"token": row.token, "discard": _discard_url(row)} for row in rows]}, status=201)


def _discard_url(photo: Photo) -> str:
    return reverse("photos:discard", args=[photo.token])


@login_required
@require_POST
def throw_away(request: HttpRequest, token: str) -> HttpResponse:
    """Take back a photo before its form is sent."""
    try:
        discard(token, by=caller(request))
    except Refusal as gone:
        raise Http404 from gone
    return HttpResponse(status=204)
