"""The database, on a real PostgreSQL: counts, roles, schema, counters, and servers that lie or stop."""
