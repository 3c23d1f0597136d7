from typing import Any

from django.db import transaction

from linlingtong.accounts.models import User
from linlingtong.notifications.models import Message, Notification, Preferences


@transaction.atomic
def erase(resident: User) -> None:
    """Inbox, outbox and preferences of the person go."""
    Message.objects.filter(resident=resident).delete()
    Notification.objects.filter(resident=resident).delete()
    Preferences.objects.filter(resident=resident).delete()


def own_messages(resident: User) -> dict[str, Any]:
    """Every line of the inbox and what left the house, in plain values."""
    lines = Notification.objects.visible_to(resident).order_by("created_at", "id")
    sent = Message.objects.filter(resident=resident).order_by("created_at", "id")
    return {
        "inbox": list(lines.values("kind", "title", "body", "created_at", "read_at")),
        "sent": list(sent.values("channel", "kind", "text", "state", "settled_at")),
    }
