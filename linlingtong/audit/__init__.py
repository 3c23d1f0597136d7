"""操作记录: who changed what, when and by which verb."""
