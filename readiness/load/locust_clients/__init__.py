"""Ordinary locustfiles: HttpUser and FastHttpUser, unmodified, in the same ledger as our own client.

Stock is what is as Locust made it: nothing replaced, mounted or subclassed by the file. What a stock session asks of
the target goes over our own connections, and all else through Locust's own client.
"""
