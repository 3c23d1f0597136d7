"""Words every room may use: refusals, time, text, turns, API plumbing."""
