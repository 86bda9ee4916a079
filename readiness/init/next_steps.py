"""What to do next, in three lines: read and set, try, run."""

from __future__ import annotations

import shlex
from pathlib import Path
from urllib.parse import urlsplit

from readiness.init.files import Made
from readiness.init.limits import SEEN
from readiness.init.names import variable
from readiness.load.workers.hosts import is_loopback
from readiness.text.numbers import count


def steps(out: Path, target: str | None, made: Made, named: str | None = None) -> tuple[str, str, str]:
    """The three lines. Pure.

    `target` is the user's own; `named` is what the source says, perhaps production: no command is made ready for it.
    """
    host = urlsplit(named or "").hostname or ""
    said = ""
    if target is None and host and is_loopback(host):
        target = named
    elif target is None and host:
        said = f"   # the source names {named}: load it only if it is no production"
    url = target or "URL-OF-YOUR-TEST-SYSTEM"
    names = [variable(one.name) for one in (made.variables if made.running else made.for_off)]
    flags = [f"--thresholds {shlex.quote(str(out / 'thresholds.yaml'))}"] if out != Path() else []
    host = urlsplit(url).hostname or ""
    flags += [f"--allow-host {host}"] if host and not is_loopback(host) else []
    flags += [f"--allow-env {name}" for name in names if not name.startswith(SEEN)]
    off = f", {len(made.off)} switched off" if made.off else ""
    first = f"1. Read {out / 'scenarios'} ({count(made.running, 'task')}{off}); choose the limits in thresholds.yaml"
    if not made.running:
        first = (
            f"1. Nothing would run yet ({count(len(made.off), 'task')} switched off). Read {out / 'scenarios'}: put "
            "@task above what your test system may be asked, take the _ off the file's name, and add it to "
            "load.scenarios in thresholds.yaml"
        )
    if names:
        shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
        first += f"; set {shown}"
    if made.pipeline:
        first += f"; {made.pipeline.next_step}"
    return (
        f"{first}.",
        f"2. {' '.join(['readiness try', url, *flags])}{said}",
        f"3. {' '.join(['readiness run', url, *flags])}",
    )
