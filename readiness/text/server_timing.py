"""`Server-Timing`, the header in which a service says where its time went (W3C Server Timing).

The only place that reads it: the load does so for a share of its answers, the probes for each of theirs.
"""

import re

_LONGEST_MS = 1e7
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]{1,40}")
_DURATION = re.compile(r'\s*dur\s{0,20}=\s{0,20}"?([0-9]{1,9}(?:\.[0-9]{1,9})?)', re.ASCII)
"""One parameter each. A pattern for the whole header takes quadratic time on the hostile ones."""


def parts_ms(value: str) -> list[tuple[str, float]]:
    """Name, in lower case, and duration in ms of each metric of the field value that has both."""
    parts = []
    for metric in value.lower().split(","):
        name, *parameters = metric.split(";")
        found = next((match for match in map(_DURATION.match, parameters) if match), None)
        if found and _NAME.fullmatch(name := name.strip()) and (spent_ms := float(found[1])) <= _LONGEST_MS:
            parts.append((name, spent_ms))
    return parts
