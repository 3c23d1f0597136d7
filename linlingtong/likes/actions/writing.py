import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.areas.models import Area, Organization
from linlingtong.core.phone import holds_mobile, normal_phone
from linlingtong.core.text import clean_text
from linlingtong.core.turns import in_turn, take_turn
from linlingtong.likes.actions import tidings
from linlingtong.likes.actions.liking import DAY, when_words
from linlingtong.likes.actions.refusals import (
    NameMissing,
    NoReplyHere,
    NothingAsked,
    PhoneInText,
    TextMissing,
    TooLateToEdit,
    TooManyComments,
    TooManyPraises,
)
from linlingtong.likes.models import PERSON, Comment, Praise
from linlingtong.likes.permissions import is_staff_for
from linlingtong.moderation.actions import drop, submit
from linlingtong.moderation.models import Case
from linlingtong.notifications.actions import retract, tell, unsay
from linlingtong.photos.actions import attach, remove, set_hidden
from linlingtong.photos.models import Photo

MOST_PRAISES, MOST_COMMENTS = 5, 30
EDITABLE = dt.timedelta(days=1)
Consent = Praise.Consent


@dataclass(frozen=True)
class Words:
    """What somebody writes. `phone` is that of the praised neighbour, who is then asked; it is not kept.

    `resident` is a neighbour whom the author knows already, from a good turn in another board.
    """

    topic: str
    text: str
    about: str = ""
    phone: str = ""
    organization: Organization | None = None
    resident: User | None = None
    photos: Sequence[Photo] = field(default_factory=list)


@in_turn
def write(words: Words, *, by: User) -> Praise:
    """Praise somebody. Whose the phone of the praised is, and whether anybody's, shows in nothing that comes back.

    So only the name that the author gives beside it leaves the text, never one that we know of the number.
    Raises TextMissing, NameMissing, PhoneInText, TooManyPraises, ValidationError for what cannot be a phone, or what
    photos and moderation raise.
    """
    text, about = clean_text(words.text)[:500], " ".join(clean_text(words.about).split())[:30]
    if not text:
        raise TextMissing
    if holds_mobile(text):
        raise PhoneInText
    if words.phone and not about:
        raise NameMissing
    take_turn("praises of", by.pk)
    lately = list(
        Praise.objects.filter(author=by, created_at__gt=timezone.now() - DAY)
        .order_by("created_at")
        .values_list("created_at", flat=True)
    )
    if len(lately) >= MOST_PRAISES:
        raise TooManyPraises(when=when_words(lately[-MOST_PRAISES] + DAY))
    praise = Praise(author=by, topic=words.topic, organization=words.organization, about=surname_only(about, words))
    praise.area = _community(by)
    praise.area_path = praise.area.path
    if words.resident or words.phone:  # whether the phone is anybody's or not: both read the same
        praise.resident = words.resident or _registered(words.phone, by)
        praise.consent, praise.about = Consent.ASKED, ""
    known = words.resident.nickname if words.resident else ""
    praise.text = without_names(text, [about, known]) if _is_person(words) else text
    praise.save()
    attach(
        list(words.photos), subject="praise", subject_id=praise.pk, area_path=praise.area_path, is_public=True, by=by
    )
    _review(praise, by)
    return praise


def _community(author: User) -> Area:
    """Where it hangs: the community, for the stair that somebody lives in is nobody's business."""
    home = author.home_area
    if home is None:
        return Area.objects.get(parent=None)
    return Area.objects.communities().filter(pk__in=home.ancestor_ids).first() or home


def _is_person(words: Words) -> bool:
    return words.topic == Praise.Topic.NEIGHBOUR or bool(words.phone) or words.resident is not None


def surname_only(about: str, words: Words) -> str:
    """Of a neighbour who is not asked only the surname is kept: `张某`; teams and places keep their names."""
    if not _is_person(words) or not about:
        return about
    return f"{about[0]}*"


def without_names(text: str, names: Sequence[str]) -> str:
    """The text with a mark in place of each of these names of two characters or more."""
    for name in sorted({name for name in names if len(name) >= 2}, key=len, reverse=True):
        text = text.replace(name, PERSON)
    return text


def _registered(phone: str, by: User) -> User | None:
    if not phone:
        return None
    others = User.objects.residents().exclude(pk=by.pk)
    found: User | None = others.filter(phone=normal_phone(phone)).first()
    return found


def _review(praise: Praise, by: User) -> None:
    submit("praise", praise.pk, author=praise.author, text=praise.nameless_text, area_path=praise.area_path, by=by)
    follow(praise)


def follow(praise: Praise) -> None:
    """Visible is what moderation lets through and the praised neighbour does not refuse; photos go the same way."""
    case = Case.objects.filter(kind="praise", object_id=praise.pk).first()
    is_let_through = case is None or case.is_visible
    praise.is_visible = is_let_through and praise.consent != Consent.REFUSED and praise.withdrawn_at is None
    praise.save(update_fields=["is_visible"])
    set_hidden("praise", praise.pk, is_hidden=not praise.is_visible)
    _ask(praise)


def _ask(praise: Praise) -> None:
    """The praised neighbour is asked once, as soon as neighbours can read it."""
    if praise.is_visible and praise.resident is not None and praise.consent == Consent.ASKED:
        tell([tidings.asked(praise, praise.resident)])


@in_turn
def edit(praise_id: int, text: str, *, by: User) -> Praise:
    """Other words within a day; moderation looks again. Raises TextMissing, PhoneInText, TooLateToEdit, StaysHidden.

    The name that everybody reads now follows the praised neighbour's consent as before.
    """
    rows = Praise.objects.select_related("resident").select_for_update(of=("self",), no_key=True)
    praise = rows.get(pk=praise_id, author=by, withdrawn_at=None)
    text = clean_text(text)[:500]
    if not text:
        raise TextMissing
    if holds_mobile(text):
        raise PhoneInText
    if timezone.now() > praise.created_at + EDITABLE:
        raise TooLateToEdit
    praise.text = without_names(text, [praise.shown_name] if praise.consent else [])
    praise.edited_at = timezone.now()
    praise.save(update_fields=["text", "edited_at"])
    _review(praise, by)
    return praise


@in_turn
def withdraw_praise(praise_id: int, *, by: User) -> None:
    """Take one's own praise away, photos and all; its likes go with it. Twice is harmless."""
    praise = Praise.objects.select_for_update(no_key=True).get(pk=praise_id, author=by)
    if praise.withdrawn_at is None:
        take_away(praise, by=by)


def take_away(praise: Praise, *, by: User) -> None:
    """The row stays for the roll of honour that may point to it; its words and photos do not."""
    praise.withdrawn_at, praise.is_visible, praise.text, praise.about = timezone.now(), False, "", ""
    praise.save(update_fields=["withdrawn_at", "is_visible", "text", "about"])
    retract("praise", [praise.pk])
    remove("praise", [praise.pk], by=by)
    drop("praise", [praise.pk], by=by)


@in_turn
def answer_consent(praise_id: int, choice: str, *, by: User) -> Praise:
    """The praised neighbour decides, now or later, how they appear; every page follows at once.

    Raises NothingAsked for anybody else and for a choice that does not exist.
    """
    praise = Praise.objects.select_for_update(of=("self",), no_key=True).filter(pk=praise_id, resident=by).first()
    if praise is None or choice not in {Consent.PUBLIC, Consent.ANONYMOUS, Consent.REFUSED}:
        raise NothingAsked
    praise.consent = choice
    praise.save(update_fields=["consent"])
    follow(praise)
    return praise


@in_turn
def comment(praise_id: int, text: str, *, by: User, parent_id: int | None = None) -> Comment:
    """Say something under a praise, or reply to what was said there.

    Raises TextMissing, TooManyComments, NoReplyHere, or Praise.DoesNotExist.
    """
    praise = Praise.objects.visible_to(by).select_related("author").get(pk=praise_id)
    text = clean_text(text)[:200]
    if not text:
        raise TextMissing
    if holds_mobile(text):
        raise PhoneInText
    take_turn("comments of", by.pk)
    _check_comments(by)
    parent = _parent(praise, parent_id, by)
    said = Comment.objects.create(praise=praise, author=by, text=text, parent=parent)
    case = submit(
        "praise_comment", said.pk, author=by, text=text, area_path=praise.area_path, by=by, holds_newcomers=False
    )
    if case.is_visible:
        show_comment(said.pk)
    said.refresh_from_db(fields=["is_visible"])
    return said


def _check_comments(by: User) -> None:
    lately = Comment.objects.filter(author=by, created_at__gt=timezone.now() - DAY).order_by("created_at")
    moments = list(lately.values_list("created_at", flat=True))
    if len(moments) >= MOST_COMMENTS:
        raise TooManyComments(when=when_words(moments[-MOST_COMMENTS] + DAY))


def _parent(praise: Praise, parent_id: int | None, by: User) -> Comment | None:
    if parent_id is None:
        return None
    parent = Comment.objects.visible_to(by).select_related("author").filter(pk=parent_id, praise=praise).first()
    if parent is None or parent.parent_id is not None:
        raise NoReplyHere
    return parent


def _tell_those_concerned(said: Comment) -> None:
    concerned = {one.author_id: one.author for one in (said.praise, said.parent) if one}
    tell([tidings.commented(said, one) for pk, one in concerned.items() if pk != said.author_id])


@in_turn
def delete_comment(comment_id: int, *, by: User) -> None:
    """Take one's own comment away; staff of the area may too. Twice is harmless; raises PermissionDenied."""
    said = Comment.objects.select_related("praise").get(pk=comment_id)
    if by.pk != said.author_id and not is_staff_for(by, said.praise):
        raise PermissionDenied
    hide_comment(comment_id)
    Comment.objects.filter(pk=comment_id, deleted_at=None).update(deleted_at=timezone.now(), text="")
    unsay(f"praise/{said.praise_id}/comment/{comment_id}/")
    drop("praise_comment", [comment_id], by=by)


def show_praise(praise_id: int) -> None:
    """Moderation lets it through; what was withdrawn or refused by the praised neighbour stays away."""
    fit = Praise.objects.filter(pk=praise_id, withdrawn_at=None).exclude(consent=Consent.REFUSED)
    if fit.update(is_visible=True):
        _ask(fit.select_related("resident").get())
    else:
        set_hidden("praise", praise_id, is_hidden=True)


def hide_praise(praise_id: int) -> None:
    Praise.objects.filter(pk=praise_id).update(is_visible=False)


def show_comment(comment_id: int) -> None:
    """The counter follows the row, once; whoever it answers hears of it when it can be read."""
    if Comment.objects.filter(pk=comment_id, is_visible=False, deleted_at=None).update(is_visible=True):
        Praise.objects.filter(comments=comment_id).update(comment_count=F("comment_count") + 1)
        _tell_those_concerned(Comment.objects.select_related("praise__author", "parent__author").get(pk=comment_id))


def hide_comment(comment_id: int) -> None:
    if Comment.objects.filter(pk=comment_id, is_visible=True).update(is_visible=False):
        Praise.objects.filter(comments=comment_id).update(comment_count=F("comment_count") - 1)
