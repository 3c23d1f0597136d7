"""Sessions at whose door somebody stands now."""

import datetime as dt
import uuid
from typing import Any

from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.activities.actions.check_in import Answer, Item, record
from linlingtong.activities.models import Registration, Session, codes
from tests.factories import SessionFactory, UserFactory

MINUTE = dt.timedelta(minutes=1)


def under_way(**fields: Any) -> Session:
    """Half an hour gone, ninety minutes to go, with a leader."""
    now = timezone.now().replace(microsecond=0)
    fields.setdefault("starts_at", now - 30 * MINUTE)
    fields.setdefault("ends_at", now + 90 * MINUTE)
    fields.setdefault("capacity", 60)
    if "activity" not in fields:
        fields.setdefault("activity__leader", UserFactory.create(nickname="带队人"))
    return SessionFactory.create(**fields)


def leader_of(session: Session) -> User:
    assert session.activity.leader
    return session.activity.leader


def code_of(row: Registration, at: dt.datetime | None = None) -> str:
    return codes.pass_code(row.pk, row.session_id, at or timezone.now()).text


def digits_of(row: Registration) -> str:
    return codes.spoken_digits(row.session_id, row.number)


def scan(session: Session, code: str = "", kind: str = "in", **fields: Any) -> Answer:
    """What the leader's console sends."""
    by = fields.pop("by", None) or leader_of(session)
    fields.setdefault("client_id", uuid.uuid4())
    fields.setdefault("scanned_at", timezone.now())
    return record(Item(session_id=session.pk, kind=kind, code=code, **fields), by=by)
