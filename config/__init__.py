"""Everything that differs from one installation to another."""
