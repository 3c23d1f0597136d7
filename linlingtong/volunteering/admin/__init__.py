from linlingtong.volunteering.admin import disputes, entries, rules

__all__ = ["disputes", "entries", "rules"]
