"""Many runs as one page and as a table on the terminal."""
