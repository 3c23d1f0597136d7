import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from linlingtong.accounts.actions import (
    AlreadyMember,
    MembershipEnded,
    TooManyMemberships,
    UnlikelyBirthday,
    change_profile,
    join_organization,
    leave_organization,
)
from linlingtong.accounts.models import Membership, User
from linlingtong.areas.models import Area, Organization
from linlingtong.core.time import today
from tests.factories import AreaFactory, ConsentFactory, MembershipFactory, OrganizationFactory, UserFactory

PROFILE, PRIVACY, JOIN = "/me/profile/", "/me/privacy/", "/me/memberships/"
YESTERDAY, TOMORROW = today() - dt.timedelta(days=1), today() + dt.timedelta(days=1)


@pytest.fixture
def me(db: None) -> User:
    return UserFactory.create()


@pytest.fixture
def tab(client: Client, me: User) -> Client:
    client.force_login(me)
    return client


def wishes(**changes: Any) -> dict[str, Any]:
    return {"nickname": "陈师傅", "home_area": "", "born_on": "", "language": "zh-hans", **changes}


@pytest.mark.parametrize("url", [PROFILE, PRIVACY])
def test_strangers_are_sent_to_sign_in(client: Client, db: None, url: str) -> None:
    assert client.get(url)["Location"] == f"/login/?next={url}"


def test_everything_is_saved_and_said(tab: Client, me: User) -> None:
    grid = AreaFactory.create(level=Area.Level.GRID, parent=AreaFactory.create())

    answer = tab.post(PROFILE, wishes(home_area=grid.pk, born_on="1991-03-08", language="en"), follow=True)

    me.refresh_from_db()
    assert (me.nickname, me.home_area, me.born_on, me.language) == ("陈师傅", grid, dt.date(1991, 3, 8), "en")
    assert b'role="status"' in answer.content
    assert b'lang="en"' in answer.content


def test_everything_can_be_emptied(tab: Client, me: User) -> None:
    change_profile(me, by=me, home_area=AreaFactory.create(), born_on=dt.date(1991, 3, 8))
    tab.post(PROFILE, wishes(nickname=""))
    me.refresh_from_db()
    assert (me.nickname, me.home_area, me.born_on) == ("", None, None)


def test_another_home_waits_for_confirmation_again(tab: Client, me: User) -> None:
    old, new = AreaFactory.create(), AreaFactory.create()
    User.objects.filter(pk=me.pk).update(home_area=old, home_confirmed_at=timezone.now())
    tab.post(PROFILE, wishes(home_area=old.pk))
    me.refresh_from_db()
    assert me.home_confirmed_at is not None

    tab.post(PROFILE, wishes(home_area=new.pk))
    me.refresh_from_db()
    assert me.home_area == new
    assert User.objects.get(pk=me.pk).home_confirmed_at is None


def test_a_nickname_is_cleaned(tab: Client, me: User) -> None:
    tab.post(PROFILE, wishes(nickname=" 陈\u202e师\u200b傅 \n 7 号 "))
    me.refresh_from_db()
    assert me.nickname == "陈师傅 7 号"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"nickname": "\u200b\u3164"}, "id_nickname"),
        ({"nickname": "长" * 31}, "id_nickname"),
        ({"born_on": "8.3.1991"}, "id_born_on"),
        ({"born_on": TOMORROW.isoformat()}, "id_born_on"),
        ({"born_on": "1800-01-01"}, "id_born_on"),
        ({"home_area": "999999"}, "id_home_area"),
        ({"home_area": "x"}, "id_home_area"),
        ({"language": "tlh"}, "id_language"),
    ],
)
def test_an_error_stands_at_its_field_and_keeps_what_was_typed(
    tab: Client, me: User, changes: dict[str, str], field: str
) -> None:
    before = me.nickname
    page = tab.post(PROFILE, wishes(**changes)).content.decode()
    assert f'href="#{field}' in page
    assert f'id="{field}_error"' in page
    assert ("陈师傅" in page) is ("nickname" not in changes)
    me.refresh_from_db()
    assert me.nickname == before


def test_homes_are_offered_by_community_without_what_is_closed(tab: Client) -> None:
    community = AreaFactory.create(name="高新社区")
    grid = AreaFactory.create(level=Area.Level.GRID, parent=community, name="第 7 网格")
    cell = AreaFactory.create(level=Area.Level.MICRO_GRID, parent=grid, name="微网格 3")
    AreaFactory.create(level=Area.Level.BUILDING, parent=cell, name="5 幢")
    AreaFactory.create(level=Area.Level.GRID, parent=community, name="旧网格", is_active=False)
    page = tab.get(PROFILE).content.decode()
    assert '<optgroup label="高新社区">' in page
    assert page.index("高新社区 · 第 7 网格") < page.index("高新社区 · 5 幢")
    assert "微网格 3" not in page
    assert "旧网格" not in page


def test_a_home_that_is_no_longer_offered_stays_chosen(tab: Client, me: User) -> None:
    closed = AreaFactory.create(is_active=False)
    User.objects.filter(pk=me.pk).update(home_area=closed)
    tab.post(PROFILE, wishes(home_area=closed.pk))
    me.refresh_from_db()
    assert me.home_area == closed


def test_nobody_changes_another_persons_profile(me: User) -> None:
    somebody = UserFactory.create()
    with pytest.raises(PermissionDenied):
        change_profile(me, by=somebody, nickname="x")
    with pytest.raises(PermissionDenied):
        join_organization(OrganizationFactory.create().pk, me, by=somebody)
    with pytest.raises(PermissionDenied):
        leave_organization(MembershipFactory.create(user=me).pk, me, by=somebody)


@pytest.mark.parametrize("born_on", [TOMORROW, dt.date(1850, 1, 1)])
def test_the_verb_refuses_an_unlikely_birthday(me: User, born_on: dt.date) -> None:
    with pytest.raises(UnlikelyBirthday):
        change_profile(me, by=me, born_on=born_on)


@pytest.mark.parametrize(("url", "queries"), [(PROFILE, 5), (PRIVACY, 6)])
@pytest.mark.parametrize("rows", [1, 3])
def test_pages_cost_the_same_with_one_row_and_with_three(
    tab: Client, django_assert_num_queries: Callable[[int], Any], url: str, queries: int, rows: int
) -> None:
    me = User.objects.get()
    for _ in range(rows):
        MembershipFactory.create(user=me)
        ConsentFactory.create(user=me, version=f"v{_}")
        AreaFactory.create(level=Area.Level.GRID, parent=AreaFactory.create())
    User.objects.filter(pk=me.pk).update(home_area=AreaFactory.create())
    tab.get(PRIVACY)
    with django_assert_num_queries(queries):
        tab.get(url)


def test_the_privacy_page_tells_consents_and_memberships(tab: Client, me: User) -> None:
    ConsentFactory.create(user=me, version="2026-10")
    MembershipFactory.create(user=me, organization__name="临江精工", confirmed_at=None)
    MembershipFactory.create(
        user=me, organization__name="旧宿舍", starts_on=YESTERDAY - dt.timedelta(days=9), ends_on=YESTERDAY
    )
    page = tab.get(PRIVACY).content.decode()
    assert all(text in page for text in ("2026-10", "临江精工", "旧宿舍", me.masked_phone))
    assert (me.phone or "") not in page
    assert page.count("/leave/") == 1


def test_joining_and_leaving_on_the_same_day_leaves_no_trace(tab: Client, me: User) -> None:
    organization = OrganizationFactory.create()
    tab.post(JOIN, {"organization": organization.pk})
    membership = Membership.objects.get(user=me)
    assert (membership.organization, membership.confirmed_at, membership.starts_on) == (organization, None, today())

    tab.post(f"/me/memberships/{membership.pk}/leave/")
    assert not Membership.objects.exists()


def test_a_longer_membership_ends_with_yesterday(me: User) -> None:
    membership = MembershipFactory.create(user=me, starts_on=YESTERDAY)
    leave_organization(membership.pk, me, by=me)
    membership.refresh_from_db()
    assert membership.ends_on == YESTERDAY
    assert not Membership.objects.current().exists()
    with pytest.raises(MembershipEnded):
        leave_organization(membership.pk, me, by=me)
    join_organization(membership.organization_id, me, by=me)


def test_one_belongs_to_an_organization_once(tab: Client, me: User) -> None:
    membership = MembershipFactory.create(user=me)
    with pytest.raises(AlreadyMember):
        join_organization(membership.organization_id, me, by=me)
    page = tab.post(JOIN, {"organization": membership.organization_id}).content.decode()
    assert 'href="#id_organization"' in page


def test_nobody_belongs_to_everything(me: User) -> None:
    for _ in range(5):
        MembershipFactory.create(user=me)
    with pytest.raises(TooManyMemberships):
        join_organization(OrganizationFactory.create().pk, me, by=me)


def test_a_closed_organization_cannot_be_joined(tab: Client, me: User) -> None:
    closed = OrganizationFactory.create(is_active=False)
    assert b'id="error-summary"' in tab.post(JOIN, {"organization": closed.pk}).content
    with pytest.raises(Organization.DoesNotExist):
        join_organization(closed.pk, me, by=me)


def test_somebody_elses_membership_is_not_mine_to_end(tab: Client) -> None:
    theirs = MembershipFactory.create()
    assert tab.post(f"/me/memberships/{theirs.pk}/leave/").status_code == 404
    assert Membership.objects.current().filter(pk=theirs.pk).exists()


def test_an_ended_membership_says_so(tab: Client, me: User) -> None:
    ended = MembershipFactory.create(user=me, starts_on=YESTERDAY, ends_on=YESTERDAY)
    answer = tab.post(f"/me/memberships/{ended.pk}/leave/", follow=True)
    assert b"toast-warning" in answer.content


def test_the_address_of_joining_leads_to_the_page(tab: Client) -> None:
    assert tab.get(JOIN)["Location"] == PRIVACY
