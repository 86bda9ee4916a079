"""The demo target: a real bag tracker on a real PostgreSQL and Valkey, as processes of their own on loopback."""
