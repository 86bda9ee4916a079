"""Fixtures that all tests share."""

from tests.faultd.fixture import faultd

__all__ = ["faultd"]
