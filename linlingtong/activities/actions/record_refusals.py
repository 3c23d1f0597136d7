from django.utils.translation import gettext_lazy as _

from linlingtong.core.refusal import Refusal


class NotASheet(Refusal):
    code = "not_a_sheet"
    message = _("This file is not an Excel workbook. Open it in Excel or WPS, save it as .xlsx and upload that.")


class OldSheet(NotASheet):
    message = _("This is an old .xls file, or it has a password. Save it as .xlsx without password and upload that.")


class PlainText(NotASheet):
    message = _("This is a text file (CSV). Open it in Excel or WPS, save it as .xlsx and upload that.")


class UnsafeSheet(NotASheet):
    message = _("This workbook holds parts that a list of names does not need. Copy the list into a new workbook.")


class SheetTooLarge(Refusal):
    code = "sheet_too_large"
    message = _("This file is too large: at most %(megabytes)s MB and %(rows)s lines. Split it and upload the parts.")


class HeaderMissing(Refusal):
    code = "header_missing"
    message = _(
        "No line with headings was found. One line needs “姓名” and next to it, for example, “手机” or “日期”."
    )


class SheetEmpty(Refusal):
    code = "sheet_empty"
    message = _("There are headings but no names below them.")


class BatchNotReady(Refusal):
    code = "batch_not_ready"
    message = _("This sheet is “%(state)s” now. Reload the page.")


class NothingToWrite(Refusal):
    code = "nothing_to_write"
    message = _("No line of this sheet would add anything.")


class UsedSince(Refusal):
    code = "used_since"
    message = _("This entry is in use: its owner has claimed it or spoken about it. Correct the hours instead.")


class NotYetOver(Refusal):
    code = "not_yet_over"
    message = _("That day has not come yet. Only what has happened is written down here.")


class WrittenAlready(Refusal):
    code = "written_already"
    message = _("“%(title)s” of %(day)s is written down already. Open it to add people.")


class RecordedAlready(Refusal):
    code = "recorded_already"
    message = _("This person is on the list of that session already.")


class EvidenceMissing(Refusal):
    code = "evidence_missing"
    message = _("Say what proves it: a sign-in sheet, who took it, where it is kept.")


class NobodyNamed(Refusal):
    code = "nobody_named"
    message = _("Write at least one name.")


class BadLine(Refusal):
    code = "bad_line"
    message = _("Line %(number)s: %(why)s")


class NothingToClaim(Refusal):
    code = "nothing_to_claim"
    message = _("No such entry waits for your phone number.")


class ExportReasonMissing(Refusal):
    code = "export_reason_missing"
    message = _("More than %(most)s lines, or whole phone numbers: say what they are needed for. The reason is kept.")


class NothingToExport(Refusal):
    code = "nothing_to_export"
    message = _("There is nobody on this list.")


class WasNotThere(Refusal):
    code = "was_not_there"
    message = _("Only those who were there say how it was.")


class RatingSettled(Refusal):
    code = "rating_settled"
    message = _("A rating can be changed for seven days. This one stands.")


class ActivityNotOver(Refusal):
    code = "activity_not_over"
    message = _("The activity is not over yet. Come back afterwards.")


class OtherWords(Refusal):
    code = "other_words"
    message = _("It holds a word that has to be looked at first (%(words)s). Say it in other words.")


class ThankedAlready(Refusal):
    code = "thanked_already"
    message = _("Everybody has been thanked already.")
