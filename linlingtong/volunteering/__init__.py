"""志愿服务: the ledger of service hours, star levels, records and certificates."""
