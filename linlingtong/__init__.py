"""临灵通 (Linlingtong): community services for a subdistrict, one package a room."""
