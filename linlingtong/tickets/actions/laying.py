from linlingtong.tickets.kinds import KINDS, NAMES
from linlingtong.tickets.models import Category


def lay_kinds() -> None:
    """The first kinds, where they are missing; what somebody has changed stays."""
    for position, row in enumerate(KINDS, start=1):
        values = dict(zip(NAMES, row, strict=True))
        Category.objects.get_or_create(slug=values.pop("slug"), defaults=values | {"position": position})
