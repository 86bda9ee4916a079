"""Scripts of other load tools, by their names or first bytes, and what to tell whoever gives one."""

from __future__ import annotations

from pathlib import PurePath

_HOW_TO = "docs/how-to/from-k6.md"
_SCRIPTS = (".js", ".mjs", ".cjs", ".ts")


def hint(name: str, head: bytes = b"") -> str:
    """A sentence that goes on behind another one; empty for what is not known."""
    ending = PurePath(name).suffix.lower()
    if ending == ".jmx" or b"<jmeterTestPlan" in head:
        return f"; a JMeter plan is not read: write it again as a scenario, as {_HOW_TO} does with a script of k6"
    if ending in _SCRIPTS or b'"k6/' in head or b"'k6/" in head or b'"k6"' in head:
        return f"; a k6 script is not read: {_HOW_TO} shows how to write it again as a scenario"
    return ""
