"""What the author of a case is told, in their language; it stays in the inbox."""

from collections.abc import Callable

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from linlingtong.core.subject import subject_of
from linlingtong.moderation.models import Case, CaseEvent
from linlingtong.notifications.actions import Tiding, tell
from linlingtong.notifications.models import Kind

Words = tuple[str, str]
LONGEST_TITLE = 120
LONGEST_EXCERPT = 24


def tell_author(case: Case, event: CaseEvent, words: Callable[[Case], Words]) -> None:
    """One line in the author's inbox for this step of the case."""
    if case.author is None:
        return
    with translation.override(case.author.language):
        title, body = words(case)
    tell(
        [
            Tiding(
                resident_id=case.author.pk,
                kind=Kind.REVIEW,
                key=f"case/{event.pk}",
                title=title[:LONGEST_TITLE],
                body=body,
                url=reverse("moderation:case", args=[case.pk]),
                subject="case",
                subject_id=case.pk,
            )
        ]
    )


def facts_of(case: Case) -> dict[str, str]:
    subject = subject_of(case.kind)
    text = " ".join(case.text.split())
    excerpt = text if len(text) <= LONGEST_EXCERPT else text[: LONGEST_EXCERPT - 1] + "…"
    return {"name": str(subject.name if subject else case.kind), "text": excerpt, "reason": case.reason}


def held(case: Case) -> Words:
    return (
        _("We are having a look at it: “%(text)s”") % facts_of(case),
        _("Only you see it until a colleague has read it, usually within a day. There is nothing you need to do."),
    )


def hidden_by_reports(case: Case) -> Words:
    return (
        _("Several neighbours reported it: “%(text)s”") % facts_of(case),
        _("It is hidden until a colleague has read it. You hear from us either way."),
    )


def passed(case: Case) -> Words:
    return (
        _("Everybody can see it now: “%(text)s”") % facts_of(case),
        _("A colleague has read it. Thank you for waiting."),
    )


def returned(case: Case) -> Words:
    return (
        _("Please change something: “%(text)s”") % facts_of(case),
        _("%(reason)s\nChange it and send it again, or tell us why it should stay as it is.") % facts_of(case),
    )


def hidden(case: Case) -> Words:
    return (
        _("It is not shown: “%(text)s”") % facts_of(case),
        _("%(reason)s\nIf you see it differently, you can appeal once; somebody else will decide.") % facts_of(case),
    )


def upheld(case: Case) -> Words:
    return (
        _("After your appeal: it stays hidden: “%(text)s”") % facts_of(case),
        _("%(reason)s\nSomebody else has decided this time. Your community can tell you more.") % facts_of(case),
    )
