"""The built-in bag service and the PostgreSQL and Valkey that it starts."""
