"""How texts are compared with watched words: whatever tricks somebody uses, the same text stays the same."""

import re
import unicodedata

from linlingtong.core.text import clean_text

REPEATED = re.compile(r"(.)\1+", re.DOTALL)


def folded(text: str) -> str:
    """One spelling of a text: full width is half width, no case, no accents, nothing invisible, nothing repeated."""
    plain = unicodedata.normalize("NFKC", clean_text(text)).casefold()
    apart = unicodedata.normalize("NFKD", plain)
    bare = "".join(c for c in apart if unicodedata.category(c) != "Mn" and c != "\u200d")
    return REPEATED.sub(r"\1", unicodedata.normalize("NFC", bare))


def squeezed(text: str) -> str:
    """The same without gaps, signs and emoji, with which words are torn apart."""
    letters = "".join(c for c in folded(text) if unicodedata.category(c)[0] in "LN")
    return REPEATED.sub(r"\1", letters)
