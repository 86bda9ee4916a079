"""The command line: options, exit codes, what the terminal shows."""
