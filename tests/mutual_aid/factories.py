"""Help posts and claims with dull defaults, written past the verbs."""

import datetime as dt
from typing import Any

import factory as factory_boy
from django.utils import timezone
from factory.django import DjangoModelFactory

from linlingtong.accounts.models import User
from linlingtong.mutual_aid.actions import Draft
from linlingtong.mutual_aid.models import Claim, HelpPost
from tests.factories import AreaFactory, UserFactory

factory: Any = factory_boy
State = HelpPost.State


class HelpPostFactory(DjangoModelFactory[HelpPost]):
    """An open, visible request for one helper."""

    class Meta:
        model = HelpPost

    author = factory.SubFactory(UserFactory)
    type = HelpPost.Type.REQUEST
    kind = HelpPost.Kind.ELDER
    title = factory.Sequence("第{}件小事".format)
    text = "需要一个人陪着走一趟。"
    area = factory.SubFactory(AreaFactory)
    area_path = factory.SelfAttribute("area.path")
    state = State.OPEN
    is_visible = True
    is_through_desk = factory.LazyAttribute(lambda post: post.type == HelpPost.Type.WISH)
    opened_at = factory.LazyFunction(timezone.now)
    expires_at = factory.LazyFunction(lambda: timezone.now() + dt.timedelta(days=7))


class ClaimFactory(DjangoModelFactory[Claim]):
    """An accepted helper who is not in touch yet; the post's counter and state follow."""

    class Meta:
        model = Claim

    post = factory.SubFactory(HelpPostFactory)
    helper = factory.SubFactory(UserFactory)
    state = Claim.State.ACCEPTED
    seat = factory.LazyAttribute(lambda claim: claim.post.taken + 1)
    accepted_at = factory.LazyFunction(timezone.now)
    contact_until = factory.LazyFunction(lambda: timezone.now() + dt.timedelta(days=1))

    @classmethod
    def _create(cls, model_class: type[Claim], *args: Any, **kwargs: Any) -> Claim:
        claim: Claim = super()._create(model_class, *args, **kwargs)  # type: ignore[no-untyped-call]
        post = claim.post
        if claim.state in Claim.HELD:
            post.taken += 1
            if post.taken == post.helpers_needed and post.state in HelpPost.TAKING:
                post.state = State.CLAIMED
            post.save(update_fields=["taken", "state"])
        return claim


def draft(**facts: Any) -> Draft:
    """A plain request."""
    plain: dict[str, Any] = {
        "type": "request",
        "kind": "elder",
        "title": "陪奶奶去复查",
        "text": "周六上午，大约三小时。",
    }
    return Draft(**({**plain, **facts} if "area" in facts else {**plain, "area": AreaFactory.create(), **facts}))


def settled_neighbour(**facts: Any) -> User:
    """Somebody whose posts need no first look any more."""
    user = UserFactory.create(**facts)
    _pass_three(user)
    return user


def _pass_three(user: User) -> None:
    from linlingtong.moderation.actions import add_clear_cases  # noqa: PLC0415

    now = timezone.now()
    add_clear_cases([("praise", 10**9 + user.pk * 10 + at, user.pk, "/", "x", now) for at in range(3)])
