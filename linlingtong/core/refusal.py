from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from linlingtong.core.counting import count_refusal


class Refusal(Exception):
    """Not now, and here is why: a verb says no for a reason that the person can read and act on.

    The browser shows `detail`, the API answers 409 with `code` and `detail`, the admin shows a message.
    """

    code: ClassVar[str] = "refused"
    message: ClassVar[Any] = _("This is not possible right now.")

    def __init__(self, **facts: Any) -> None:
        self.facts = facts
        count_refusal(self.code)
        super().__init__(self.code)

    @property
    def detail(self) -> str:
        return str(self.message) % self.facts if self.facts else str(self.message)

    @property
    def more(self) -> dict[str, Any]:
        """What a program can go on with, for example free alternatives; the API adds it to its answer."""
        return {}


class Busy(Exception):
    """Too many people want the same row at once; the same request may be sent again shortly (503, Retry-After)."""
