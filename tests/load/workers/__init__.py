"""Load generators on other machines: the token, frames, merging, losses."""
