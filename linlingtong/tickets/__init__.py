"""民情直通: what residents report, and how it is put right."""
