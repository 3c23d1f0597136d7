from django.utils.translation import gettext_lazy as _

from linlingtong.core.refusal import Refusal


class TextMissing(Refusal):
    code = "text_missing"
    message = _("Write what was good, in a few words.")


class NameMissing(Refusal):
    code = "name_missing"
    message = _("Write the neighbour's name beside the number: it stays out of the text until they agree.")


class PhoneInText(Refusal):
    code = "phone_in_text"
    message = _("Leave the phone number out: everybody can read this.")


class TooManyPraises(Refusal):
    code = "too_many_praises"
    message = _("Five praises a day are enough. You can write again at %(when)s.")


class TooManyLikes(Refusal):
    code = "too_many_likes"
    message = _("You have liked very much today. You can go on at %(when)s.")


class TooManyForOne(TooManyLikes):
    message = _("You have liked very much of this neighbour today. You can go on at %(when)s.")


class PhoneNeeded(Refusal):
    code = "phone_needed"
    message = _("Liking needs a verified phone, so that every like is one person.")


class LikeVoided(Refusal):
    code = "like_voided"
    message = _("Staff have taken this like back; it cannot be given again.")


class TooManyComments(Refusal):
    code = "too_many_comments"
    message = _("That is a lot of comments for one day. You can go on at %(when)s.")


class NoReplyHere(Refusal):
    code = "no_reply_here"
    message = _("Replies have no replies. Write a comment of your own.")


class TooLateToEdit(Refusal):
    code = "too_late_to_edit"
    message = _("A praise can be changed for a day. You can still withdraw it and write a new one.")


class NothingAsked(Refusal):
    code = "nothing_asked"
    message = _("You are not asked about this praise.")


class NoCandidates(Refusal):
    code = "no_candidates"
    message = _("Choose at least one praise of that month.")


class RollPublished(Refusal):
    code = "roll_published"
    message = _("The roll of that month is published and stays as it is.")


class MonthNotOver(Refusal):
    code = "month_not_over"
    message = _("That month is not over yet.")
