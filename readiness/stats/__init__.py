"""Bounds for shares and means. Pure mathematics: no run, no threshold, no I/O."""
