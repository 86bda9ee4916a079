"""Tests of readiness.judge.history."""
