from django.utils.translation import gettext_lazy as _

from linlingtong.core.refusal import Refusal


class StaysHidden(Refusal):
    code = "stays_hidden"
    message = _("This was hidden, so it cannot be changed any more. You can appeal once in “My texts under review”.")


class OwnContent(Refusal):
    code = "own_content"
    message = _("This is your own. You can change or delete it yourself.")


class ReportsOfToday(Refusal):
    code = "enough_reports_today"
    message = _("You have reported %(most)s things in 24 hours. You can report again from %(when)s on.")


class ReportsPaused(Refusal):
    code = "reports_paused"
    message = _(
        "Several of your reports were not right. You can report again from %(when)s on, or call your community."
    )


class ReasonMissing(Refusal):
    code = "reason_missing"
    message = _("Please give a reason: the author will read it.")


class SomebodyElseDecided(Refusal):
    code = "somebody_else_decided"
    message = _("Somebody else has just worked on this case. Look at it again.")


class SamePerson(Refusal):
    code = "same_person"
    message = _("A second pair of eyes is needed here: somebody else has to decide.")


class OwnCase(Refusal):
    code = "own_case"
    message = _("You wrote this yourself: somebody else has to decide.")


class CaseGone(Refusal):
    code = "case_gone"
    message = _("Its author has deleted it. There is nothing to decide any more.")


class NothingToAppeal(Refusal):
    code = "nothing_to_appeal"
    message = _("There is no decision to appeal against.")


class AlreadyAppealed(Refusal):
    code = "already_appealed"
    message = _("You have appealed already; the second decision stands. Your community can tell you more.")


class AppealEmpty(Refusal):
    code = "appeal_empty"
    message = _("Write why it should be shown: one sentence is enough.")
