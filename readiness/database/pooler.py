"""Whether a pooler such as PgBouncer stands between, and how it lends its connections.

A pooler tells its client a process id of its own, which is not that of the server's session. It pools by transaction
when a second client gets the session that the first one has just left.
"""

from __future__ import annotations

from contextlib import closing

from readiness.database.connect import Sampling, Session, open_sampling
from readiness.database.round_trip import FAILURES
from readiness.errors import NotMeasured

_PID = b"select pg_catalog.pg_backend_pid()"


def notice(session: Session, url: str) -> str:
    """Such as `through a pooler, transaction pooling`; empty for a direct connection."""
    try:
        (pid,) = session.rows(_PID)[0]
        if pid == session.connection.info.backend_pid:
            return ""
        with closing(open_sampling(url, timeout_s=2.0)) as one, closing(open_sampling(url, timeout_s=2.0)) as two:
            shared = _pid(one) == _pid(two)
    except (NotMeasured, *FAILURES):
        return "through a pooler"
    return f"through a pooler, {'transaction' if shared else 'session'} pooling"


def _pid(sampling: Sampling) -> int:
    return int(sampling.rows(_PID)[0][0])
