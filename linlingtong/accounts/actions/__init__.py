from linlingtong.accounts.actions.idempotency import KeyOfAnotherCall, answer_once, forget_old_keys
from linlingtong.accounts.actions.profile import change_profile
from linlingtong.accounts.actions.sign_in import (
    JustSent,
    TooManyCodes,
    Verdict,
    forget_old_codes,
    give_consent,
    resident_of,
    send_code,
    send_word,
    try_code,
)

__all__ = [
    "JustSent",
    "KeyOfAnotherCall",
    "TooManyCodes",
    "Verdict",
    "answer_once",
    "change_profile",
    "forget_old_codes",
    "forget_old_keys",
    "give_consent",
    "resident_of",
    "send_code",
    "send_word",
    "try_code",
]
