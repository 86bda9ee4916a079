"""The schema lock: a sorted text of what the database is made of, and what has changed since it was written."""
