import re

from linlingtong.moderation.models import Word
from linlingtong.moderation.spelling import folded, squeezed

LATIN = re.compile(r"[a-z0-9]+")
MOST_FOUND = 10


def found_in(text: str) -> list[str]:
    """The watched words that the text contains, as staff wrote them.

    A word of Latin letters has to stand alone, else half a dictionary would be caught by three letters.
    """
    open_text, tight_text = folded(text), squeezed(text)
    found = []
    for normal, word in Word.objects.filter(is_active=True).order_by("id").values_list("normal", "text"):
        if normal not in tight_text:
            continue
        if LATIN.fullmatch(normal) and not _stands_alone(normal, open_text):
            continue
        found.append(word)
        if len(found) == MOST_FOUND:
            break
    return found


def _stands_alone(normal: str, text: str) -> bool:
    """Also as single letters with gaps between them: `w e i`, `w.e.i`."""
    torn = r"[\W_]*".join(map(re.escape, normal))
    return re.search(rf"(?<![a-z0-9]){torn}(?![a-z0-9])", text) is not None
