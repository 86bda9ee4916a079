"""thresholds.yaml: what is read, what is refused and with which line, what a stranger may not raise."""
