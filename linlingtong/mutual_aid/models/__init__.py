from linlingtong.mutual_aid.models.claim import Claim, ContactReveal, HelperPause, HelpEvent
from linlingtong.mutual_aid.models.post import HelpPost

__all__ = ["Claim", "ContactReveal", "HelpEvent", "HelpPost", "HelperPause"]
