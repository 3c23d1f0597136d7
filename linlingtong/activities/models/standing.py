import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from linlingtong.activities.models.activity import Activity, Session
from linlingtong.activities.models.buttons import ANCHORS, LABELS, OWN_PAGES, POSTED, SHORT
from linlingtong.activities.models.registration import ChangeNotice, Registration
from linlingtong.core.dates import left_words, short_moment
from linlingtong.core.time import local

LATE = dt.timedelta(hours=12)
FEW = 3


class Phase(StrEnum):
    """Where a session stands for everybody."""

    NOT_OPEN = "not_open"
    OPEN = "open"
    FULL = "full"
    QUEUE_FULL = "queue_full"
    CLOSED = "closed"
    RUNNING = "running"
    OVER = "over"
    CANCELLED = "cancelled"


class Mine(StrEnum):
    """Where one resident stands in it."""

    NOT_JOINED = "not_joined"
    PENDING = "pending"
    WAITING = "waiting"
    OFFERED = "offered"
    JOINED = "joined"
    CHECKED_IN = "checked_in"
    DONE = "done"


@dataclass(frozen=True)
class Badge:
    """Colour, icon and words; the words alone are enough."""

    tone: str
    icon: str
    label: str


@dataclass(frozen=True)
class Action:
    """One thing the reader can do now. `short` is the label where there is little room; `is_post` asks for a form."""

    kind: str
    label: str
    url: str
    is_primary: bool = False
    short: str = ""
    is_post: bool = False


@dataclass(frozen=True)
class Standing:
    """What a session is to one reader: the words for it and what can be done, the most useful thing first."""

    state: str
    mine: str
    badge: Badge
    actions: tuple[Action, ...]
    places_left: int | None
    position: int | None
    is_few: bool
    is_late: bool

    @property
    def action(self) -> Action | None:
        return self.actions[0] if self.actions else None

    @property
    def is_mine(self) -> bool:
        return self.mine != Mine.NOT_JOINED


BEFORE_START = (Phase.NOT_OPEN, Phase.OPEN, Phase.FULL, Phase.QUEUE_FULL, Phase.CLOSED)
# The cells of the matrix that differ from "before it starts"; an absent cell has no button.
NEWCOMER = {
    Phase.NOT_OPEN: ("remind",),
    Phase.OPEN: ("register",),
    Phase.FULL: ("wait",),
    Phase.QUEUE_FULL: ("ask_leader",),
    Phase.CLOSED: ("ask_leader",),
    Phase.RUNNING: ("ask_leader",),
    Phase.OVER: ("review_past",),
    Phase.CANCELLED: ("reason",),
}
BEFORE = {
    Mine.PENDING: ("view", "withdraw"),
    Mine.WAITING: ("view", "withdraw"),
    Mine.OFFERED: ("accept", "decline"),
    Mine.JOINED: ("view", "cancel"),
    Mine.CHECKED_IN: ("pass",),
    Mine.DONE: ("view",),
}
RUNNING = {
    Mine.PENDING: ("ask_leader",),
    Mine.WAITING: ("ask_leader",),
    Mine.OFFERED: ("ask_leader",),
    Mine.JOINED: ("pass",),
    Mine.CHECKED_IN: ("check_out",),
    Mine.DONE: ("view",),
}


def with_position(registrations: QuerySet[Registration]) -> QuerySet[Registration]:
    """Adds `position`, the place in the waiting list from 1, or 0 for those who do not wait; and `is_moved`."""
    ahead = (
        Registration.objects.filter(
            session=OuterRef("session"),
            state=Registration.State.WAITLISTED,
            number__lte=OuterRef("number"),
        )
        .order_by()
        .values("session")
        .annotate(how_many=Count("*"))
        .values("how_many")
    )
    return registrations.annotate(position=Coalesce(Subquery(ahead), 0), is_moved=moved())


def moved(mine: str = "") -> Exists:
    """Whether the session has changed since the place was given; `mine` is the path to the registration."""
    confirmed_at, created_at = (OuterRef(f"{mine}{name}") for name in ("confirmed_at", "created_at"))
    session = OuterRef(f"{mine}session")
    return Exists(ChangeNotice.objects.filter(session=session, due_at__gt=Coalesce(confirmed_at, created_at)))


def is_soon(session: Session, now: dt.datetime) -> bool:
    """Whether one may want the code for the door at hand: half a day ahead, or on the day."""
    is_today = local(session.starts_at).date() == local(now).date()
    return now < session.ends_at and (is_today or session.starts_at - now <= LATE)


def phase_of(session: Session, now: dt.datetime) -> Phase:
    """Where the session stands for everybody, whoever asks."""
    if session.cancelled_at or session.activity.status == Activity.Status.CANCELLED:
        return Phase.CANCELLED
    if session.starts_at <= now:
        return Phase.RUNNING if now < session.ends_at else Phase.OVER
    return _phase_before(session, now)


def _phase_before(session: Session, now: dt.datetime) -> Phase:
    activity = session.activity
    if activity.opens_at and now < activity.opens_at:
        return Phase.NOT_OPEN
    if activity.closes_at and now >= activity.closes_at:
        return Phase.CLOSED
    if session.places_left != 0:
        return Phase.OPEN
    has_room = activity.longest_queue is None or session.waiting < activity.longest_queue
    return Phase.FULL if has_room else Phase.QUEUE_FULL


def mine_of(registration: Registration | None) -> Mine:
    """Where the registration stands; one that ended counts as none, unless the activity itself ended it."""
    if registration is None:
        return Mine.NOT_JOINED
    if registration.ended_by == Registration.Ended.BY_EVENT:
        return Mine.JOINED
    if registration.state != Registration.State.CONFIRMED:
        return {
            Registration.State.PENDING_REVIEW.value: Mine.PENDING,
            Registration.State.WAITLISTED.value: Mine.WAITING,
            Registration.State.OFFERED.value: Mine.OFFERED,
        }.get(registration.state, Mine.NOT_JOINED)
    return {
        Registration.Attendance.CHECKED_IN.value: Mine.CHECKED_IN,
        Registration.Attendance.CHECKED_OUT.value: Mine.DONE,
    }.get(registration.attendance, Mine.JOINED)


def standing(
    session: Session, registration: Registration | None, now: dt.datetime, *, is_authenticated: bool
) -> Standing:
    """The one-button matrix: a session, the reader's registration in it and the moment give badge and buttons."""
    cell = _Cell(session, registration, now, is_authenticated)
    position: int | None = getattr(registration, "position", None) if cell.mine == Mine.WAITING else None
    return Standing(
        state=cell.phase,
        mine=cell.mine,
        badge=cell.badge(position),
        actions=tuple(cell.action(kind, position) for kind in cell.kinds()),
        places_left=session.places_left,
        position=position,
        is_few=cell.is_few,
        is_late=cell.is_late,
    )


@dataclass(frozen=True)
class _Cell:
    """One cell of the matrix while its words are found."""

    session: Session
    registration: Registration | None
    now: dt.datetime
    is_authenticated: bool

    @property
    def phase(self) -> Phase:
        return phase_of(self.session, self.now)

    @property
    def mine(self) -> Mine:
        return mine_of(self.registration)

    @property
    def is_few(self) -> bool:
        left, capacity = self.session.places_left, self.session.capacity
        return bool(left and capacity and (left <= FEW or left * 10 <= capacity) and left < capacity)

    @property
    def is_late(self) -> bool:
        """Whether giving up now is noted; never after the time or the place has changed."""
        is_near = self.phase in BEFORE_START and self.session.starts_at - self.now <= LATE
        return is_near and not self.is_moved

    @property
    def is_moved(self) -> bool:
        mine = self.registration
        return mine is not None and (mine.clash_flagged or getattr(mine, "is_moved", False))

    def kinds(self) -> tuple[str, ...]:
        if self.mine == Mine.NOT_JOINED:
            return NEWCOMER[self.phase]
        if self.phase == Phase.CANCELLED:
            return ("reason", "other") if self.mine == Mine.JOINED else ("reason",)
        if self.phase == Phase.OVER:
            return ("review_past",)
        if self.phase == Phase.RUNNING:
            return RUNNING[self.mine]
        kinds = BEFORE[self.mine]
        if self.mine == Mine.JOINED and self.now > self._cancel_until and not self.is_moved:
            kinds = ("view", "ask_leader")
        return ("pass", *kinds[1:]) if self.mine == Mine.JOINED and is_soon(self.session, self.now) else kinds

    @property
    def _cancel_until(self) -> dt.datetime:
        return self.session.starts_at - dt.timedelta(hours=self.session.activity.cancel_hours)

    def badge(self, position: int | None) -> Badge:
        return self._shared_badge() or self._own_badge(position) or self._open_badge()

    def _shared_badge(self) -> Badge | None:
        if self.phase == Phase.CANCELLED:
            return Badge("off", "ban", _("Cancelled"))
        if self.phase != Phase.OVER:
            return None
        if self.mine in {Mine.DONE, Mine.CHECKED_IN}:
            return Badge("done", "star", _("You were there"))
        return Badge("neutral", "clock", _("Over"))

    def _own_badge(self, position: int | None) -> Badge | None:
        waiting = _("No. %(number)d in line") % {"number": position} if position else _("On the waiting list")
        return {
            Mine.PENDING: Badge("pending", "eye", _("Awaiting approval")),
            Mine.WAITING: Badge("neutral", "hourglass", waiting),
            Mine.OFFERED: Badge("offer", "bell", _("A place for you")),
            Mine.JOINED: Badge("mine", "circle-check-f", _("I am going")),
            Mine.CHECKED_IN: Badge("mine", "circle-check-f", _("Checked in")),
            Mine.DONE: Badge("done", "star", _("You were there")),
        }.get(self.mine)

    def _open_badge(self) -> Badge:
        opens_at = self.session.activity.opens_at
        if self.phase == Phase.NOT_OPEN and opens_at:
            return Badge("tool", "clock", _("Opens %(moment)s") % {"moment": short_moment(opens_at)})
        if self.phase == Phase.OPEN and self.is_few:
            return Badge("few", "hourglass", places_left_words(self.session.places_left or 0))
        return {
            Phase.FULL: Badge("neutral", "hourglass", _("Full, waiting list open")),
            Phase.QUEUE_FULL: Badge("neutral", "hourglass", _("Full")),
            Phase.CLOSED: Badge("neutral", "ban", _("Registration closed")),
            Phase.RUNNING: Badge("mine", "clock", _("Under way")),
        }.get(self.phase, Badge("open", "circle-check", pgettext("session", "Open")))

    def action(self, kind: str, position: int | None) -> Action:
        label = self._label(kind, position)
        is_primary = kind in {"register", "accept", "pass", "check_out"}
        if not self.is_authenticated and kind in {"register", "wait", "remind"}:
            return self._signed_out(kind, is_primary)
        return Action(kind, label, self._url(kind), is_primary, SHORT.get(kind, lambda: "")(), kind in POSTED)

    def _label(self, kind: str, position: int | None) -> str:
        left, offer = self.session.places_left, self.registration and self.registration.offered_until
        if kind == "register" and left and not self.is_late:
            return _("Register (%(left)s)") % {"left": places_left_words(left)}
        if kind == "cancel" and self.is_late:
            return _("Cannot come (this is noted)")
        if kind == "accept" and offer:
            return _("I am coming (%(left)s left)") % {"left": left_words(offer)}
        if kind == "view" and self.mine == Mine.WAITING and position:
            return _("No. %(number)d in line") % {"number": position}
        if kind == "withdraw" and self.mine == Mine.PENDING:
            return _("Take it back")
        return LABELS[kind]()

    def _url(self, kind: str) -> str:
        slug = self.session.activity.slug
        if kind in OWN_PAGES and self.registration:
            return reverse(OWN_PAGES[kind], args=[self.registration.pk])
        if kind in {"register", "wait"}:
            return f"{reverse('activities:join', args=[slug])}?{urlencode({'session': self.session.pk})}"
        if kind == "remind":
            return reverse("activities:bookmark", args=[slug])
        if kind == "other":
            return f"{reverse('activities:list')}?{urlencode({'kind': self.session.activity.kind})}"
        if kind == "review_past":
            return reverse("activities:review", args=[slug])
        return reverse("activities:detail", args=[slug]) + ANCHORS.get(kind, "")

    def _signed_out(self, kind: str, is_primary: bool) -> Action:
        detail = reverse("activities:detail", args=[self.session.activity.slug])
        target = detail if kind == "remind" else self._url(kind)
        label = {
            "register": _("Sign in to register"),
            "wait": _("Sign in to join the waiting list"),
            "remind": _("Sign in for a reminder"),
        }[kind]
        url = f"{settings.LOGIN_URL}?{urlencode({'next': target})}"
        return Action(kind, label, url, is_primary, SHORT.get(kind, LABELS[kind])())


ORDER = (
    Phase.OPEN,
    Phase.NOT_OPEN,
    Phase.FULL,
    Phase.RUNNING,
    Phase.QUEUE_FULL,
    Phase.CLOSED,
    Phase.OVER,
    Phase.CANCELLED,
)


def places_left_words(left: int) -> str:
    return ngettext("%(left)d place left", "%(left)d places left", left) % {"left": left}


def standings(
    sessions: Iterable[Session],
    registrations: Mapping[int, Registration],
    now: dt.datetime,
    *,
    is_authenticated: bool,
) -> list[tuple[Session, Standing]]:
    """The standing of several sessions; `registrations` are the reader's, by session id."""
    return [
        (one, standing(one, registrations.get(one.pk), now, is_authenticated=is_authenticated)) for one in sessions
    ]


def leading(pairs: list[tuple[Session, Standing]]) -> tuple[Session, Standing]:
    """Which of an activity's sessions speaks for it: one's own, else the first where most can still be done."""
    return min(
        pairs,
        key=lambda pair: (
            not (pair[1].is_mine and pair[1].state not in {Phase.OVER, Phase.CANCELLED}),
            ORDER.index(Phase(pair[1].state)),
            pair[0].starts_at,
            pair[0].pk,
        ),
    )
