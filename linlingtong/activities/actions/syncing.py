"""What a console noted, perhaps without a network: scans, ticks, and people whom nobody expected."""

from collections.abc import Iterable

from linlingtong.accounts.models import User
from linlingtong.activities.actions.check_in import Answer, Item, again, record
from linlingtong.activities.actions.door_refusals import NotYours
from linlingtong.activities.actions.walk_ins import add_walk_in, let_in_by_phone
from linlingtong.activities.models import Activity, Scan, Session, WalkIn
from linlingtong.activities.permissions import may_run_door
from linlingtong.core.refusal import Refusal

Verdict = Scan.Verdict


def record_all(items: Iterable[Item], *, by: User) -> list[Answer]:
    """Each item by itself: sent twice, in any order, it comes to the same."""
    return [record(item, by=by) if item.phone is None and item.name is None else _let_in(item, by) for item in items]


def _let_in(item: Item, by: User) -> Answer:
    """Somebody unexpected, by the phone they joined with or by name alone; refusals are answered, not raised."""
    session = Session.objects.select_related("activity").filter(pk=item.session_id).first()
    is_known = session is not None and session.activity.status != Activity.Status.DRAFT
    if session is None or not is_known or not may_run_door(by, session.activity):
        return Answer(item.client_id, Verdict.REFUSED, refusal=NotYours())
    if known := _known(item, session):
        return known
    try:
        return _written(item, session, by)
    except Refusal as refusal:
        return Answer(item.client_id, Verdict.REFUSED, refusal=refusal)


def _known(item: Item, session: Session) -> Answer | None:
    """The same item a second time; a number that another desk has used is not answered."""
    guest = WalkIn.objects.filter(client_id=item.client_id).first()
    if guest is None:
        return again(item.client_id, session)
    if guest.session_id != session.pk:
        return Answer(item.client_id, Verdict.REFUSED, refusal=NotYours())
    return Answer(item.client_id, Verdict.DUPLICATE, guest=guest)


def _written(item: Item, session: Session, by: User) -> Answer:
    if item.phone is not None:
        let_in_by_phone(session.pk, item.phone, by=by, client_id=item.client_id, came_at=item.scanned_at)
        scan = Scan.objects.select_related("registration__resident").get(client_id=item.client_id)
        return Answer(item.client_id, scan.verdict, scan)
    guest = add_walk_in(session.pk, item.name or "", by=by, client_id=item.client_id, came_at=item.scanned_at)
    return Answer(item.client_id, Verdict.ACCEPTED, guest=guest)
