"""居民与工作人员: residents and staff, sign-in, home area, memberships, appointments, consent."""
