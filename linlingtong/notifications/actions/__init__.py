from linlingtong.notifications.actions.telling import Tiding, tell, withdraw

__all__ = ["Tiding", "tell", "withdraw"]
