"""内容审核: one case for everything residents write, one queue for staff."""
