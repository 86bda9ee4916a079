"""What scenario files log, in the form in which Locust shows it."""

from __future__ import annotations

import logging

_RAISED = "%s\n%s"
"""The form in which Locust and our loop of tasks log what a task raised, with its traceback."""


def show_logs() -> None:
    """On standard error, but for what tasks raised: that is told with its place and count (`script_errors`)."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    for handler in logging.root.handlers:
        handler.addFilter(lambda record: record.msg != _RAISED)
