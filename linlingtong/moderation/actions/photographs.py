from django.utils import translation
from django.utils.translation import gettext as _

from linlingtong.core.subject import subject_of
from linlingtong.core.turns import in_turn
from linlingtong.notifications.actions import Tiding, tell
from linlingtong.notifications.models import Kind
from linlingtong.photos.actions import mark_told
from linlingtong.photos.models import Photo

AT_ONCE = 100


@in_turn
def tell_refused_photos() -> int:
    """Whoever sent a photo that could not be opened hears why; photos of forms never sent are nobody's news."""
    refused = Photo.objects.filter(state=Photo.State.REFUSED, told_at=None).exclude(subject="")
    rows = list(refused.select_related("owner").order_by("id")[:AT_ONCE])
    tell([_tiding(row) for row in rows])
    mark_told([row.pk for row in rows])
    return len(rows)


def _tiding(photo: Photo) -> Tiding:
    subject = subject_of(photo.subject)
    with translation.override(photo.owner.language):
        title, body = _("A photo could not be shown"), photo.get_refusal_display()
    return Tiding(
        resident_id=photo.owner.pk,
        kind=Kind.REVIEW,
        key=f"photo/{photo.pk}",
        title=title,
        body=str(body),
        url=subject.url(photo.subject_id) if subject and photo.subject_id else "",
        subject="photo",
        subject_id=photo.pk,
    )
