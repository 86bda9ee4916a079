"""Two runs side by side: what got worse, what got better, and what they cannot say. Pure; sends nothing."""
