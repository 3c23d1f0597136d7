from itertools import zip_longest

from django.urls import reverse
from django.utils.translation import gettext as _

from linlingtong.accounts.models import User
from linlingtong.core.search import Found
from linlingtong.home.boards import BOARDS

MOST = 30
# People look for a setting by the name that other apps gave it.
PAGES = {
    "accounts:display": ("长辈版", "关怀版", "关怀模式", "大字版", "字号", "深色", "large text", "elder", "dark"),
    "home:privacy": ("隐私", "个人信息", "privacy"),
    "home:accessibility": ("无障碍", "accessibility"),
    "home:feedback": ("反馈", "意见", "feedback"),
    "home:leaving": ("注销", "退出平台", "删除账号", "我的数据", "delete my account", "my data"),
}


def find(text: str, user: User | None) -> list[Found]:
    """What the reader may see that contains every word of the text: of every board its best; at most 30 in all.

    Where boards have more than fits, each gives the same share.
    """
    if not text.strip():
        return []
    found = [board.find(text, user) for board in BOARDS]
    rounds = zip_longest(*found)
    return [one for together in rounds for one in together if one is not None][:MOST]


def find_pages(text: str) -> list[tuple[str, str]]:
    """Pages of the site itself whose everyday name is in the text: (title, address)."""
    titles = {
        "accounts:display": _("Text size, large-text edition and colours"),
        "home:privacy": _("Privacy and my data"),
        "home:accessibility": _("Accessibility"),
        "home:feedback": _("Feedback"),
        "home:leaving": _("My data"),
    }
    wanted = text.strip().lower()
    return [
        (titles[name], reverse(name))
        for name, words in PAGES.items()
        if wanted and any(word in wanted or (len(wanted) > 1 and wanted in word) for word in words)
    ]
