"""`python -P -m readiness.load.start MODULE ARGUMENT …`: a process of the engine, compiled where a build is there."""

from __future__ import annotations

import importlib
import io
import os
import signal
import sys

from readiness.load import children, compiled, kernel


def main() -> None:
    """Run MODULE's `main`, which finds its arguments in sys.argv as if it had been started itself."""
    _belong_to_parent()
    module = sys.argv.pop(1)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # what a file prints is shown, also when its process is killed
    compiled.use()
    importlib.import_module(module).main()


def _belong_to_parent() -> None:
    """Before any scenario is read: see nothing of our parents, and end with them, with all that was started here."""
    kernel.confine()
    kernel.adopt_orphans()
    signal.signal(signal.SIGTERM, _asked_to_end)
    kernel.end_with_parent(signal.SIGTERM)  # also when a scenario keeps us from reading standard input's end


def _asked_to_end(number: int, _: object) -> None:
    children.end_descendants()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


if __name__ == "__main__":
    main()
