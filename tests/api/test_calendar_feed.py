import pytest
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.activities import calendar
from linlingtong.activities.models import Registration, Session
from tests.factories import RegistrationFactory, SessionFactory

pytestmark = pytest.mark.django_db


def feed(resident: User) -> str:
    mine = Registration.objects.visible_to(resident).select_related("session__activity").order_by("-created_at", "-id")
    return calendar.of_resident(mine).decode().replace("\r\n ", "")


def test_the_feed_tells_sure_from_unsure(resident: User, session: Session) -> None:
    RegistrationFactory.create(session=session, resident=resident)
    waiting = RegistrationFactory.create(resident=resident, state="waitlisted")
    text = feed(resident)
    assert text.count("BEGIN:VEVENT") == 2
    assert f"UID:session-{session.pk}@" in text
    assert f"UID:session-{waiting.session_id}@" in text
    assert (text.count("STATUS:CONFIRMED"), text.count("STATUS:TENTATIVE")) == (1, 1)
    assert "TZID:Asia/Shanghai" in text


def test_registering_again_leaves_one_line(resident: User, session: Session) -> None:
    RegistrationFactory.create(session=session, resident=resident, state="cancelled", ended_by="self")
    RegistrationFactory.create(session=session, resident=resident)
    assert feed(resident).count("BEGIN:VEVENT") == 1
    assert "STATUS:CONFIRMED" in feed(resident)


def test_a_cancelled_session_is_struck_out(resident: User) -> None:
    session = SessionFactory.create(cancelled_at=timezone.now(), cancel_reason="台风", role="搬运")
    RegistrationFactory.create(session=session, resident=resident, state="cancelled", ended_by="event")
    assert "STATUS:CANCELLED" in feed(resident)
    assert "（搬运）" in feed(resident)
