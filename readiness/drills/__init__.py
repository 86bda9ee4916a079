"""Drills: a fault under a steady load, and what the service made of it."""
