"""Text: made harmless where it comes in, without secrets where it leaves; how numbers look; the nearest word."""

from readiness.text.outside import HIDDEN, MAX_LENGTH, clean

__all__ = ["HIDDEN", "MAX_LENGTH", "clean"]
