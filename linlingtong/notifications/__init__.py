"""通知: a resident's inbox, preferences and the outbox of messages."""
