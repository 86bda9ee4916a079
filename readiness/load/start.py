"""`python -m readiness.load.start MODULE ARGUMENT …`: a process of the engine, compiled where a build is there."""

from __future__ import annotations

import importlib
import sys

from readiness.load import compiled


def main() -> None:
    """Run MODULE's `main`, which finds its arguments in sys.argv as if it had been started itself."""
    module = sys.argv.pop(1)
    compiled.use()
    importlib.import_module(module).main()


if __name__ == "__main__":
    main()
