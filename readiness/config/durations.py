"""`500ms`, `30s`, `2m`, `1h` <-> seconds."""

import re
from decimal import Decimal

_DURATION = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?) ?(ms|s|m|h)", re.ASCII)
_SECONDS = {"ms": Decimal("0.001"), "s": Decimal(1), "m": Decimal(60), "h": Decimal(3600)}

PATTERN = r"^[0-9]{1,12}(\.[0-9]{1,6})? ?(ms|s|m|h)$"


def parse(text: str, *, least_s: float = 0.0, most_s: float = 7 * 86400.0) -> float:
    """Seconds of a duration such as `30s`. Raises ValueError with what to write instead."""
    match = _DURATION.fullmatch(text.strip())
    if not match:
        if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text.strip()):
            raise ValueError(f'needs a unit, such as "{text.strip()}s" (ms, s, m or h)')
        raise ValueError(f'must be a duration such as "500ms", "30s", "2m" or "1h", not {text!r}')
    seconds = float(Decimal(match[1]) * _SECONDS[match[2]])
    if not least_s <= seconds <= most_s:
        raise ValueError(f"must be between {show(least_s)} and {show(most_s)}, not {text.strip()}")
    return seconds


def show(seconds: float) -> str:
    """A duration in its largest whole unit: `90s`, `2m`, `500ms`."""
    milliseconds = round(seconds * 1000)
    for unit, size in (("h", 3_600_000), ("m", 60_000), ("s", 1000)):
        if milliseconds and milliseconds % size == 0:
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms" if milliseconds else "0s"
