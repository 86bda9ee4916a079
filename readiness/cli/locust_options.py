"""What of the command line is for Locust's own parser: options that a locustfile declares, and tags."""

from __future__ import annotations

from collections.abc import Sequence

from readiness.errors import ConfigError

_OURS = {
    "-u": "--users", "--users": "--users", "-r": "--ramp-up", "--spawn-rate": "--ramp-up", "-t": "--duration",
    "--run-time": "--duration", "-H": "TARGET", "--host": "TARGET", "-f": "--scenarios", "--locustfile": "--scenarios",
    "--processes": "--processes", "--master": "--remote-workers", "--worker": "`readiness worker`",
}  # fmt: skip
"""Options of Locust that say something for which readiness has a word of its own."""


def locust_options(
    own: Sequence[str] | None, tags: Sequence[str] | None, without: Sequence[str] | None
) -> tuple[str, ...]:
    """The words as Locust's parser takes them. Raises ConfigError for a word that is not meant for it."""
    words = list(own or ())
    if words and not words[0].startswith("-"):
        raise ConfigError(
            f"{words[0]}: only one TARGET; options of a locustfile stand after --, such as -- --name value"
        )
    for word in words:
        name = word.partition("=")[0]
        if name in _OURS:
            raise ConfigError(f"{name}: is an option of Locust; here {_OURS[name]} says it, before the --")
    for flag, given in (("--tags", tags), ("--exclude-tags", without)):
        found = [tag for text in given or () for tag in text.replace(",", " ").split()]
        words += [flag, *found] if found else []
    return tuple(words)
