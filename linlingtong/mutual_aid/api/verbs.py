from collections.abc import Callable
from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from linlingtong.accounts.idempotency import idempotent
from linlingtong.accounts.models import User
from linlingtong.accounts.signed_in import caller
from linlingtong.core.conditional import Personal
from linlingtong.core.fields import Text, Whole
from linlingtong.mutual_aid import actions
from linlingtong.mutual_aid.actions import refusals
from linlingtong.mutual_aid.actions.refusals import HelpRefusal
from linlingtong.mutual_aid.api.posts import as_seen_by, readable
from linlingtong.mutual_aid.api.shapes import ClaimShape, ContactsShape, WholeHelpPost, claim_row
from linlingtong.mutual_aid.limits import LONGEST_MINUTES
from linlingtong.mutual_aid.models import Claim, HelpPost

NOT_NOW = (refusals.NotNow,)


class HelpCall(Personal):
    """A refusal of this board says a little more than its code: where the post stands, or three others."""

    board = "mutual_aid"

    def get_exception_handler(self) -> Callable[[Exception, dict[str, Any]], Response | None]:
        answer = super().get_exception_handler()

        def with_facts(error: Exception, context: dict[str, Any]) -> Response | None:
            response: Response | None = answer(error, context)
            if response is not None and isinstance(error, HelpRefusal):
                response.data |= error.beside
            return response

        return with_facts


class NoteBody(serializers.Serializer[Any]):
    note = Text(max_length=200, required=False, allow_blank=True)


class ReasonBody(serializers.Serializer[Any]):
    reason = Text(max_length=200, required=False, allow_blank=True)


class WhoseBody(serializers.Serializer[Any]):
    claim = Whole(min_value=1, max_value=2**63 - 1, required=False, help_text="One of several helpers")


class MinutesBody(WhoseBody):
    minutes = Whole(min_value=0, max_value=LONGEST_MINUTES, required=False, allow_null=True)


class ThanksBody(serializers.Serializer[Any]):
    text = Text(max_length=300)


class HelpClaim(HelpCall):
    refusals: ClassVar[dict[str, Any]] = {"PUT": refusals.CLAIMING, "DELETE": NOT_NOW}

    @extend_schema(
        operation_id="claim_help_post",
        request=NoteBody,
        responses={
            201: OpenApiResponse(ClaimShape, "Claimed, or waiting to be chosen"),
            200: OpenApiResponse(ClaimShape, "Was claimed by the caller already: the same claim"),
        },
    )
    def put(self, request: Request, post_id: int) -> Response:
        """Help with it; exactly one wins. Sending it again changes nothing.

        The refusal `already_claimed` carries `alternatives`, up to three ids of posts like this one.
        """
        me, body = caller(request), read(NoteBody, request)
        claimed = actions.claim(post_id, me, by=me, note=body.get("note", ""))
        return Response(claim_row(claimed.claim), 201 if claimed.created else 200)

    @extend_schema(operation_id="release_help_post", request=None, responses={200: ClaimShape})
    def delete(self, request: Request, post_id: int) -> Response:
        """Cannot come after all: it returns to the neighbours, without a mark."""
        me = caller(request)
        readable(me, post_id)
        return Response(claim_row(actions.release(post_id, me, by=me)))


class Verb(HelpCall):
    """A POST that moves a post and answers it."""

    body: ClassVar[type[serializers.Serializer[Any]]]
    verb: ClassVar[Callable[..., HelpPost]]

    def act(self, request: Request, post_id: int) -> Response:
        me, body = caller(request), read(self.body, request)
        readable(me, post_id)
        whose = {"claim_id": body.pop("claim")} if "claim" in body else {}
        post = type(self).verb(post_id, by=me, **body, **whose)
        return Response(as_seen_by(post, me))


class Nothing(serializers.Serializer[Any]):
    """No body."""


class Withdraw(Verb):
    body, verb = ReasonBody, staticmethod(actions.withdraw_post)
    refusals: ClassVar[dict[str, Any]] = {"POST": NOT_NOW}

    @extend_schema(operation_id="withdraw_help_post", request=ReasonBody, responses={200: WholeHelpPost})
    @idempotent
    def post(self, request: Request, post_id: int) -> Response:
        """It is not needed any more; helpers are told."""
        return self.act(request, post_id)


class Renew(Verb):
    body, verb = Nothing, staticmethod(actions.renew)
    refusals: ClassVar[dict[str, Any]] = {"POST": (*NOT_NOW, refusals.NoRenewalLeft, refusals.TooManyPosts)}

    @extend_schema(operation_id="renew_help_post", request=None, responses={200: WholeHelpPost})
    @idempotent
    def post(self, request: Request, post_id: int) -> Response:
        """Keep it open for another span, three times at most."""
        return self.act(request, post_id)


class Done(Verb):
    body, verb = MinutesBody, staticmethod(actions.done)
    refusals: ClassVar[dict[str, Any]] = {"POST": NOT_NOW}

    @extend_schema(operation_id="help_post_done", request=MinutesBody, responses={200: WholeHelpPost})
    @idempotent
    def post(self, request: Request, post_id: int) -> Response:
        """One side says that it is done; the other is asked to confirm.

        The asker names one `claim` of several, or means all of them: then nobody else is needed.
        """
        return self.act(request, post_id)


class Confirm(Verb):
    body, verb = MinutesBody, staticmethod(actions.confirm)
    refusals: ClassVar[dict[str, Any]] = {"POST": NOT_NOW}

    @extend_schema(operation_id="confirm_help_post", request=MinutesBody, responses={200: WholeHelpPost})
    @idempotent
    def post(self, request: Request, post_id: int) -> Response:
        """The other side agrees, to one `claim` or to all that are said to be done; hours are credited once."""
        return self.act(request, post_id)


class Dispute(Verb):
    body, verb = ReasonBody, staticmethod(actions.dispute)
    refusals: ClassVar[dict[str, Any]] = {"POST": (*NOT_NOW, refusals.ReasonNeeded)}

    @extend_schema(operation_id="dispute_help_post", request=ReasonBody, responses={200: WholeHelpPost})
    @idempotent
    def post(self, request: Request, post_id: int) -> Response:
        """Something went wrong: staff look into it."""
        me, body = caller(request), read(ReasonBody, request)
        readable(me, post_id)
        return Response(as_seen_by(actions.dispute(post_id, by=me, reason=body.get("reason", "")), me))


class Thanks(Verb):
    body, verb = ThanksBody, staticmethod(actions.thank)
    refusals: ClassVar[dict[str, Any]] = {"POST": (*NOT_NOW, refusals.ReasonNeeded, refusals.PhoneInText)}

    @extend_schema(operation_id="thank_for_help", request=ThanksBody, responses={200: WholeHelpPost})
    @idempotent
    def post(self, request: Request, post_id: int) -> Response:
        """The one who was helped says thanks."""
        return self.act(request, post_id)


class Pause(Verb):
    body, is_paused = Nothing, True
    refusals: ClassVar[dict[str, Any]] = {"POST": NOT_NOW}

    @extend_schema(operation_id="pause_offer", request=None, responses={200: WholeHelpPost})
    @idempotent
    def post(self, request: Request, post_id: int) -> Response:
        """An offer rests: nobody claims it meanwhile."""
        return self.set_paused(request, post_id)

    def set_paused(self, request: Request, post_id: int) -> Response:
        me = caller(request)
        readable(me, post_id)
        return Response(as_seen_by(actions.set_paused(post_id, by=me, is_paused=self.is_paused), me))


class Resume(Pause):
    is_paused = False

    @extend_schema(operation_id="resume_offer", request=None, responses={200: WholeHelpPost})
    @idempotent
    def post(self, request: Request, post_id: int) -> Response:
        """An offer that rested goes on."""
        return self.set_paused(request, post_id)


class Accept(HelpCall):
    refusals: ClassVar[dict[str, Any]] = {"POST": (refusals.NobodyToChoose, refusals.AlreadyClaimed)}

    @extend_schema(operation_id="accept_helper", request=None, responses={200: ClaimShape})
    @idempotent
    def post(self, request: Request, post_id: int, claim_id: int) -> Response:
        """Say yes to somebody who wants to help."""
        claim = _claim_of(caller(request), post_id, claim_id)
        return Response(claim_row(actions.accept(claim.pk, by=caller(request))))


class Decline(HelpCall):
    refusals: ClassVar[dict[str, Any]] = {"POST": (refusals.NobodyToChoose,)}

    @extend_schema(operation_id="decline_helper", request=None, responses={200: ClaimShape})
    @idempotent
    def post(self, request: Request, post_id: int, claim_id: int) -> Response:
        """Say no, kindly."""
        claim = _claim_of(caller(request), post_id, claim_id)
        return Response(claim_row(actions.decline(claim.pk, by=caller(request))))


class HelpContact(HelpCall):
    @extend_schema(operation_id="reveal_contact", request=WhoseBody, responses={200: ContactsShape})
    def post(self, request: Request, post_id: int) -> Response:
        """The other side's phone, for the asker and accepted helpers; each call is written down for its owner."""
        me, body = caller(request), read(WhoseBody, request)
        readable(me, post_id)
        found = actions.reveal_contact(post_id, by=me, claim_id=body.get("claim"))
        rows = [{"name": c.name, "phone": c.phone, "address": c.door, "is_desk": c.is_desk} for c in found]
        return Response(rows[0] | {"contacts": rows})


def read(shape: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """The body of a call; without one REST framework says {}."""
    body = shape(data=request.data)
    body.is_valid(raise_exception=True)
    return dict(body.validated_data)


def _claim_of(user: User, post_id: int, claim_id: int) -> Claim:
    """A claim of a post that the person wrote or looks after; anything else does not exist for them."""
    readable(user, post_id)
    return Claim.objects.only("id").get(pk=claim_id, post=post_id)
