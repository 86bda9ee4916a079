"""The child that reads the scenario files before anything is sent, as the engine will; run by start.py with EVENTS_FD.

It ends with one event: Hello when the engine could begin, Fatal when a file is unusable. Nothing of it is kept, so
whatever a file starts while it is read ends with this process.
"""

from __future__ import annotations

from readiness.load.lean_locust import locust  # isort: skip  # must be the first import of the process
import logging
import sys
from collections import Counter

from readiness.config import tls
from readiness.load import children, engine_events
from readiness.load.addresses import Addresses
from readiness.load.connections import allow_only
from readiness.load.descriptors import too_few_descriptors
from readiness.load.engine_plan import EnginePlan, loads
from readiness.load.life.environment import selected
from readiness.load.life.options import parsed
from readiness.load.life.shape import shape_of
from readiness.load.locustfiles import ScenarioError, class_name, load_classes, modules_of, users_of
from readiness.load.parent import EventPipe, read_line


def read(plan: EnginePlan) -> engine_events.Event:
    """What came of it; the users of Hello are those that each class gets, by the class's name."""
    tls.use(plan.tls)
    allow_only(Addresses(plan.base_url, plan.addresses), plan.allowed_addresses)
    try:
        classes = load_classes(plan.scenarios)
        options = parsed(plan)
        classes = selected(classes, options)
        shape = shape_of(modules_of(plan.scenarios), classes, options)
    except ScenarioError as error:
        return engine_events.Fatal(str(error), usage=bool(plan.addresses) or not error.reached_out)
    if problem := too_few_descriptors(plan):
        return engine_events.Fatal(problem, usage=True)
    counts = Counter(dict(zip(map(class_name, classes), users_of(classes, plan.users), strict=True)))
    return engine_events.Hello(locust.__version__, counts, shape=shape)


def main() -> None:
    """Leaves without waiting for threads of user code."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")  # as Locust shows what files log
    send = EventPipe(int(sys.argv[1])).send
    send(read(loads(read_line())))
    sys.stdout.flush()
    sys.stderr.flush()
    children.end_and_exit(0)
