"""The definitions of numbers: one catalogue."""
