"""All tests. CONTRIBUTING.md: how they are run; tests/slow.py: which are slow; tests/FAULTS.md: what a row shows."""
