from django.utils.translation import gettext_lazy as _

from linlingtong.core.refusal import Refusal


class OwnHours(Refusal):
    """Nobody records or decides about hours of their own."""

    code = "own_hours"
    message = _("These are your own hours: somebody else has to do this.")


class TooShort(Refusal):
    """Below a minute there is nothing to credit."""

    code = "too_short"
    message = _("That is less than a minute.")


class SecondPersonNeeded(Refusal):
    """Whoever recorded the hours does not approve them."""

    code = "second_person_needed"
    message = _("You recorded these hours yourself: ask a colleague to approve them.")


class OverlappingHours(Refusal):
    """The person is credited for something else at that time."""

    code = "overlapping_hours"
    message = _("At that time “%(title)s” is credited already.")


class AlreadyDecided(Refusal):
    """The entry was credited or declined before."""

    code = "already_decided"
    message = _("This is decided already.")


class NotCredited(Refusal):
    """There is no credit to take back."""

    code = "not_credited"
    message = _("There is nothing credited here that could be taken back.")


class TooManyMinutes(Refusal):
    """A part can be approved, not more than what was recorded."""

    code = "too_many_minutes"
    message = _("At most %(minutes)d minutes were recorded here.")


class ReasonMissing(Refusal):
    """The volunteer is to read why."""

    code = "reason_missing"
    message = _("Please give a reason: the volunteer will read it.")


class AlreadyDisputed(Refusal):
    """One open question for each line."""

    code = "already_disputed"
    message = _("You asked already. You get an answer until %(due)s.")


class DisputeTooLate(Refusal):
    """The time to ask for a correction is over."""

    code = "dispute_too_late"
    message = _("A correction can be asked for within %(days)d days. Please call the community.")


class AlreadyAnswered(Refusal):
    """The dispute has its answer."""

    code = "already_answered"
    message = _("This was answered already.")


class NothingToPrint(Refusal):
    """No credited hours between the two days."""

    code = "nothing_to_print"
    message = _("There are no credited hours in this time. Choose other days.")


class NameMissing(Refusal):
    """A sheet carries a name."""

    code = "name_missing"
    message = _("Write the name that is to stand on the sheet.")


class TooManySheets(Refusal):
    """A limit a day, against machines."""

    code = "too_many_sheets"
    message = _("You have made %(number)d sheets today. Use one of them or come back tomorrow.")


class SheetRevoked(Refusal):
    """A sheet with a line that was taken back is printed no more."""

    code = "sheet_revoked"
    message = _("This sheet is no longer valid: hours on it were taken back. Make a new one.")
