from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from linlingtong.accounts.admin.asking import CONFIRMED, Asked, ask, posted
from linlingtong.accounts.models import User
from linlingtong.notifications.actions import send_again
from linlingtong.notifications.models import Message
from linlingtong.notifications.permissions import may_see_outbox

SHOWN = (
    "masked_phone", "kind", "channel", "state", "outcome", "due_at", "not_after", "for_start", "attempt", "failures",
    "created_at", "settled_at", "sent_again_at", "sent_again_by",
)  # fmt: skip


MOST = 500


def _question(request: HttpRequest, rows: QuerySet[Message], number: int) -> Asked:
    unknown = rows.filter(state=Message.State.UNKNOWN).count()
    words = ngettext("Send %(number)d message once more?", "Send %(number)d messages once more?", number)
    twice = gettext("Of these, %(number)d may have arrived already: those residents could get the text twice.")
    return Asked(
        title=words % {"number": number},
        button=gettext("Send once more"),
        back=reverse("admin:notifications_message_changelist"),
        lines=[twice % {"number": unknown}] if unknown else [],
        kept=posted(request),
    )


@admin.register(Message)
class MessageAdmin(admin.ModelAdmin[Message]):
    """Did it arrive? Without texts, and of the number only what its owner would recognise."""

    actions = ("send_again",)

    list_display = ["id", "kind", "channel", "state", "outcome", "masked_phone", "due_at", "attempt", "settled_at"]
    list_filter = ["state", "kind", "channel"]
    list_select_related = ["resident"]
    ordering = ["-id"]
    show_full_result_count = False
    fields = SHOWN
    readonly_fields = SHOWN

    @admin.display(description=_("phone"))
    def masked_phone(self, message: Message) -> str:
        return message.resident.masked_phone

    @admin.action(description=_("Send once more"))
    def send_again(self, request: HttpRequest, rows: QuerySet[Message]) -> HttpResponse | None:
        stuck = rows.filter(state__in=(Message.State.FAILED, Message.State.UNKNOWN))
        ids, by = list(stuck.values_list("pk", flat=True)[:MOST]), request.user
        if not isinstance(by, User) or not ids:
            self.message_user(request, gettext("Only failed and unknown messages can go out again."), messages.WARNING)
            return None
        if CONFIRMED not in request.POST:
            return ask(self, request, _question(request, rows, len(ids)))
        done = send_again(ids, by=by)
        words = ngettext("%(number)d message goes out again.", "%(number)d messages go out again.", done)
        late = len(ids) - done
        words_late = ngettext("%(number)d is too late.", "%(number)d are too late.", late) if late else ""
        said = " ".join([words % {"number": done}, words_late % {"number": late} if late else ""])
        self.message_user(request, said.strip(), messages.SUCCESS)
        return None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        rows = super().get_queryset(request)
        return rows if may_see_outbox(request.user) else rows.none()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may_see_outbox(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        return may_see_outbox(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        return False
