"""Two runs beside each other: what is worse, and what the difference can be at most."""
