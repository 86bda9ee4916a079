"""Fixtures of the scenarios' tests."""

from tests.demo.stack_fixture import stack

__all__ = ["stack"]
