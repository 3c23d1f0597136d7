"""A number inside an address that only one reader can use, for a day: how one board leads to another one's form."""

from django.core import signing

DAY_SECONDS = 24 * 3600


def sealed(purpose: str, number: int, *, reader: int) -> str:
    return signing.dumps([number, reader], salt=purpose)


def unsealed(purpose: str, text: str, *, reader: int) -> int | None:
    """The number; None for what is forged, older than a day or somebody else's."""
    try:
        number, whose = signing.loads(text, salt=purpose, max_age=DAY_SECONDS)
    except signing.BadSignature:
        return None
    return int(number) if whose == reader else None
