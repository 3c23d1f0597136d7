from typing import Any

from django.utils.translation import gettext_lazy as _

from linlingtong.core.refusal import Refusal


class HelpRefusal(Refusal):
    """`beside` is what the API answers beside code and detail."""

    @property
    def beside(self) -> dict[str, Any]:
        return {}


class AlreadyClaimed(HelpRefusal):
    code = "already_claimed"
    message = _("A neighbour was faster. Thank you! Look at the others that still need somebody.")

    @property
    def beside(self) -> dict[str, Any]:
        return {"alternatives": self.facts.get("alternatives", [])}


class OwnDispute(HelpRefusal):
    code = "own_dispute"
    message = _("You are part of it yourself: a colleague decides.")


class OwnPost(HelpRefusal):
    code = "own_post"
    message = _("This is your own post. Neighbours can answer it.")


class NotNow(HelpRefusal):
    code = "not_now"
    message = _("This is not possible now. Where it stands: %(words)s.")

    @property
    def beside(self) -> dict[str, Any]:
        return {"state": self.facts["state"]}


class Resting(HelpRefusal):
    code = "helper_paused"
    message = _("Two of your claims ran out without a word. You can claim again from %(until)s.")


class OfferPaused(HelpRefusal):
    code = "offer_paused"
    message = _("This offer is paused at the moment. Keep it in mind and look again later.")


class FairShareUsed(HelpRefusal):
    code = "fair_share"
    message = _("You had %(most)d free things in four weeks. From %(again)s it is your turn again.")


class PhoneInText(HelpRefusal):
    code = "phone_in_text"
    message = _("Leave phone numbers out of the text. Whoever helps sees your number after the claim.")


class PhoneUnproved(HelpRefusal):
    code = "phone_not_verified"
    message = _("Confirm your phone number first, so that the other side can reach you.")


class TooManyPosts(HelpRefusal):
    code = "too_many_posts"
    message = _("You have %(most)d open posts. Withdraw or finish one first.")


class TooManyClaims(HelpRefusal):
    code = "too_many_claims"
    message = _("You help in %(most)d places already. Finish one first.")


class TooManyNumbers(HelpRefusal):
    """Whoever gives a claim back has seen the number all the same."""

    code = "too_many_numbers"
    message = _("You got in touch with %(most)d neighbours within a day. Go on helping tomorrow.")


class TooExpensive(HelpRefusal):
    code = "over_budget"
    message = _("A micro-wish costs at most %(most)d yuan. Lower the amount, or ask the community desk.")


class SurnameMissing(HelpRefusal):
    code = "surname_missing"
    message = _("Write the surname of whom it is for, nothing more.")


class NoRenewalLeft(HelpRefusal):
    code = "no_renewal_left"
    message = _("It was renewed three times. Write it anew if you still need it.")


class NobodyToChoose(HelpRefusal):
    code = "nothing_to_choose"
    message = _("This neighbour is not waiting for your answer any more.")


class ReasonNeeded(HelpRefusal):
    code = "reason_missing"
    message = _("Please say why in a few words.")


class AreaUnfit(HelpRefusal):
    code = "area_unfit"
    message = _("Choose a community, a grid or a building.")


class InThePast(HelpRefusal):
    code = "in_the_past"
    message = _("This time is over. Choose a later one.")


ALL = (
    AlreadyClaimed, OwnPost, NotNow, Resting, OfferPaused, FairShareUsed, PhoneInText, PhoneUnproved, TooManyPosts,
    TooManyClaims, TooExpensive, SurnameMissing, NoRenewalLeft, NobodyToChoose, ReasonNeeded, AreaUnfit, InThePast,
)  # fmt: skip
WRITING = (PhoneInText, PhoneUnproved, TooManyPosts, TooExpensive, SurnameMissing, AreaUnfit, InThePast, FairShareUsed)
CLAIMING = (
    *(AlreadyClaimed, OwnPost, NotNow, Resting, OfferPaused, FairShareUsed, PhoneUnproved),
    *(TooManyClaims, TooManyNumbers),
)
