from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linlingtong.accounts.models import User
from linlingtong.core.board import Board, Work
from linlingtong.core.subject import Subject
from linlingtong.moderation.actions import (
    check_outside,
    forget,
    hide_nickname,
    may_see_nickname,
    nickname_facts,
    show_nickname,
    tell_refused_photos,
)
from linlingtong.moderation.models import Case, Report
from linlingtong.moderation.permissions import queue_for


def _work(user: User) -> list[Work]:
    count = queue_for(user).order_by().count()
    return [(count, _("texts and photos to look at"), reverse("admin:moderation_case_queue"))] if count else []


def _export(resident: User) -> dict[str, Any]:
    cases = Case.objects.filter(author=resident).order_by("id")
    reports = Report.objects.filter(by=resident).order_by("id")
    return {
        "reviews": [_reviewed(case) for case in cases],
        "reports": [{"made_at": row.created_at, "reason": row.reason, "note": row.note} for row in reports],
    }


def _reviewed(case: Case) -> dict[str, Any]:
    facts = ("kind", "text", "state", "reason", "appeal", "submitted_at", "decided_at")
    return {name: getattr(case, name) for name in facts}


def _profile(_user_id: int) -> str:
    return reverse("accounts:profile")


nickname = Subject(
    kind="nickname",
    name=gettext_lazy("nickname"),
    url=_profile,
    show=show_nickname,
    hide=hide_nickname,
    may_see=may_see_nickname,
    facts=nickname_facts,
)
board = Board(
    "moderation",
    work=_work,
    export=_export,
    forget=forget,
    steps={"check_outside": check_outside, "tell_refused_photos": tell_refused_photos},
    subjects=(nickname,),
)
