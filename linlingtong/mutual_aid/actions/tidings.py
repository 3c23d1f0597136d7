"""What people are told, in their language; a text message with its signature fits one SMS."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.utils import translation
from django.utils.translation import gettext as _

from linlingtong.accounts.models import User
from linlingtong.mutual_aid.models import HelpEvent, HelpPost
from linlingtong.notifications.actions import Tiding, tell
from linlingtong.notifications.models import Kind

SIGNATURE = "【临灵通】"
LONGEST = 70


@dataclass(frozen=True)
class Words:
    """A line for the inbox, its text, and what goes to the phone (empty: nothing)."""

    title: str
    body: str = ""
    short: str = ""


Writer = Callable[[HelpPost], Words]


def inform(people: Iterable[User], post: HelpPost, event: HelpEvent, writer: Writer) -> None:
    """Tell each of them once about the event, in their language."""
    inform_once(people, post, f"help/{event.pk}", writer)


def inform_once(people: Iterable[User], post: HelpPost, key: str, writer: Writer) -> None:
    """The same for what is no event: told once for its key."""
    tell([_tiding(person, post, key, writer) for person in people])


def _tiding(person: User, post: HelpPost, key: str, writer: Writer) -> Tiding:
    with translation.override(person.language):
        words = writer(post)
        return Tiding(
            person.pk,
            Kind.HELP,
            f"{key}/{person.pk}",
            words.title,
            words.body,
            f"/help/{post.pk}/",
            short=words.short and sms(words.short, post.title),
            subject="help",
            subject_id=post.pk,
        )


def sms(text: str, title: str) -> str:
    """The signature and the text with the title in it, which gives way when it is long."""
    room = LONGEST - len(SIGNATURE) - len(text % {"title": ""})
    cut = title if len(title) <= room else title[: max(room - 1, 4)] + "…"
    return (SIGNATURE + text % {"title": cut})[:LONGEST]


def claimed(post: HelpPost) -> Words:
    return Words(
        _("A neighbour helps: %(title)s") % {"title": post.title},
        _("You can see each other's number now. Ring up and agree on a time."),
        _("A neighbour takes on “%(title)s”. Ring each other up in 邻里互助."),
    )


def applied(post: HelpPost) -> Words:
    return Words(
        _("Somebody wants to help: %(title)s") % {"title": post.title},
        _("Look who it is and say yes or no."),
        _("Somebody wants to help with “%(title)s”. Choose in 邻里互助."),
    )


def accepted(post: HelpPost) -> Words:
    return Words(
        _("You were chosen: %(title)s") % {"title": post.title},
        _("You can see each other's number now. Ring up and agree on a time."),
        _("You were chosen for “%(title)s”. Ring each other up in 邻里互助."),
    )


def declined(post: HelpPost) -> Words:
    return Words(
        _("Somebody else helps this time: %(title)s") % {"title": post.title},
        _("Thank you for offering. Others nearby still need somebody."),
    )


def released(post: HelpPost) -> Words:
    return Words(
        _("Your helper cannot come: %(title)s") % {"title": post.title},
        _("Your post is open again, neighbours can claim it."),
        _("The helper for “%(title)s” cannot come. It is open again for neighbours."),
    )


def lapsed(post: HelpPost) -> Words:
    return Words(
        _("Your claim ran out: %(title)s") % {"title": post.title},
        _("Nobody got in touch in time, so a neighbour can claim it now. After two of these you pause for a week."),
        _("Your claim of “%(title)s” ran out, nobody had got in touch in time."),
    )


def back_in_pool(post: HelpPost) -> Words:
    return Words(
        _("Open again: %(title)s") % {"title": post.title},
        _("The helper did not get in touch in time. Neighbours can claim it again."),
    )


def in_touch(post: HelpPost) -> Words:
    return Words(
        _("Your number was looked at: %(title)s") % {"title": post.title},
        _("The other side will ring you. Who looked when stands in “Who saw my phone”."),
    )


def withdrawn(post: HelpPost) -> Words:
    return Words(
        _("Not needed any more: %(title)s") % {"title": post.title},
        post.reason or _("The post was withdrawn. Thank you for being ready to help."),
        _("“%(title)s” was withdrawn, you need not come. Thank you!"),
    )


def to_confirm(post: HelpPost) -> Words:
    return Words(
        _("Done? Please confirm: %(title)s") % {"title": post.title},
        _("The other side says it is done. Without an answer it counts as confirmed after seven days."),
        _("“%(title)s” is said to be done. Please confirm in 邻里互助."),
    )


def completed(post: HelpPost) -> Words:
    return Words(
        _("Done, confirmed by both sides: %(title)s") % {"title": post.title}, _("Thank you for the good turn.")
    )


def thanked(post: HelpPost) -> Words:
    return Words(_("You were thanked: %(title)s") % {"title": post.title}, post.thanks)


def verified(post: HelpPost) -> Words:
    return Words(
        _("Your wish is open: %(title)s") % {"title": post.title},
        _("The community desk has looked at it, neighbours can claim it now."),
        _("Your wish “%(title)s” is open, neighbours can claim it now."),
    )


def returned(post: HelpPost) -> Words:
    return Words(
        _("The desk has a question: %(title)s") % {"title": post.title},
        post.reason,
        _("The community desk has a question about “%(title)s”. Look in 邻里互助."),
    )


def rejected(post: HelpPost) -> Words:
    return Words(_("Not possible here: %(title)s") % {"title": post.title}, post.reason)


def received(post: HelpPost) -> Words:
    return Words(
        _("It is at the community desk: %(title)s") % {"title": post.title}, _("Staff hand it over in the next days.")
    )


def delivered(post: HelpPost) -> Words:
    return Words(
        _("Handed over: %(title)s") % {"title": post.title}, _("The receipt photo stands beside the post. Thank you!")
    )


def expiring(post: HelpPost) -> Words:
    return Words(
        _("Ends tomorrow: %(title)s") % {"title": post.title},
        _("Still needed? One tap keeps it open."),
        _("“%(title)s” ends tomorrow. Still needed? Renew it with one tap in 邻里互助."),
    )


def expired(post: HelpPost) -> Words:
    return Words(
        _("Nobody found this time: %(title)s") % {"title": post.title},
        _("Still needed? Renew it with one tap, or ring the community desk."),
    )


def disputed(post: HelpPost) -> Words:
    return Words(
        _("Staff are looking into it: %(title)s") % {"title": post.title},
        _("Somebody said that something went wrong. Staff will ring you."),
    )


def settled(post: HelpPost) -> Words:
    return Words(_("Settled by staff: %(title)s") % {"title": post.title}, post.reason)
