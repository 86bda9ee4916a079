"""What sends: flags and files become a plan, and a plan a Run; or the many short runs of a capacity search."""
