"""Why somebody is not checked in now, and what to do about it."""

from django.utils.translation import gettext_lazy as _

from linlingtong.core.refusal import Refusal


class CheckInNotOpen(Refusal):
    code = "check_in_not_open"
    message = _("Check-in opens at %(opens)s. Come back then.")


class CheckInOver(Refusal):
    code = "check_in_over"
    message = _("Check-in for this session is over. The leader can still add you to the roster.")


class ClockWrong(Refusal):
    code = "clock_wrong"
    message = _("The clock of this device runs ahead. Set it right, then scan again.")


class CodeForged(Refusal):
    code = "code_forged"
    message = _("This code was not made by Linlingtong. Ask for the code page, or for the six digits.")


class CodeExpired(Refusal):
    code = "code_expired"
    message = _("This code has expired. Show the page afresh, or say the six digits below it.")


class VenueCodeExpired(CodeExpired):
    message = _("This code has expired. Scan the one that is on the screen now.")


class OtherSession(Refusal):
    code = "other_session"
    message = _("This code is for another activity: %(title)s, %(starts)s.")


class UnknownCode(Refusal):
    code = "unknown_code"
    message = _("These digits fit nobody here. Ask for them again, or look the name up.")


class UnknownVenueDigits(UnknownCode):
    message = _("These digits are not on the screen now. Type the six digits you see there.")


class TooManyTries(Refusal):
    code = "too_many_tries"
    message = _("Too many wrong digits. Show your own code to the leader instead.")


class NotOnTheList(Refusal):
    code = "not_registered"
    message = _("You are not registered for this session. Ask the leader to let you in.")


class NoPlaceYet(Refusal):
    code = "no_place_yet"
    message = _("%(name)s has no place yet: %(state)s. Staff can let them in.")


class RegistrationEnded(Refusal):
    code = "registration_ended"
    message = _("%(name)s is not registered any more: %(state)s. If they are here, let them in.")


class NoPlaceOfYours(NoPlaceYet):
    message = _("You have no place yet: %(state)s. Ask the leader to let you in.")


class YoursEnded(RegistrationEnded):
    message = _("You are not registered any more: %(state)s. If you are there, ask the leader to let you in.")


class OwnArrival(Refusal):
    code = "own_arrival"
    message = _("Nobody checks themselves in. Ask a colleague, or scan the code on the screen.")


class OwnPass(Refusal):
    code = "own_pass"
    message = _("This is a resident's own code: it is for the leader to scan. Scan the code on the screen.")


class NothingToSettle(Refusal):
    code = "nothing_to_settle"
    message = _("Somebody has already dealt with this arrival.")


class CheckedInAlready(Refusal):
    code = "checked_in_already"
    message = _("You are checked in, so the place cannot be given up. Leaving early? Check out.")


class NotStarted(Refusal):
    code = "not_started"
    message = _("The session has not started yet, so nobody is absent.")


class NobodyByThatPhone(Refusal):
    code = "nobody_by_that_phone"
    message = _("Nobody with this phone has joined. Write the name alone, or let them join first.")


class NoPhone(Refusal):
    code = "no_phone"
    message = _("%(name)s has no phone number any more.")


class PhoneTyped(Refusal):
    code = "phone_typed"
    message = _(
        "That is a phone number. Type the six digits of the code;"
        " to find somebody by phone use “Somebody unexpected?”."
    )


class NotSixDigits(Refusal):
    code = "not_six_digits"
    message = _("The code has six digits, this has %(number)d. Ask again, or type a name.")


class NameMissing(Refusal):
    code = "name_missing"
    message = _("Write the name or the phone of the person.")


class NoAppeal(Refusal):
    code = "no_appeal"
    message = _("There is nothing to object to any more.")


class AppealMissing(Refusal):
    code = "appeal_missing"
    message = _("Write in a sentence why you could not come.")


class NotYours(Refusal):
    code = "not_found"
    message = _("There is no such session, or it is not yours to look after.")


EITHER_OR = _("Send one of them: a code, a registration, a phone or a name.")
# What was refused once is said again by its code.
WALK_INS_COME = _("Whoever is let in comes: they leave by their line on the roster.")
MESSAGES = {
    one.code: one.message for one in list(globals().values()) if isinstance(one, type) and issubclass(one, Refusal)
}
