"""Intervals and tests of hypotheses, against simulation and published values."""
