"""Each probe against a server that is right and one that is wrong."""
