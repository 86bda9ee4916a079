"""Ordinary locustfiles: HttpUser and FastHttpUser, unmodified, in the same ledger as our own client."""
