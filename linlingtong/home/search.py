from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from linlingtong.activities.models import Activity

MOST = 30
# People look for a setting by the name that other apps gave it.
PAGES = {
    "accounts:display": ("长辈版", "关怀版", "关怀模式", "大字版", "字号", "深色", "large text", "elder", "dark"),
    "home:privacy": ("隐私", "个人信息", "privacy"),
    "home:accessibility": ("无障碍", "accessibility"),
    "home:feedback": ("反馈", "意见", "feedback"),
}


@dataclass(frozen=True)
class Found:
    """One result: what it is, where it is and a line of it."""

    type: str
    id: int
    title: str
    excerpt: str
    url: str


def find(text: str) -> list[Found]:
    """What anybody may read that contains every word of the text, newest dates first; at most 30."""
    if not text.strip():
        return []
    rows = (
        Activity.objects.visible_to()
        .matching(text)
        .order_by("-starts_at", "-id")
        .values("id", "slug", "title", "summary")[:MOST]
    )
    return [_activity(row) for row in rows]


def _activity(row: Mapping[str, Any]) -> Found:
    url = reverse("activities:detail", args=[row["slug"]])
    return Found("activity", row["id"], row["title"], row["summary"], url)


def find_pages(text: str) -> list[tuple[str, str]]:
    """Pages of the site itself whose everyday name is in the text: (title, address)."""
    titles = {
        "accounts:display": _("Text size, large-text edition and colours"),
        "home:privacy": _("Privacy and my data"),
        "home:accessibility": _("Accessibility"),
        "home:feedback": _("Feedback"),
    }
    wanted = text.strip().lower()
    return [
        (titles[name], reverse(name))
        for name, words in PAGES.items()
        if wanted and any(word in wanted or (len(wanted) > 1 and wanted in word) for word in words)
    ]
