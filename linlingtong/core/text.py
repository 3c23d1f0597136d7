import re
import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

# U+115F, U+1160, U+3164 and U+FFA0 are letters that draw nothing: a name made of them looks empty.
INVISIBLE_LETTERS = "\u115f\u1160\u3164\uffa0\u2800"
KEPT_CONTROLS = "\n\t"


def clean_text(text: str) -> str:
    """What a person typed, without characters that cannot be seen or that turn the reading direction; trimmed.

    Zero-width joiners between emoji stay.
    """
    kept = "".join(c for c in text.replace("\r\n", "\n").replace("\r", "\n") if _is_kept(c))
    return re.sub(r"^[\s\u200d]+|[\s\u200d]+$", "", kept)


def _is_kept(character: str) -> bool:
    if character in INVISIBLE_LETTERS:
        return False
    if character in KEPT_CONTROLS or character == "\u200d":
        return True
    return unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn"}


def visible_text(text: str) -> None:
    """Validator: at least one character that can be seen."""
    if not clean_text(text):
        raise ValidationError(_("Write at least one visible character."), code="blank")
