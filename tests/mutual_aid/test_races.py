"""Real threads, each with its connection: exactly one wins. The control shows that the race happens unguarded."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from linlingtong.accounts.models import User
from linlingtong.core.refusal import Refusal
from linlingtong.mutual_aid import actions
from linlingtong.mutual_aid.models import Claim, HelpPost
from linlingtong.volunteering.models import ServiceEntry
from tests.factories import AreaFactory, UserFactory
from tests.mutual_aid.factories import ClaimFactory, HelpPostFactory

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS, CLAIMERS = 300, 4


def rounds(posts: list[HelpPost], people: list[User], job: Callable[[HelpPost, User], Any]) -> dict[int, list[Any]]:
    """Everybody goes for the same post at once, post after post; the answers by post."""
    step = threading.Barrier(len(people))
    answers: dict[int, list[Any]] = {post.pk: [] for post in posts}

    def work(person: User) -> None:
        try:
            for post in posts:
                step.wait(60)
                answers[post.pk].append(_answer(job, post, person))
        finally:
            connection.close()

    with ThreadPoolExecutor(len(people)) as pool:
        list(pool.map(work, people))
    return answers


def _answer(job: Callable[[HelpPost, User], Any], post: HelpPost, person: User) -> Any:
    try:
        return job(post, person)
    except Refusal as refusal:
        return refusal


def _posts(amount: int, **facts: Any) -> list[HelpPost]:
    area, author = AreaFactory.create(), UserFactory.create()
    return [HelpPostFactory.create(area=area, author=author, **facts) for _ in range(amount)]


def test_one_of_four_wins_in_each_of_300_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linlingtong.mutual_aid.actions.eligibility.MOST_LIVE_CLAIMS", ROUNDS)
    monkeypatch.setattr("linlingtong.mutual_aid.actions.eligibility.MOST_NUMBERS_A_DAY", ROUNDS)
    posts, people = _posts(ROUNDS), UserFactory.create_batch(CLAIMERS)
    answers = rounds(posts, people, lambda post, person: actions.claim(post.pk, person, by=person))
    wrong = [pk for pk, got in answers.items() if sum(not isinstance(one, Refusal) for one in got) != 1]
    assert wrong == []
    refused = {one.code for got in answers.values() for one in got if isinstance(one, Refusal)}
    assert refused == {"already_claimed"}
    assert Claim.objects.held().count() == ROUNDS
    assert set(HelpPost.objects.values_list("state", "taken")) == {("claimed", 1)}


def test_control_look_then_write_has_more_than_one_winner() -> None:
    posts, people = _posts(40), UserFactory.create_batch(CLAIMERS)

    def naive(post: HelpPost, person: User) -> bool:
        seen = HelpPost.objects.get(pk=post.pk)
        if seen.state != HelpPost.State.OPEN:
            return False
        seen.state, seen.taken = HelpPost.State.CLAIMED, 1
        seen.save(update_fields=["state", "taken"])
        return True

    answers = rounds(posts, people, naive)
    assert sum(sum(got) > 1 for got in answers.values()) > 0


def test_three_seats_are_given_three_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linlingtong.mutual_aid.actions.eligibility.MOST_LIVE_CLAIMS", 100)
    monkeypatch.setattr("linlingtong.mutual_aid.actions.eligibility.MOST_NUMBERS_A_DAY", 100)
    posts, people = _posts(20, helpers_needed=3), UserFactory.create_batch(6)
    answers = rounds(posts, people, lambda post, person: actions.claim(post.pk, person, by=person))
    assert {sum(not isinstance(one, Refusal) for one in got) for got in answers.values()} == {3}
    seats = {
        post.pk: sorted(seat or 0 for seat in post.claims.held().values_list("seat", flat=True)) for post in posts
    }
    assert set(map(tuple, seats.values())) == {(1, 2, 3)}


def test_the_last_wall_holds_without_turns() -> None:
    (post,) = _posts(1)
    first, second = UserFactory.create_batch(2)
    actions.claim(post.pk, first, by=first)
    with pytest.raises(Exception, match=r"one_helper_in_each_seat|never_more_helpers"):
        Claim.objects.create(post=post, helper=second, state="accepted", seat=1, accepted_at=post.created_at)


def _minutes_of_a_day(settings: Settings) -> list[int]:
    """Twelve helpers, each confirmed by two askers at once, may bring 100 minutes a day: what each of them has."""
    settings.HELP_MINUTES_A_DAY = 100
    helpers = UserFactory.create_batch(12)
    pairs = [[ClaimFactory.create(helper=helper, post__minutes=100) for _ in range(2)] for helper in helpers]
    for claim in (claim for pair in pairs for claim in pair):
        actions.done(claim.post_id, by=claim.helper)
    step = threading.Barrier(2)

    def confirm(side: int) -> None:
        try:
            for pair in pairs:
                step.wait(60)
                actions.confirm(pair[side].post_id, by=pair[side].post.author)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(confirm, range(2)))
    return [sum(ServiceEntry.objects.filter(resident=one).values_list("minutes", flat=True)) for one in helpers]


def test_two_posts_confirmed_at_once_stay_below_the_limit_of_the_day(settings: Settings) -> None:
    assert set(_minutes_of_a_day(settings)) == {100}


def test_control_without_the_helpers_turn_both_count(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linlingtong.mutual_aid.actions.moves.take_turns", lambda _turns: None)
    assert max(_minutes_of_a_day(settings)) == 200
