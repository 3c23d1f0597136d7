from django.utils.translation import gettext_lazy as _

from linlingtong.core.refusal import Refusal


class RegistrationNotOpen(Refusal):
    code = "registration_not_open"
    message = _("Registration opens on %(opens)s. Keep the activity and we will remind you.")


class RegistrationClosed(Refusal):
    code = "registration_closed"
    message = _("Registration for this session is closed. Look for the next one in the activity center.")


class OutsideArea(Refusal):
    code = "outside_area"
    message = _("This activity is only for %(where)s. If you belong there, correct your home in your profile.")


class HomeNotConfirmed(OutsideArea):
    message = _(
        "This activity is only for residents whose home or company is confirmed. Ask your community to confirm yours."
    )


class ClashingSession(Refusal):
    code = "clashing_session"
    message = _(
        "You are already going to “%(title)s” at that time (%(starts)s). Give that up first, or choose another."
    )


class TooYoung(Refusal):
    code = "too_young"
    message = _("Everybody who comes must be at least %(age)s years old on that day.")


class AgeUnknown(Refusal):
    code = "age_unknown"
    message = _(
        "This activity is for people of %(age)s and over. Add your date of birth to your profile, then register."
    )


class PartyTooLarge(Refusal):
    code = "party_too_large"
    message = _("Companions allowed here: %(most)s at most. Leave somebody out, or let them register themselves.")


class QueueFull(Refusal):
    code = "queue_full"
    message = _("All places and the waiting list are full. Choose another session.")


class SessionCancelled(Refusal):
    code = "session_cancelled"
    message = _("This session is cancelled: %(reason)s Choose another one.")


class Suspended(Refusal):
    code = "suspended"
    message = _("You cannot register until %(until)s. Your community can tell you why.")


class AnswerMissing(Refusal):
    code = "answer_missing"
    message = _("Please answer “%(question)s”, then send the form again.")


class TooLateToCancel(Refusal):
    code = "too_late_to_cancel"
    message = _("It is too late to cancel here. Please call the leader: %(contact)s.")


class NotRegistered(Refusal):
    code = "not_registered"
    message = _("There is no registration to change. Open “My registrations” to see where you stand.")


class OfferExpired(Refusal):
    code = "offer_expired"
    message = _("The time to accept this place has passed, and the next neighbour has it. You can queue again.")


class NothingOffered(Refusal):
    code = "nothing_offered"
    message = _("No place is being offered on this registration. Open “My registrations” to see where you stand.")


class AlreadyRegistered(Refusal):
    code = "already_registered"
    message = _("This resident is already registered for that session.")


class NoPlaceLeft(Refusal):
    code = "no_place_left"
    message = _("That session has too few places left. Raise its capacity first, or choose another.")


class NotPossibleNow(Refusal):
    code = "not_possible_now"
    message = _("This is no longer possible: the registration is now “%(state)s”. Reload the page.")


class ReasonMissing(Refusal):
    code = "reason_missing"
    message = _("Please give a reason: the people concerned will read it.")


class RisksMissing(Refusal):
    code = "risks_missing"
    message = _("A volunteer activity needs its risks, the protection and the insurance before it can be published.")


class NoSession(Refusal):
    code = "no_session"
    message = _("Add at least one session, then publish.")


class HasRegistrations(Refusal):
    code = "has_registrations"
    message = _("Somebody has registered, so this cannot be deleted. Cancel it with a reason instead.")


class NotPublishable(Refusal):
    code = "not_publishable"
    message = _("A cancelled or finished activity is not published again. Copy it instead.")


class EndsBeforeStart(Refusal):
    code = "ends_before_start"
    message = _("The end must be after the start.")


class TextMissing(Refusal):
    code = "text_missing"
    message = _("Write a message first.")
