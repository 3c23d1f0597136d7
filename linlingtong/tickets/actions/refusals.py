from django.utils.translation import gettext_lazy as _

from linlingtong.core.refusal import Refusal


class NotNow(Refusal):
    """The table of moves does not know this step from where the report stands."""

    code = "not_now"
    message = _("This is not possible now: the report is “%(state)s”.")


class TextMissing(Refusal):
    code = "text_missing"
    message = _("Write a few words: they will be read.")


class NothingToSee(Refusal):
    code = "nothing_reported"
    message = _("Add a photo or a few words, so that somebody knows what to look for.")


class PlaceMissing(Refusal):
    code = "place_missing"
    message = _("Say where it is: choose a grid, or write building and floor.")


class AreaUnfit(Refusal):
    code = "area_unfit"
    message = _("Choose a community or a grid of the list.")


class CategoryGone(Refusal):
    code = "category_gone"
    message = _("This kind is not offered any more. Choose another one.")


class EnoughForToday(Refusal):
    code = "enough_for_today"
    message = _("That were %(most)s reports in a day. If it is urgent, call the community.")


class ProofMissing(Refusal):
    code = "proof_missing"
    message = _("Add a photo of how it is now, or explain what was done.")


class ExtendedAlready(Refusal):
    code = "extended_already"
    message = _("A report takes longer only once. Settle it, or pass it on.")


class TooLateToReopen(Refusal):
    code = "too_late_to_reopen"
    message = _("A report can be opened again within %(days)s days. Write a new one: it is looked at as well.")


class ReopenedEnough(Refusal):
    code = "reopened_enough"
    message = _("It was opened again twice. Call the subdistrict, or write a new report.")


class OwnDuplicate(Refusal):
    code = "own_duplicate"
    message = _("Choose another report of the same area that is still open.")


class NotOfDesk(Refusal):
    code = "not_of_desk"
    message = _("This person does not work for the area of the report.")
