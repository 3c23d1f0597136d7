from linlingtong.moderation.admin.cases import CaseAdmin
from linlingtong.moderation.admin.words import WordAdmin

__all__ = ["CaseAdmin", "WordAdmin"]
