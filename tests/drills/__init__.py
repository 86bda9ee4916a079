"""Drills: faults of the proxy, against what both ends of a connection saw."""
