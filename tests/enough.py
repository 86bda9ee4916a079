"""Plain Locust whose load ends a second after it has made what a test needs, however long this machine takes.

`python enough.py '{"GET /api/item": 6}' ARGUMENTS OF LOCUST`; with `*` in the place of a name any request counts. What
comes too much has that second to show itself; what never comes has the time that `-t` gives.
"""

import sys  # isort: skip
import locust  # isort: skip  # patches the process: first
import json
from collections import Counter
from typing import Any

import gevent
from locust.main import main


def end_after(wanted: dict[str, int]) -> None:
    """Ask the runner to quit as Locust itself does when its time is over."""
    seen: Counter[str] = Counter()
    quits: list[Any] = []

    def begin(environment: Any, **_: Any) -> None:
        def count(request_type: str, name: str, **_: Any) -> None:
            seen.update(("*", f"{request_type} {name}"))
            if not quits and all(seen[one] >= times for one, times in wanted.items()):
                quits.append(gevent.spawn_later(1.0, environment.runner.quit))

        environment.events.request.add_listener(count)

    locust.events.init.add_listener(begin)


if __name__ == "__main__":
    end_after(json.loads(sys.argv[1]))
    sys.argv = ["locust", *sys.argv[2:]]
    main()
