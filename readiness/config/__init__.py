"""thresholds.yaml -> Config. Refuses with file, line, path and what to do; every mistake at once."""
