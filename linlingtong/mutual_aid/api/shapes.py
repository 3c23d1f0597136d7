"""What the board's calls take and answer: never a phone, never a door, but for the one call that is there for it."""

from collections.abc import Sequence
from typing import Any

from rest_framework import serializers

from linlingtong.core.fields import LARGEST_ID, Text, Whole, YesNo
from linlingtong.mutual_aid.limits import LONGEST_MINUTES, MOST_HELPERS
from linlingtong.mutual_aid.models import Claim, HelpEvent, HelpPost
from linlingtong.mutual_aid.showing import asker_words, place_words
from linlingtong.photos.api import PhotoShape, Tokens, photo_row
from linlingtong.photos.models import Photo


class HelpRow(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    type = serializers.ChoiceField(choices=HelpPost.Type.choices)
    kind = serializers.ChoiceField(choices=HelpPost.Kind.choices)
    title = serializers.CharField()
    text = serializers.CharField()
    item_size = serializers.CharField()
    asker = serializers.CharField(help_text="A nickname, or a surname; never a full name")
    area = serializers.IntegerField(help_text="The community or grid")
    place = serializers.CharField()
    urgency = serializers.ChoiceField(choices=HelpPost.Urgency.choices)
    helpers_needed = serializers.IntegerField()
    helpers_found = serializers.IntegerField()
    helpers = serializers.ListField(child=serializers.CharField(), help_text="Nicknames")
    needed_at = serializers.DateTimeField(allow_null=True)
    minutes = serializers.IntegerField(allow_null=True)
    budget_cap = serializers.IntegerField(allow_null=True, help_text="Yuan")
    is_on_behalf = serializers.BooleanField()
    is_paused = serializers.BooleanField()
    is_visible = serializers.BooleanField(help_text="false: moderation has not let it pass; its author sees it")
    lets_choose = serializers.BooleanField()
    is_through_desk = serializers.BooleanField()
    state = serializers.ChoiceField(choices=HelpPost.State.choices)
    is_mine = serializers.BooleanField()
    expires_at = serializers.DateTimeField(allow_null=True)
    thanks = serializers.CharField()
    created_at = serializers.DateTimeField()


class ClaimShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    post = serializers.IntegerField()
    state = serializers.ChoiceField(choices=Claim.State.choices)
    helper = serializers.CharField(help_text="Nickname")
    note = serializers.CharField()
    minutes = serializers.IntegerField(allow_null=True)
    contact_until = serializers.DateTimeField(allow_null=True, help_text="Get in touch until then")
    done_at = serializers.DateTimeField(allow_null=True, help_text="When its helper said that it is done")
    asker_done_at = serializers.DateTimeField(allow_null=True, help_text="When the asker said so")
    created_at = serializers.DateTimeField()


class EventShape(serializers.Serializer[Any]):
    what = serializers.ChoiceField(choices=HelpEvent.What.choices)
    from_state = serializers.CharField()
    to_state = serializers.ChoiceField(choices=HelpPost.State.choices)
    reason = serializers.CharField()
    at = serializers.DateTimeField()


class WholeHelpPost(HelpRow):
    photos = PhotoShape(many=True)
    claims = ClaimShape(many=True, help_text="All of them for the asker, one's own for a helper")
    events = EventShape(many=True, help_text="For the asker and helpers")
    renewals = serializers.IntegerField()


class HelpBody(serializers.Serializer[Any]):
    type = serializers.ChoiceField(choices=HelpPost.Type.choices)
    kind = serializers.ChoiceField(choices=HelpPost.Kind.choices, default=HelpPost.Kind.OTHER)
    title = Text(max_length=60)
    text = Text(max_length=600, required=False, allow_blank=True)
    item_size = Text(max_length=40, required=False, allow_blank=True)
    area = Whole(min_value=1, max_value=LARGEST_ID, required=False, help_text="By default the home area")
    door = Text(max_length=40, required=False, allow_blank=True, help_text="Shown to accepted helpers only")
    urgency = serializers.ChoiceField(choices=HelpPost.Urgency.choices, required=False)
    helpers_needed = Whole(min_value=1, max_value=MOST_HELPERS, required=False)
    needed_at = serializers.DateTimeField(required=False, allow_null=True)
    minutes = Whole(min_value=1, max_value=LONGEST_MINUTES, required=False, allow_null=True)
    budget_cap = Whole(min_value=0, max_value=32767, required=False, allow_null=True)
    surname = Text(max_length=2, required=False, allow_blank=True)
    person = serializers.ChoiceField(choices=HelpPost.Person.choices, required=False)
    is_on_behalf = YesNo(required=False)
    lets_choose = YesNo(required=False)
    photos = Tokens()


class ContactShape(serializers.Serializer[Any]):
    name = serializers.CharField()
    phone = serializers.CharField()
    address = serializers.CharField(help_text="The door, for helpers who come to the house; never for wishes")
    is_desk = serializers.BooleanField(help_text="The number is the community desk's")


class ContactsShape(ContactShape):
    contacts = ContactShape(many=True, help_text="Every accepted helper, when the asker looks")


class RevealShape(serializers.Serializer[Any]):
    viewer = serializers.CharField(help_text="Nickname")
    post = serializers.IntegerField()
    title = serializers.CharField()
    has_door = serializers.BooleanField()
    at = serializers.DateTimeField()


PLAIN = (
    "id", "type", "kind", "title", "text", "item_size", "urgency", "helpers_needed", "needed_at", "minutes",
    "budget_cap", "is_on_behalf", "is_paused", "is_visible", "lets_choose", "is_through_desk", "state", "expires_at",
    "thanks", "created_at",
)  # fmt: skip


def help_row(post: HelpPost, names: dict[int, str], helpers: Sequence[str], *, reader: int | None) -> dict[str, Any]:
    ids = [int(part) for part in post.area_path.strip("/").split("/")]
    return {name: getattr(post, name) for name in PLAIN} | {
        "asker": asker_words(post),
        "area": ids[:3][-1],
        "place": place_words(post, names),
        "helpers_found": post.taken,
        "helpers": list(helpers),
        "is_mine": reader is not None and post.author_id == reader,
    }


def claim_row(claim: Claim) -> dict[str, Any]:
    return {
        "id": claim.pk,
        "post": claim.post_id,
        "state": claim.state,
        "helper": str(claim.helper),
        "note": claim.note,
        "minutes": claim.minutes,
        "contact_until": claim.contact_until,
        "done_at": claim.done_at,
        "asker_done_at": claim.asker_done_at,
        "created_at": claim.created_at,
    }


def event_row(event: HelpEvent) -> dict[str, Any]:
    return {name: getattr(event, name) for name in ("what", "from_state", "to_state", "reason", "at")}


def whole_post(
    row: dict[str, Any],
    post: HelpPost,
    photos: Sequence[Photo],
    claims: Sequence[Claim],
    events: Sequence[HelpEvent],
) -> dict[str, Any]:
    return row | {
        "photos": [photo_row(photo) for photo in photos],
        "claims": [claim_row(claim) for claim in claims],
        "events": [event_row(event) for event in events],
        "renewals": post.renewals,
    }
