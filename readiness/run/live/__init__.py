"""What a person sees of a load while it runs: one snapshot a second, drawn on a terminal and served as a page."""
