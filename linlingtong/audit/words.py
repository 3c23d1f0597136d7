from typing import Any

from django.utils.translation import gettext_lazy

VERBS = {
    "plan": gettext_lazy("planned"),
    "edit": gettext_lazy("edited"),
    "publish": gettext_lazy("published"),
    "copy": gettext_lazy("copied"),
    "cancel_activity": gettext_lazy("cancelled the activity"),
    "cancel_session": gettext_lazy("cancelled the session"),
    "delete_activity": gettext_lazy("deleted"),
    "change_capacity": gettext_lazy("changed the places"),
    "reschedule": gettext_lazy("changed the time"),
    "change_place": gettext_lazy("changed the place"),
}
LABELS = {"insert": gettext_lazy("added"), "update": gettext_lazy("changed"), "delete": gettext_lazy("deleted")}


def said(verb: str, label: str) -> Any:
    """What somebody did, in words: by the verb where it says more than what became of the row."""
    return VERBS.get(verb) or LABELS.get(label, label)
