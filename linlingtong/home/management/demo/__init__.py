"""The demo world: a made-up subdistrict after the real one, the same every time for the same day."""
