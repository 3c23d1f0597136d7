"""What is due goes out: judged, worded, grouped, handed to a channel outside any transaction, and settled."""

import datetime as dt
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import structlog
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, connections
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from linlingtong.delivery import actions as delivery
from linlingtong.delivery.channel import Outcome, Result, failed, unknown
from linlingtong.notifications.actions.outbox import (
    FIRST_LOOK,
    LEASE,
    TRIES,
    Claim,
    State,
    Verdict,
    begin,
    claim_due,
    expire_leases,
    settle,
)
from linlingtong.notifications.models import Channel, Kind, Message, Preferences, quiet_until

Words = Callable[[Sequence[Message]], Mapping[int, str]]
Counts = Counter[str]

SIGNATURE = "【临灵通】"
PART = 35
WAITS = (0.5, 1, 2, 5, 15, 30, 60)
SMALLEST, LARGEST = 50, 500
# Seconds: a letter that takes longer is slow; letters noted as begun at once are gone after so long.
SLOW, SLICE = 0.02, 0.01
MOST_AT_ONCE = 500
# A person would rather be woken than stand before a closed door.
URGENT = frozenset({Kind.CANCELLATION, Kind.CHANGE})

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Letter:
    """One text for one address, for one message or several that say the same."""

    claims: list[Claim]
    text: str

    @property
    def head(self) -> Message:
        return self.claims[0].message


@dataclass(slots=True)
class Pace:
    """How quick the channel has been lately, and so how many letters to note as begun at once."""

    letters: int = 1
    seconds_each: float = 0.0

    @property
    def is_slow(self) -> bool:
        return self.seconds_each > SLOW

    def learn(self, letters: int, seconds: float) -> None:
        if letters:
            self.seconds_each = seconds / letters
            self.letters = max(1, min(self.letters * 2, MOST_AT_ONCE, int(SLICE / max(self.seconds_each, 1e-6))))


def deliver(words: Mapping[str, Words], *, seconds: float = 30) -> Counts:
    """Send what is due until nothing is, or for about so many seconds; answers how many came to which state.

    `words` asks each board, by subject, what its messages say now; a message that it leaves out is no longer true.
    Safe beside another delivery and against being killed: nothing is lost, and nothing sent twice blindly.
    """
    stop = time.monotonic() + seconds
    counts: Counts = Counter()
    expire_leases()
    size, pace = SMALLEST, Pace()
    while time.monotonic() < stop:
        begun = time.monotonic()
        claims = claim_due(size)
        if not claims:
            break
        verdicts = _carry(claims, words, pace, min(stop, begun + LEASE.total_seconds() / 2))
        settle(verdicts)
        counts.update(str(verdict.state) for verdict in verdicts)
        size = min(LARGEST, size * 2) if time.monotonic() - begun < 1 else max(SMALLEST, size // 2)
    return counts


def _carry(claims: Sequence[Claim], words: Mapping[str, Words], pace: Pace, stop: float) -> list[Verdict]:
    verdicts: list[Verdict] = []
    wanted: list[Claim] = []
    now = timezone.now()
    for claim in claims:
        verdict = _ruled_out(claim, now)
        if verdict:
            verdicts.append(verdict)
        else:
            wanted.append(claim)
    texts = _texts([claim.message for claim in wanted], words)
    letters: dict[tuple[object, ...], Letter] = {}
    for claim in wanted:
        text = texts.get(claim.message.pk)
        if isinstance(text, Verdict):
            verdicts.append(text)
        elif not text:
            verdicts.append(Verdict(claim.message, State.DROPPED, "no-longer-true"))
        else:
            letters.setdefault(_same_letter(claim, text), Letter([], text)).claims.append(claim)
    return verdicts + _send_all(list(letters.values()), pace, stop)


def _ruled_out(claim: Claim, now: dt.datetime) -> Verdict | None:
    """Too late, unwanted, no address, or in quiet hours; else None, with the channel chosen."""
    message, person = claim.message, claim.person
    if message.not_after and now >= message.not_after:
        return Verdict(message, State.MISSED, "too-late")
    if not claim.is_repeat:
        channel = next((c for c in (Channel.SMS, Channel.EMAIL) if person.can_get(message.kind, c)), None)
        if channel is None or not person.is_active:
            return Verdict(message, State.DROPPED, "not-wanted" if person.is_active else "has-left")
        message.channel = channel
    starts = Preferences.QUIET_FROM if person.quiet_from is None else person.quiet_from
    ends = Preferences.QUIET_UNTIL if person.quiet_until is None else person.quiet_until
    until = quiet_until(now, starts, ends)
    if until is None or (message.kind in URGENT and message.for_start and message.for_start <= until):
        return None
    if message.not_after and message.not_after <= until:
        # Whose moment fell into these very hours is left in peace; whose moment was before them, we have missed.
        is_peace = quiet_until(message.due_at, starts, ends) == until
        return Verdict(message, State.DROPPED if is_peace else State.MISSED, "quiet-hours")
    return Verdict(message, State.PENDING, "quiet-hours", due_at=until)


def _texts(messages: Sequence[Message], words: Mapping[str, Words]) -> dict[int, str | Verdict]:
    texts: dict[int, str | Verdict] = {}
    by_subject: dict[str, list[Message]] = {}
    for message in messages:
        by_subject.setdefault(message.subject, []).append(message)
    for subject, group in by_subject.items():
        ask = words.get(subject)
        if ask is None:
            texts |= {message.pk: message.text for message in group}
            continue
        try:
            texts |= ask(group)
        except Exception:
            log.exception("words_failed", subject=subject, messages=len(group))
            for message in group:
                texts |= _text_alone(ask, message)
    return texts


def _text_alone(ask: Words, message: Message) -> Mapping[int, str | Verdict]:
    """One message whose words cannot be made stops itself, not its neighbours."""
    try:
        return ask([message])
    except Exception:
        log.exception("words_failed", subject=message.subject, message_id=message.pk)
        return {message.pk: _again_later(message, "no-words", is_clean=False)}


def _same_letter(claim: Claim, text: str) -> tuple[object, ...]:
    message = claim.message
    if claim.is_repeat:
        return (message.resident_id, message.sent_as)
    return (message.resident_id, message.kind, message.channel, text)


def _send_all(letters: Sequence[Letter], pace: Pace, stop: float) -> list[Verdict]:
    """Hand over one after the other while the channel is quick, several at a time when it is slow."""
    for letter in letters:
        if not letter.claims[0].is_repeat:
            for claim in letter.claims:
                claim.message.sent_as = letter.head.key
    waiting = deque(letters)
    verdicts: list[Verdict] = []
    while waiting and time.monotonic() < stop:
        if pace.is_slow and len(waiting) > 1 and not connection.in_atomic_block:
            verdicts += _send_side_by_side(waiting, pace, stop)
            break
        ours = _still_ours([waiting.popleft() for _number in range(min(pace.letters, len(waiting)))])
        begun = time.monotonic()
        for letter in ours:
            verdicts += _send(letter)
        pace.learn(len(ours), time.monotonic() - begun)
    return verdicts + [
        Verdict(claim.message, State.PENDING, "put-back", is_clean=not claim.is_repeat)
        for letter in waiting
        for claim in letter.claims
    ]


def _still_ours(letters: Sequence[Letter]) -> list[Letter]:
    """Those that nobody withdrew since; the last look before a text leaves the house."""
    ours = begin([claim.message for letter in letters for claim in letter.claims])
    found = []
    for letter in letters:
        letter.claims = [claim for claim in letter.claims if claim.message.pk in ours]
        if letter.claims:
            found.append(letter)
    return found


def _send_side_by_side(waiting: deque[Letter], pace: Pace, stop: float) -> list[Verdict]:
    """Threads talk to the network only; the look before each letter happens here, when a thread is free for it."""
    verdicts: list[Verdict] = []
    threads = settings.SENDING_THREADS
    free = threading.BoundedSemaphore(threads)
    spent: list[float] = []

    def carry(letter: Letter) -> None:
        begun = time.monotonic()
        try:
            verdicts.extend(_send(letter))
        finally:
            spent.append(time.monotonic() - begun)
            connections.close_all()
            free.release()

    with ThreadPoolExecutor(threads, thread_name_prefix="sending") as pool:
        while waiting and time.monotonic() < stop:
            free.acquire()
            ours = _still_ours([waiting.popleft()])
            if ours:
                pool.submit(carry, ours[0])
            else:
                free.release()
    pace.learn(len(spent), sum(spent))
    return verdicts


def _send(letter: Letter) -> list[Verdict]:
    try:
        outcome = _hand_over(letter)
    except ImproperlyConfigured:
        log.exception("channel_misconfigured", key=letter.head.sent_as)
        outcome = failed("misconfigured")
    except Exception as error:
        log.exception("channel_broke", key=letter.head.sent_as)
        outcome = unknown(type(error).__name__)
    return [_judge(claim, outcome) for claim in letter.claims]


def _hand_over(letter: Letter) -> Outcome:
    message, person, text = letter.head, letter.claims[0].person, letter.text
    if message.channel == Channel.SMS:
        bare = text.removeprefix(SIGNATURE)
        # Gateways with registered templates take short parameters only.
        params = {"text": bare[:PART], "more": bare[PART:]}
        return delivery.send_sms(person.phone or "", message.kind, params, text, key=message.sent_as)
    subject = text.removeprefix(SIGNATURE)
    with translation.override(person.language):
        choose = _("You can choose in your messages what we write to you.")
        body = f"{text}\n\n{settings.SITE_URL}{message.url}\n\n{choose}"
    return delivery.send_email(person.email or "", subject[:PART], body, key=message.sent_as)


def _judge(claim: Claim, outcome: Outcome) -> Verdict:
    message, code = claim.message, outcome.code
    if outcome.result is Result.SENT:
        return Verdict(message, State.SENT, code)
    if outcome.result is Result.FAILED:
        return _again_later(message, code, is_clean=not claim.is_repeat)
    if outcome.result is Result.REFUSED:
        return Verdict(message, State.FAILED, code, has_failed=True)
    if _deduplicates(message.channel) and message.failures + 1 < TRIES:
        return _again_later(message, code, is_clean=False)
    return Verdict(message, State.UNKNOWN, code, look_at=timezone.now() + FIRST_LOOK, has_failed=True)


def _again_later(message: Message, code: str, *, is_clean: bool) -> Verdict:
    if message.failures + 1 >= TRIES:
        return Verdict(message, State.FAILED, code, has_failed=True)
    wait = dt.timedelta(minutes=WAITS[min(message.failures, len(WAITS) - 1)])
    due_at = timezone.now() + wait
    return Verdict(message, State.PENDING, code, due_at=due_at, has_failed=True, is_clean=is_clean)


def _deduplicates(channel: str) -> bool:
    return delivery.sms_deduplicates() if channel == Channel.SMS else delivery.email_deduplicates()
