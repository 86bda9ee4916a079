"""What imports Locust runs in a process of its own: that import replaces the sockets of the whole process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from typing import Any

from readiness.load.phases import Phase

CHANGES = """
import json, sys
import locust
from readiness.load.crowd import changes
from readiness.load.phases import Phase
course, weights = json.load(sys.stdin)
print(json.dumps(list(changes([Phase(*phase) for phase in course], weights))))
"""


def python(code: str, given: object = None) -> Any:
    """What `code` printed last, as JSON; `given` is its standard input."""
    done = subprocess.run(
        [sys.executable, "-c", code], input=json.dumps(given), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def changes_of(course: Sequence[Phase], weights: Mapping[str, float]) -> list[tuple[float, str, int]]:
    """`crowd.changes`."""
    return [(at_s, name, sign) for at_s, name, sign in python(CHANGES, [[astuple(p) for p in course], weights])]
