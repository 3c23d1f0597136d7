from linlingtong.accounts.actions.appointments import (
    AppointedAlready,
    AppointmentEnded,
    UnlikelyTerm,
    appoint,
    dismiss,
)
from linlingtong.accounts.actions.idempotency import KeyOfAnotherCall, answer_once, forget_old_keys
from linlingtong.accounts.actions.memberships import (
    AlreadyMember,
    MembershipEnded,
    TooManyMemberships,
    confirm_home,
    confirm_membership,
    join_organization,
    leave_organization,
)
from linlingtong.accounts.actions.profile import UnlikelyBirthday, change_profile, is_likely_birthday
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
    "AlreadyMember",
    "AppointedAlready",
    "AppointmentEnded",
    "JustSent",
    "KeyOfAnotherCall",
    "MembershipEnded",
    "TooManyCodes",
    "TooManyMemberships",
    "UnlikelyBirthday",
    "UnlikelyTerm",
    "Verdict",
    "answer_once",
    "appoint",
    "change_profile",
    "confirm_home",
    "confirm_membership",
    "dismiss",
    "forget_old_codes",
    "forget_old_keys",
    "give_consent",
    "is_likely_birthday",
    "join_organization",
    "leave_organization",
    "resident_of",
    "send_code",
    "send_word",
    "try_code",
]
