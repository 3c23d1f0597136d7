"""After an activity: thanks to those who came, what they thought, and the story with its pictures."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Avg, CharField, Count, Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from linlingtong.accounts.models import User
from linlingtong.activities.actions.record_refusals import (
    ActivityNotOver,
    OtherWords,
    RatingSettled,
    ThankedAlready,
    WasNotThere,
)
from linlingtong.activities.actions.refusals import TextMissing
from linlingtong.activities.models import Activity, Participant, Rating, Registration, Review
from linlingtong.activities.permissions import may_manage
from linlingtong.audit.actions import acting
from linlingtong.core.subject import Facts
from linlingtong.core.text import clean_text
from linlingtong.core.turns import in_turn, take_turns
from linlingtong.moderation.actions import found_in, submit
from linlingtong.notifications.actions import Tiding, tell
from linlingtong.notifications.models import Kind, Notification
from linlingtong.photos.actions import attach
from linlingtong.photos.models import Photo

PICTURES = "review"
ASKED_FROM, ASKED_UNTIL = dt.timedelta(minutes=30), dt.timedelta(days=3)
AVERAGE_FROM = 3
ATTENDED = (Registration.Attendance.CHECKED_IN, Registration.Attendance.CHECKED_OUT)


@dataclass(frozen=True)
class Opinion:
    """What those who were there thought; `average` only when nobody can be guessed from it."""

    count: int
    average: float | None


def may_review(user: User, activity: Activity) -> bool:
    """The leader, and staff of the activity."""
    return activity.leader_id == user.pk or may_manage(user, activity)


def was_there(user: User, activity: Activity) -> bool:
    """By check-in, or by a roster on paper that is linked to the person's account."""
    by_registration = Registration.objects.filter(
        session__activity=activity, resident=user, attendance__in=ATTENDED
    ).exists()
    return by_registration or Participant.objects.filter(session__activity=activity, resident=user).exists()


def opinion_of(activity: Activity) -> Opinion:
    found = activity.ratings.aggregate(count=Count("pk"), average=Avg("stars"))
    average = round(found["average"], 1) if found["count"] >= AVERAGE_FROM else None
    return Opinion(found["count"], average)


@in_turn
def rate(activity_id: int, *, by: User, stars: int, text: str = "") -> Rating:
    """Say how it was: one rating each, changeable for seven days.

    Raises ActivityNotOver, WasNotThere, RatingSettled.
    """
    take_turns([("person", by.pk)])
    activity = Activity.objects.visible_to(by).get(pk=activity_id)
    _check_over(activity)
    if not was_there(by, activity):
        raise WasNotThere
    text = clean_text(text)[:500]
    rating = Rating.objects.filter(activity=activity, resident=by).first()
    if rating is None:
        return Rating.objects.create(activity=activity, resident=by, stars=stars, text=text)
    if (rating.stars, rating.text) == (stars, text):
        return rating
    if timezone.now() > rating.editable_until:
        raise RatingSettled
    rating.stars, rating.text = stars, text
    rating.save(update_fields=["stars", "text", "updated_at"])
    return rating


def _check_over(activity: Activity) -> None:
    if activity.status == Activity.Status.CANCELLED or activity.ends_at is None or activity.ends_at > timezone.now():
        raise ActivityNotOver


@in_turn
def write_review(activity_id: int, *, by: User, story: str, photos: Sequence[Photo] = ()) -> Review:
    """Tell how it was, with pictures, on the activity's page; like every text it may wait until somebody has looked.

    Raises ActivityNotOver, TextMissing, or what photos and moderation raise.
    """
    activity = _over(activity_id, by)
    story = clean_text(story)[:3000]
    if not story:
        raise TextMissing
    review = _review_of(activity)
    review.story, review.by, review.written_at = story, by, timezone.now()
    with acting(by, "write_review"):
        review.save()
    attach(photos, subject=PICTURES, subject_id=review.pk, area_path=activity.area_path, is_public=True, by=by)
    case = submit(PICTURES, review.pk, author=by, text=story, area_path=activity.area_path, by=by)
    review.is_visible = case.is_visible
    review.save(update_fields=["is_visible"])
    return review


def show_story(review_id: int) -> None:
    Review.objects.filter(pk=review_id).update(is_visible=True)


def hide_story(review_id: int) -> None:
    Review.objects.filter(pk=review_id).update(is_visible=False)


def story_facts(review_id: int) -> Facts | None:
    found = Review.objects.select_related("by", "activity").filter(pk=review_id).exclude(story="").first()
    return Facts(found.by, found.story, found.activity.area_path) if found else None


def may_see_story(review_id: int, user: Any) -> bool:
    """Everybody once moderation lets it through; its author and staff of the activity before."""
    reader = user if isinstance(user, User) else None
    rows = Review.objects.select_related("activity").exclude(story="")
    found = rows.filter(pk=review_id, activity__in=Activity.objects.visible_to(reader)).first()
    return found is not None and (found.is_visible or (reader is not None and may_review(reader, found.activity)))


@in_turn
def thank(activity_id: int, text: str, *, by: User) -> int:
    """Thank everybody who was there, once, in their inbox; answers how many people.

    Raises ActivityNotOver, TextMissing, OtherWords, ThankedAlready.
    """
    activity = _over(activity_id, by)
    text = clean_text(text)[:300]
    if not text:
        raise TextMissing
    if words := found_in(text):
        raise OtherWords(words=", ".join(words))
    review = _review_of(activity)
    if review.thanked_at is not None:
        raise ThankedAlready
    review.thanks, review.thanked_at, review.by = text, timezone.now(), review.by or by
    with acting(by, "thank"):
        review.save()
    people = list(User.objects.active().filter(pk__in=those_there(activity)).order_by("pk"))
    tell([_thanks(activity, one, text) for one in people])
    return len(people)


def _over(activity_id: int, by: User) -> Activity:
    """The activity in its turn; raises PermissionDenied for everybody but its leader and staff, ActivityNotOver."""
    take_turns([("review", activity_id)])
    activity = Activity.objects.get(pk=activity_id)
    if not may_review(by, activity):
        raise PermissionDenied
    _check_over(activity)
    return activity


def _review_of(activity: Activity) -> Review:
    return Review.objects.filter(activity=activity).first() or Review(activity=activity)


def those_there(activity: Activity) -> set[int]:
    """The accounts of everybody who was there."""
    checked = Registration.objects.filter(session__activity=activity, attendance__in=ATTENDED)
    listed = Participant.objects.filter(session__activity=activity, resident__isnull=False)
    return {*checked.values_list("resident", flat=True), *listed.values_list("resident", flat=True)} - {None}


def _thanks(activity: Activity, resident: User, text: str) -> Tiding:
    with translation.override(resident.language):
        return Tiding(
            resident_id=resident.pk,
            kind=Kind.FEEDBACK,
            key=f"thanks/{activity.pk}/{resident.pk}",
            title=_("Thank you for coming: %(title)s") % {"title": activity.title},
            body=text,
            url=reverse("activities:review", args=[activity.slug]),
        )


def ask_how_it_was() -> int:
    """Ask everybody who was there, once, in the inbox, half an hour after the end; answers how many were asked.

    Who is ticked off later is asked later, up to three days.
    """
    now = timezone.now()
    ended = Activity.objects.filter(
        ends_at__gt=now - ASKED_UNTIL,
        ends_at__lte=now - ASKED_FROM,
        status__in=[Activity.Status.PUBLISHED, Activity.Status.FINISHED],
    )
    pairs = {
        *_not_asked(Registration.objects.filter(session__activity__in=ended, attendance__in=ATTENDED)),
        *_not_asked(Participant.objects.filter(session__activity__in=ended, resident__isnull=False)),
    }
    activities = Activity.objects.in_bulk({activity for activity, _resident in pairs})
    people = User.objects.active().in_bulk({resident for _activity, resident in pairs})
    tell([_question(activities[one], people[other]) for one, other in sorted(pairs) if other in people])
    return len(pairs)


def _not_asked(rows: QuerySet[Any]) -> QuerySet[Any]:
    activity, resident = "session__activity_id", "resident_id"
    key = Concat(
        Value("feedback/"), Cast(OuterRef(activity), CharField()), Value("/"), Cast(OuterRef(resident), CharField())
    )
    asked = Exists(Notification.objects.filter(key=key))
    rated = Exists(Rating.objects.filter(activity=OuterRef(activity), resident=OuterRef(resident)))
    return rows.filter(~asked, ~rated).values_list(activity, resident)


def _question(activity: Activity, resident: User) -> Tiding:
    with translation.override(resident.language):
        return Tiding(
            resident_id=resident.pk,
            kind=Kind.FEEDBACK,
            key=f"feedback/{activity.pk}/{resident.pk}",
            title=_("How was “%(title)s”?") % {"title": activity.title},
            body=_("One tap is enough. The organisers read every word."),
            url=reverse("activities:review", args=[activity.slug]),
        )
