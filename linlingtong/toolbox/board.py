from django.urls import reverse
from django.utils.translation import gettext as _

from linlingtong.accounts.models import User
from linlingtong.core.board import Board, Work
from linlingtong.core.search import Found
from linlingtong.toolbox.actions import nag
from linlingtong.toolbox.models import Contact, Guide, Tool
from linlingtong.toolbox.views import home_card

MOST = 10


def find(text: str, _user: User | None) -> list[Found]:
    """Tools by their names, numbers and guides by their words."""
    word = text.strip().casefold()
    on_shelf = [one for one in Tool.objects.shown().in_order() if word in one.is_about]
    guides = Guide.objects.published().matching(text).order_by("title", "pk")[:MOST]
    contacts = Contact.objects.listed().matching(text).order_by("position", "pk")[:MOST]
    directory = reverse("toolbox:contacts")
    return [
        *(Found("tool", one.pk, one.title, one.summary, one.url, one.icon) for one in on_shelf[:MOST]),
        *(
            Found("guide", one.pk, one.title, one.summary, reverse("toolbox:guide", args=[one.slug]), "book")
            for one in guides
        ),
        *(
            Found("contact", one.pk, one.organization, one.service, f"{directory}#contact-{one.pk}", "phone")
            for one in contacts
        ),
    ]


def work(user: User) -> list[Work]:
    outdated = Contact.objects.managed_by(user).listed().outdated().count()
    return [(outdated, _("numbers to check"), reverse("admin:toolbox_contact_changelist") + "?outdated=1")]


board = Board("toolbox", card=home_card, find=find, work=work, steps={"nag_directory": nag})
