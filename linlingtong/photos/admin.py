from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linlingtong.accounts.admin.scoped import ScopedAdmin
from linlingtong.accounts.signed_in import caller
from linlingtong.core.refusal import Refusal
from linlingtong.photos import actions
from linlingtong.photos.models import Photo

SIDE = 12


@admin.register(Photo)
class PhotoAdmin(ScopedAdmin[Photo]):
    """Photos of one's area. Staff make faces unrecognisable; what to show at all is decided in moderation."""

    path_field = "area_path"
    list_display = ("thumbnail", "alt", "owner", "state", "is_public", "is_hidden", "created_at")
    list_display_links = ("thumbnail", "alt")
    list_select_related = ("owner",)
    list_filter = ("state", "is_hidden")
    ordering = ("-id",)
    fields = ("thumbnail", "alt", "owner", "state", "refusal", "is_public", "is_hidden", "created_at")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).exclude(subject="")

    @admin.display(description=gettext_lazy("photo"))
    def thumbnail(self, photo: Photo) -> str:
        if not photo.is_ready:
            return photo.get_state_display()
        return format_html(
            '<img src="{}" alt="{}" width="120">', photo.small, _("photo %(number)s") % {"number": photo.pk}
        )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.blur_view)
        return [path("<int:pk>/blur/", view, name="photos_photo_blur"), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "can_blur": True})

    def blur_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A grid over the picture: the ticked squares are made unrecognisable, for good."""
        photo = self.get_queryset(request).filter(pk=pk).first()
        if photo is None:
            raise Http404
        if request.method == "POST":
            return self._blurred(request, photo)
        cells = [(row * SIDE + column, row + 1, column + 1) for row in range(SIDE) for column in range(SIDE)]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Make a part unrecognisable"),
            "photo": photo,
            "cells": cells,
            "back": back_of(request),
        }
        return TemplateResponse(request, "admin/photos/blur.html", context)

    def _blurred(self, request: HttpRequest, photo: Photo) -> HttpResponse:
        chosen = {int(text) for text in request.POST.getlist("cell") if text.isascii() and text.isdigit()}
        boxes = [box_of(cell) for cell in sorted(chosen) if cell < SIDE * SIDE]
        if not boxes:
            messages.warning(request, _("Tick the squares that nobody is to recognise."))
            return redirect(request.get_full_path())
        try:
            actions.blur(photo.pk, boxes, by=caller(request))
        except PermissionDenied as error:
            raise Http404 from error
        except Refusal as refusal:
            messages.error(request, refusal.detail)
        else:
            messages.success(request, _("Done. The old version is gone; the new one is there in a few seconds."))
        return redirect(back_of(request))


def box_of(cell: int) -> tuple[float, float, float, float]:
    """The square of the grid as shares of the picture."""
    row, column = divmod(cell, SIDE)
    return column / SIDE, row / SIDE, (column + 1) / SIDE, (row + 1) / SIDE


def back_of(request: HttpRequest) -> str:
    """Where the person came from, inside the admin."""
    back = request.GET.get("back", "")
    is_ours = back.startswith("/admin/") and "\\" not in back and "//" not in back
    return back if is_ours else "/admin/photos/photo/"
