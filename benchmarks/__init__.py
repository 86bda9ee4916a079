"""Programs that measure: `make bench` runs them all. Timings live here and never in tests."""
