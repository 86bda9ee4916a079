"""The child that reads the scenario files before anything is sent, as the engine will; run by start.py with EVENTS_FD.

It ends with one event: Hello when the engine could begin, Fatal when a file is unusable. Nothing of it is kept, so
whatever a file starts while it is read ends with this process.
"""

from __future__ import annotations

import locust  # isort: skip  # must be the first import of the process
import os
import sys
from collections import Counter

from locust.argument_parser import get_parser

from readiness.config import tls
from readiness.load import children, engine_events
from readiness.load.addresses import Addresses
from readiness.load.connections import allow_only
from readiness.load.descriptors import too_few_descriptors
from readiness.load.engine_plan import EnginePlan, loads
from readiness.load.locustfiles import ScenarioError, class_name, load_classes, shares
from readiness.load.parent import EventPipe, read_line


def read(plan: EnginePlan) -> engine_events.Event:
    """What came of it; the users of Hello are those that each class gets, by the class's name."""
    tls.use(plan.tls)
    allow_only(Addresses(plan.base_url, plan.addresses), plan.allowed_addresses)
    try:
        classes = load_classes(plan.scenarios)
    except ScenarioError as error:
        return engine_events.Fatal(str(error), usage=bool(plan.addresses) or not error.reached_out)
    try:
        get_parser(default_config_files=[]).parse_args([])
    except SystemExit:
        return engine_events.Fatal(_missing_options(plan), usage=True)
    if problem := too_few_descriptors(plan):
        return engine_events.Fatal(problem, usage=True)
    counts = Counter(
        {
            class_name(cls): count
            for cls, count in zip(classes, shares([float(cls.weight) for cls in classes], plan.users), strict=True)
        }
    )
    return engine_events.Hello(locust.__version__, counts)


def _missing_options(plan: EnginePlan) -> str:
    """Of options that a file declares for itself, and that nobody can give here on the command line."""
    names = ", ".join(file.path for file in plan.scenarios)
    missing = [
        f"{'/'.join(action.option_strings)}{f' (set {action.env_var})' if getattr(action, 'env_var', None) else ''}"
        for action in get_parser(default_config_files=[])._actions
        if action.required and not os.environ.get(str(getattr(action, "env_var", "") or ""))
    ]
    what = f"the required option {', '.join(missing)}" if missing else "a LOCUST_… variable with an unusable value"
    return (
        f"{names}: {what} keeps Locust from starting; options of a file's own cannot be given here: let the file take "
        "it from the environment, with a default"
    )


def main() -> None:
    """Leaves without waiting for threads of user code."""
    send = EventPipe(int(sys.argv[1])).send
    send(read(loads(read_line())))
    sys.stdout.flush()
    sys.stderr.flush()
    children.end_and_exit(0)
