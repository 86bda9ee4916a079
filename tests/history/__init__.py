"""Tests of readiness.history."""
