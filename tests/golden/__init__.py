"""Outputs that were read by a person once, and are held against since."""
