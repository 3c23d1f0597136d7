"""场地预约: pitches, halls and places to book."""
