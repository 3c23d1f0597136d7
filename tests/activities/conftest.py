import pytest

from linlingtong.accounts.models import User
from linlingtong.activities.models import Session
from tests.factories import SessionFactory, UserFactory, staff_of


@pytest.fixture
def session(db: None) -> Session:
    """Twenty places in three days, open to everybody."""
    return SessionFactory.create()


@pytest.fixture
def resident(db: None) -> User:
    return UserFactory.create()


@pytest.fixture
def staff(session: Session) -> User:
    """Works for the area of the session."""
    return staff_of(session.activity.area)
