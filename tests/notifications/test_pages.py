import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from linlingtong.accounts.models import User
from linlingtong.areas.models import Area
from linlingtong.notifications.actions import Tiding, mark_read, send_again, set_preferences, tell, withdraw
from linlingtong.notifications.models import Message, Notification, Preferences
from tests.factories import AreaFactory, MessageFactory, NotificationFactory, UserFactory, staff_of, subdistrict

pytestmark = pytest.mark.django_db
INBOX = "/me/messages/"


@pytest.fixture
def resident(client: Client) -> User:
    user: User = UserFactory.create()
    client.force_login(user)
    return user


def titles(client: Client, url: str = INBOX) -> list[str]:
    return [line.row.title for line in client.get(url).context["lines"]]


def test_the_inbox_is_for_those_who_signed_in(client: Client) -> None:
    for url in (INBOX, INBOX + "preferences/", INBOX + "1/"):
        assert client.get(url)["Location"].startswith("/login/?next=")


def test_an_empty_inbox_says_what_to_do_next(client: Client, resident: User) -> None:
    NotificationFactory.create()
    answer = client.get(INBOX)
    assert answer.context["lines"] == []
    assert reverse("activities:list") in answer.content.decode()


def test_unread_ones_come_first_newest_first_page_after_page(client: Client, resident: User) -> None:
    now = timezone.now()
    for number in range(45):
        NotificationFactory.create(
            resident=resident,
            title=f"{number}",
            created_at=now - dt.timedelta(minutes=number),
            read_at=now if number % 2 else None,
        )
    expected = [f"{n}" for n in range(0, 45, 2)] + [f"{n}" for n in range(1, 45, 2)]
    seen, url = [], INBOX
    for _page in range(3):
        answer = client.get(url)
        seen += [line.row.title for line in answer.context["lines"]]
        url = f"{INBOX}?after={answer.context['more']}"
    assert seen == expected
    assert url.endswith("after=")


@pytest.mark.parametrize("after", ["u1", "x1-1", "u9999999999999999-1", "u1-999999999999999999", "%00", "u１-1"])
def test_a_strange_cursor_harms_nobody(client: Client, resident: User, after: str) -> None:
    assert client.get(f"{INBOX}?after={after}").status_code == 200


def test_what_waits_for_an_answer_stands_on_top_until_it_is_withdrawn(client: Client, resident: User) -> None:
    until = timezone.now() + dt.timedelta(hours=1)
    offer = Tiding(resident.pk, "offer", "offer/1", "有名额", subject="registration", subject_id=7,
                   needs_answer_until=until)  # fmt: skip
    tell([offer])
    NotificationFactory.create(resident=resident, title="别的")
    answer = client.get(INBOX)
    assert [line.row.title for line in answer.context["to_answer"]] == ["有名额"]
    assert titles(client) == ["别的"]
    withdraw("registration", [7], kinds=["reminder_day"])
    assert client.get(INBOX).context["to_answer"]
    withdraw("registration", [7], kinds=["offer"])
    assert not client.get(INBOX).context["to_answer"]
    assert sorted(titles(client)) == ["别的", "有名额"]


def test_opening_a_message_marks_it_read_and_leads_to_its_subject(client: Client, resident: User) -> None:
    row = NotificationFactory.create(resident=resident, url="/me/registrations/1/")
    answer = client.get(f"{INBOX}{row.pk}/")
    assert answer["Location"] == "/me/registrations/1/"
    row.refresh_from_db()
    assert row.read_at


@pytest.mark.parametrize("url", ["", "//evil.example", "https://evil.example/", "/\\evil.example", "javascript:1"])
def test_a_message_never_leads_away_from_this_site(client: Client, resident: User, url: str) -> None:
    row = NotificationFactory.create(resident=resident, url=url, body="正文")
    answer = client.get(f"{INBOX}{row.pk}/")
    assert answer.status_code == 200
    assert "正文" in answer.content.decode()


def test_nobody_opens_or_marks_what_is_not_theirs(client: Client, resident: User) -> None:
    row = NotificationFactory.create()
    assert client.get(f"{INBOX}{row.pk}/").status_code == 404
    client.post(INBOX + "read/")
    row.refresh_from_db()
    assert row.read_at is None
    with pytest.raises(PermissionDenied):
        mark_read(row.resident, None, by=resident)
    with pytest.raises(PermissionDenied):
        set_preferences(row.resident, by=resident)


def test_all_can_be_marked_as_read(client: Client, resident: User) -> None:
    NotificationFactory.create_batch(2, resident=resident)
    assert client.get(INBOX + "read/")["Location"] == INBOX
    assert client.post(INBOX + "read/")["Location"] == INBOX
    assert not Notification.objects.unread().exists()


def test_some_can_be_marked_as_read(resident: User) -> None:
    first, _second = NotificationFactory.create_batch(2, resident=resident)
    assert mark_read(resident, [first.pk], by=resident) == 1
    assert mark_read(resident, [first.pk], by=resident) == 0


def test_wishes_are_kept(client: Client, resident: User) -> None:
    page = INBOX + "preferences/"
    form = {"quiet_from": "08:00", "quiet_until": "16:00", "offer:sms": "on", "reminder_day:sms": "on"}
    assert client.post(page, form)["Location"] == page
    wishes = Preferences.objects.get(resident=resident)
    assert wishes.wants("offer", "sms")
    assert not wishes.wants("change", "sms")
    assert (wishes.quiet_from, wishes.quiet_until) == (dt.time(8), dt.time(16))
    assert str(wishes) == "08:00-16:00"
    html = client.get(page).content.decode()
    assert 'value="08:00"' in html
    assert html.count(" checked") == 2


def test_a_time_that_is_none_is_explained(client: Client, resident: User) -> None:
    answer = client.post(INBOX + "preferences/", {"quiet_from": "25:00", "quiet_until": ""})
    assert answer.status_code == 200
    assert set(answer.context["form"].errors) == {"quiet_from", "quiet_until"}
    assert not Preferences.objects.exists()


def test_unknown_wishes_are_left_out_and_the_rest_stays(resident: User) -> None:
    set_preferences(resident, by=resident, muted=["offer:sms", "nothing:sms"])
    wishes = set_preferences(resident, by=resident, quiet_from=dt.time(21))
    assert wishes.muted == ["offer:sms"]
    assert wishes.quiet_from == dt.time(21)


@pytest.mark.parametrize("rows", [1, 3])
def test_the_inbox_asks_the_same_number_of_questions_for_any_number_of_lines(
    client: Client, resident: User, rows: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    NotificationFactory.create_batch(rows, resident=resident)
    client.get(INBOX)
    with django_assert_max_num_queries(6):
        assert client.get(INBOX).context["unread_count"]() == rows


def test_only_staff_of_the_whole_subdistrict_see_the_outbox(client: Client) -> None:
    message = MessageFactory.create(text="只给本人看", state=Message.State.UNKNOWN)
    url = reverse("admin:notifications_message_changelist")
    root: Area = subdistrict()
    community = AreaFactory.create(parent=root)
    client.force_login(staff_of(community))
    assert client.get(url).status_code in {302, 403}
    client.force_login(staff_of(root))
    html = client.get(url).content.decode()
    assert message.resident.masked_phone in html
    html += client.get(reverse("admin:notifications_message_change", args=[message.pk])).content.decode()
    assert "只给本人看" not in html
    assert str(message.resident.phone) not in html


def test_staff_let_what_failed_go_out_again_and_are_asked_first(client: Client) -> None:
    root = subdistrict()
    later = timezone.now() + dt.timedelta(hours=1)
    failed = MessageFactory.create(state=Message.State.FAILED, sent_as="a", failures=8, not_after=later)
    unknown = MessageFactory.create(state=Message.State.UNKNOWN, sent_as="b")
    late = MessageFactory.create(state=Message.State.FAILED, not_after=timezone.now() - dt.timedelta(hours=1))
    sent = MessageFactory.create(state=Message.State.SENT)
    staff, url = staff_of(root), reverse("admin:notifications_message_changelist")
    client.force_login(staff)
    chosen = {"action": "send_again", "_selected_action": [one.pk for one in (failed, unknown, late, sent)]}
    asked = client.post(url, chosen).context["asked"]
    assert "3" in asked.title
    assert "1" in asked.lines[0]
    assert Message.objects.filter(state=Message.State.PENDING).count() == 0
    client.post(url, chosen | {"_confirmed": "1"})
    rows = {one.pk: one for one in Message.objects.all()}
    assert [rows[one.pk].state for one in (failed, unknown, late, sent)] == ["pending", "pending", "failed", "sent"]
    assert (rows[failed.pk].sent_as, rows[unknown.pk].sent_as, rows[failed.pk].failures) == ("", "b", 0)
    assert {rows[one.pk].sent_again_by_id for one in (failed, unknown)} == {staff.pk}
    assert rows[sent.pk].sent_again_by_id is None
    assert str(staff) in client.get(reverse("admin:notifications_message_change", args=[failed.pk])).content.decode()


def test_only_the_subdistrict_sends_again(client: Client) -> None:
    message = MessageFactory.create(state=Message.State.FAILED)
    worker = staff_of(AreaFactory.create(parent=subdistrict()))
    with pytest.raises(PermissionDenied):
        send_again([message.pk], by=worker)
    client.force_login(worker)
    chosen = {"action": "send_again", "_selected_action": [message.pk], "_confirmed": "1"}
    assert client.post(reverse("admin:notifications_message_changelist"), chosen).status_code in {302, 403}
    message.refresh_from_db()
    assert message.state == Message.State.FAILED
