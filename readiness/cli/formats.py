"""--format: names of report formats, separated by commas."""

from __future__ import annotations

from difflib import get_close_matches

from readiness.errors import ConfigError
from readiness.report import FORMATS, Format


def parse(text: str | None) -> tuple[Format, ...]:
    """The formats named, each once, all of them without `text`; ConfigError names the nearest for an unknown one."""
    if text is None:
        return tuple(FORMATS.values())
    names = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not names:
        raise ConfigError(f"--format: names no format; choose from {', '.join(FORMATS)}")
    problems = []
    for name in names:
        if name not in FORMATS:
            near = get_close_matches(name, FORMATS, 1)
            hint = f"did you mean {near[0]}?" if near else f"choose from {', '.join(FORMATS)}"
            problems.append(f"--format: there is no format {name!r}; {hint}")
    if problems:
        raise ConfigError(*problems)
    return tuple(FORMATS[name] for name in names)
