from linlingtong.volunteering.models.ledger import LiveSpan, ServiceEntry, ServiceRecord, Standing
from linlingtong.volunteering.models.rules import Issuer, StarLevel
from linlingtong.volunteering.models.sheets import Dispute, ServiceSheet, SheetLine, open_disputes

__all__ = [
    "Dispute",
    "Issuer",
    "LiveSpan",
    "ServiceEntry",
    "ServiceRecord",
    "ServiceSheet",
    "SheetLine",
    "Standing",
    "StarLevel",
    "open_disputes",
]
