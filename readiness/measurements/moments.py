"""Moments of a request before its end, each an optional recording of an Endpoint under the same name."""

FIRST_BYTE = "first_byte"
