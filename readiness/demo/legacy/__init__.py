"""The bag tracker as it was before it was made fast: Flask, one thread per request, every answer from the database."""
