from linlingtong.accounts.actions.idempotency import KeyOfAnotherCall, answer_once, forget_old_keys

__all__ = ["KeyOfAnotherCall", "answer_once", "forget_old_keys"]
