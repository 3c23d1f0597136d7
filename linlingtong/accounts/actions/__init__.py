from linlingtong.accounts.actions.idempotency import KeyOfAnotherCall, answer_once, forget_old_keys
from linlingtong.accounts.actions.profile import change_profile

__all__ = ["KeyOfAnotherCall", "answer_once", "change_profile", "forget_old_keys"]
