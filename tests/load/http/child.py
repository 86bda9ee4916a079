"""Runs the checks of one module in a process where gevent has patched everything, as in the engine.

`python -m tests.load.http.child MODULE [watcher]`: each function `check_*` runs under a time limit; one line of JSON
tells what went wrong, by name. pytest itself must never be patched, hence the child.
"""

import locust  # noqa: F401, I001 - first: it patches sockets, as in the engine

import importlib
import json
import sys
import traceback

import gevent

from readiness.load.http import poll


def main(module_name: str, variant: str = "") -> None:
    """Run and report."""
    if variant == "watcher":
        poll._has_epoll = lambda: False
    module = importlib.import_module(f"tests.load.http.{module_name}")
    results: dict[str, str | None] = {}
    for name, check in list(vars(module).items()):
        if not name.startswith("check_"):
            continue
        try:
            with gevent.Timeout(600, AssertionError("the check did not end within 600 s")):
                check()
            results[name] = None
        except BaseException:
            results[name] = traceback.format_exc()
    sys.stdout.write(json.dumps(results) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
