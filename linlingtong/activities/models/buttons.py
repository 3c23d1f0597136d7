"""The words of the one button, and where it leads."""

from django.utils.translation import gettext as _

LABELS = {
    "remind": lambda: _("Remind me"),
    "register": lambda: _("Register"),
    "wait": lambda: _("Join the waiting list"),
    "withdraw": lambda: _("Leave the line"),
    "cancel": lambda: _("Cancel registration"),
    "accept": lambda: _("I am coming"),
    "decline": lambda: _("Not this time"),
    "view": lambda: _("My registration"),
    "pass": lambda: _("Show my code"),
    "check_out": lambda: _("Check out"),
    "ask_leader": lambda: _("Ask the leader"),
    "review_past": lambda: _("Look back"),
    "reason": lambda: _("Why?"),
    "other": lambda: _("Find another"),
}
SHORT = {
    "register": lambda: _("Register"),
    "wait": lambda: _("Waiting list"),
    "accept": lambda: _("I am coming"),
}
OWN_PAGES = {
    "view": "activities:registration",
    "pass": "activities:pass",
    "check_out": "activities:pass",
    "withdraw": "activities:give_up",
    "cancel": "activities:give_up",
    "accept": "activities:accept",
    "decline": "activities:decline",
}
POSTED = {"remind", "accept", "decline"}
ANCHORS = {"ask_leader": "#contact", "reason": "#reason"}
