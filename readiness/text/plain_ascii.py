"""Text for a terminal that shows ASCII only. The only table of what stands for what."""

_TABLE = str.maketrans(
    {"…": "...", "–": "-", "—": "-", "·": "-", "×": "x", "≥": ">=", "≤": "<=", "’": "'", "µ": "u"}
    | {"σ": "sigma", "κ": "kappa"}
)


def plain_ascii(text: str) -> str:
    """The text in ASCII; "?" for a character that has no substitute."""
    return text.translate(_TABLE).encode("ascii", "replace").decode()
