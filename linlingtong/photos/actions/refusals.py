from typing import Any

from django.utils.translation import gettext_lazy as _

from linlingtong.core.refusal import Refusal


class TooManyPhotos(Refusal):
    code = "too_many_photos"
    message = _("%(most)s photos fit here at most. Leave some out.")


class PhotoTooLarge(Refusal):
    code = "photo_too_large"
    message = _("“%(name)s” is larger than 10 MB. Choose a smaller one, or send a screenshot of it.")


class NotAPhoto(Refusal):
    code = "not_a_photo"
    message = _("“%(name)s” is not a photo that can be shown here. Send a JPEG, PNG or WebP picture.")


class UnknownPhotoFormat(NotAPhoto):
    message = _(
        "“%(name)s” is in the HEIC format. Set the camera to “most compatible”, or send a screenshot of the photo."
    )


class TooManyPixels(Refusal):
    code = "too_many_pixels"
    message = _("“%(name)s” is %(width)s × %(height)s pixels: too large to open. Send a smaller one.")


class MovingPicture(Refusal):
    code = "moving_picture"
    message = _("“%(name)s” moves. Only still photos can be shown here: send a screenshot of it.")


class HiddenContent(Refusal):
    code = "hidden_content"
    message = _("Something else is hidden inside “%(name)s”. Take the photo again, or send a screenshot of it.")


class PhotoGone(Refusal):
    code = "photo_gone"
    message = _("A photo is no longer there. Choose it again.")


class EnoughForToday(Refusal):
    code = "enough_photos_today"
    message = _("That makes more than %(most)s photos in 24 hours. You can send more from %(when)s on.")


ALL: tuple[type[Any], ...] = (
    TooManyPhotos,
    PhotoTooLarge,
    NotAPhoto,
    TooManyPixels,
    MovingPicture,
    HiddenContent,
    PhotoGone,
    EnoughForToday,
)
