"""What follows when somebody kept a place and did not come: a delay that ends, and that one may object to."""

import datetime as dt
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.utils.translation import gettext as _

from linlingtong.accounts.actions.suspension import suspend
from linlingtong.accounts.models import User
from linlingtong.activities.actions import tidings
from linlingtong.activities.actions.door_refusals import AppealMissing, NoAppeal
from linlingtong.activities.actions.moves import needed_reason
from linlingtong.activities.models import NoShow, Registration
from linlingtong.activities.permissions import check_manages
from linlingtong.core.text import clean_text
from linlingtong.core.turns import in_turn, take_turns
from linlingtong.notifications.actions import tell
from linlingtong.notifications.models import Kind

Attendance = Registration.Attendance


def follow(registration: Registration, attendance: str) -> None:
    """An absence delays the next registration, when the subdistrict wants that at all; any other state ends it."""
    if attendance == Attendance.ABSENT and settings.NO_SHOW_DELAY_DAYS:
        _delay(registration)
    elif registration.attendance == Attendance.ABSENT:
        _lift(NoShow.objects.filter(registration=registration, lifted_at=None).first())


def _delay(registration: Registration) -> None:
    now = timezone.now()
    until = now + dt.timedelta(days=settings.NO_SHOW_DELAY_DAYS)
    fresh = {
        "resident": registration.resident, "until": until, "noted_at": now, "appeal": "", "appealed_at": None,
        "answer": "", "answered_at": None, "answered_by": None, "lifted_at": None,
    }  # fmt: skip
    no_show, _is_new = NoShow.objects.update_or_create(registration=registration, defaults=fresh)
    _suspend(registration.resident)
    key = f"no-show/{no_show.pk}/{now:%y%m%d%H%M}"
    tell([tidings.tiding(registration, Kind.REGISTRATION, key, _missed(until), **_lasting(until))])


def _lasting(until: dt.datetime) -> dict[str, dt.datetime | None]:
    return {"for_start": None, "not_after": until}


def _lift(no_show: NoShow | None) -> None:
    if no_show is None:
        return
    no_show.lifted_at = timezone.now()
    no_show.save(update_fields=["lifted_at"])
    _suspend(no_show.resident)


def _suspend(resident: User) -> None:
    """The longest delay that still stands, or none; what another session notes meanwhile is waited for and seen."""
    resident = User.objects.select_for_update(no_key=True).get(pk=resident.pk)
    longest = NoShow.objects.in_force(timezone.now()).filter(resident=resident).order_by("-until").first()
    suspend(resident, longest.until if longest else None, by=None)


@in_turn
def appeal(registration_id: int, text: str, *, by: User) -> NoShow:
    """The resident says why; the delay stands until staff have answered. Raises NoAppeal, AppealMissing."""
    no_show = _in_turn(registration_id)
    if no_show.resident_id != by.pk:
        raise PermissionDenied
    text = clean_text(text)[:500]
    if not text:
        raise AppealMissing
    if no_show.appeal == text:
        return no_show
    if no_show.lifted_at or no_show.answered_at or no_show.until <= timezone.now():
        raise NoAppeal
    no_show.appeal, no_show.appealed_at = text, timezone.now()
    no_show.save(update_fields=["appeal", "appealed_at"])
    return no_show


@in_turn
def answer_appeal(registration_id: int, *, by: User, is_lifted: bool, answer: str) -> NoShow:
    """Staff end the delay or let it stand, and say why; the resident reads it. Raises NoAppeal, ReasonMissing."""
    answer = needed_reason(answer)
    no_show = _in_turn(registration_id)
    check_manages(by, no_show.registration.session.activity)
    if no_show.resident_id == by.pk:
        raise PermissionDenied
    if no_show.lifted_at or no_show.answered_at or not no_show.appealed_at:
        raise NoAppeal
    no_show.answer, no_show.answered_at, no_show.answered_by = answer, timezone.now(), by
    no_show.save(update_fields=["answer", "answered_at", "answered_by"])
    if is_lifted:
        _lift(no_show)
    words = _answered(answer, is_lifted=is_lifted)
    key = f"no-show/{no_show.pk}/answer/{no_show.answered_at:%y%m%d%H%M}"
    tell([tidings.tiding(no_show.registration, Kind.REGISTRATION, key, words, **_lasting(no_show.until))])
    return no_show


def _in_turn(registration_id: int) -> NoShow:
    found = NoShow.objects.filter(registration=registration_id)
    person = found.values_list("resident_id", flat=True).first()
    if person is None:
        raise NoAppeal
    take_turns([("person", person)])
    return found.select_related("registration__session__activity", "registration__resident", "resident").get()


def _missed(until: dt.datetime) -> Callable[[Registration], tidings.Words]:
    def words(registration: Registration) -> tidings.Words:
        facts = {"title": registration.session.activity.title, "until": tidings.moment(until)}
        return tidings.Words(
            _("You kept a place and did not come: %(title)s") % facts,
            _("You can register again from %(until)s. Was it a mistake, or could you not help it? Tell us here.")
            % facts,
        )

    return words


def _answered(answer: str, *, is_lifted: bool) -> Callable[[Registration], tidings.Words]:
    def words(registration: Registration) -> tidings.Words:
        title = registration.session.activity.title
        said = _("You can register again at once") if is_lifted else _("Your objection was read; the date stands")
        return tidings.Words(f"{said}: {title}", answer)

    return words
