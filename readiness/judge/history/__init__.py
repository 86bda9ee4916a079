"""Many runs: what each said, and whether the service drifts. Pure: the command reads the files."""
