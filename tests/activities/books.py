from django.db.models import Count, Q, Sum

from linlingtong.activities.actions import MOVES
from linlingtong.activities.models import Registration, RegistrationEvent, Session

State = Registration.State


def assert_books_balance(session: Session) -> None:
    """Counters equal rows, numbers have no gaps, nothing is oversold, every story follows the table of moves."""
    session.refresh_from_db()
    rows = session.registrations.all()
    sums = rows.aggregate(
        taken=Sum("places", filter=Q(state=State.CONFIRMED), default=0),
        held=Sum("places", filter=Q(state=State.OFFERED), default=0),
        waiting=Count("pk", filter=Q(state=State.WAITLISTED)),
        pending=Count("pk", filter=Q(state=State.PENDING_REVIEW)),
    )
    assert sums == {name: getattr(session, name) for name in sums}
    assert sorted(rows.values_list("number", flat=True)) == list(range(1, session.last_number + 1))
    if session.capacity is not None:
        assert session.taken + session.held <= max(session.capacity, session.overbooked_to)
    stories: dict[int, list[RegistrationEvent]] = {}
    for event in RegistrationEvent.objects.filter(registration__session=session).order_by("pk"):
        stories.setdefault(event.registration_id, []).append(event)
    for row in rows:
        story = stories.get(row.pk, [])
        state = story[0].from_state if story else row.state  # a row of the factory begins in the middle
        for event in story:
            assert event.from_state == state
            assert event.to_state in MOVES[state] or event.to_state == state
            state = event.to_state
        assert state == row.state
