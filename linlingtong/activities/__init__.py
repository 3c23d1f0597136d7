"""活动中心: activities, sessions, registrations, the waiting list and reminders."""
