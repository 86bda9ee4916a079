"""Text and files from outside: harmless where they come in, without secrets where they leave; how numbers look."""

from readiness.text.outside import HIDDEN, MAX_LENGTH, clean, shortened

__all__ = ["HIDDEN", "MAX_LENGTH", "clean", "shortened"]
