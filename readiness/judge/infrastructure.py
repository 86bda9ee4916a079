"""What was seen of the machines: facts of this run only, none of them a recommendation."""

from __future__ import annotations

from dataclasses import dataclass

from readiness.measurements.run import Run
from readiness.text import clean
from readiness.text.numbers import count, number, quantity

MOST_APPLICATIONS = 5
_LEAST_CPU_S = 0.2
"""With less CPU time than this, the kernel's hundredths of a second are too coarse."""


@dataclass(frozen=True, slots=True)
class Observed:
    """One fact."""

    subject: str
    value: str


def infrastructure(run: Run) -> tuple[Observed, ...]:
    """Facts about the target, the database and the machine that made the load."""
    made = run.provenance
    facts = [Observed("Target", f"{run.target.url} ({', '.join(run.target.addresses) or 'no address on record'})")]
    servers = sorted(
        {
            clean(value, 60)
            for seen in (run.load.seen if run.load else ())
            for head in seen.heads
            for name, value in head.headers
            if name.lower() == "server"
        }
    )
    if servers:
        facts.append(Observed("Server header", ", ".join(servers[:5])))
    facts += _service(run)
    facts += _database(run)
    load = f"{made.platform}, {count(made.cores, 'core')}, Python {made.python}" if made.cores else made.platform
    facts.append(Observed("Machine that made the load", load))
    if run.load is not None and run.load.instrument is not None and run.load.instrument.watched_s:
        seen = run.load.instrument
        facts.append(Observed("Load generator", f"used {quantity(100 * seen.cpu_share, '%')} of one core"))
    if any(address.startswith(("127.", "::1")) for address in run.target.addresses):
        facts.append(Observed("Network", "loopback: the load and the target shared one machine and its processors"))
    return tuple(facts)


def _service(run: Run) -> list[Observed]:
    """What its processes used, and what that is for each request."""
    seen, load = run.process, run.load
    if seen is None or seen.reason is not None or load is None or not seen.window_s:
        return []
    used = f"{number(seen.cpu_s / seen.window_s, '')} of the {number(seen.cores, '')} cores that it may use"
    facts = [Observed("Service process", f"{seen.name}: {used}, at most {quantity(seen.memory_mb, 'MB')}")]
    requests = sum(endpoint.judged.requests for endpoint in load.endpoints)
    if requests and load.judged_s and seen.cpu_s >= _LEAST_CPU_S:
        rate = requests / load.judged_s / (seen.cpu_s / seen.window_s)
        said = f"{number(rate, '')} requests of this mix; `readiness capacity --for` makes cores and instances of it"
        facts.append(Observed("One CPU second of the service", said))
    return facts


def _database(run: Run) -> list[Observed]:
    seen, server = run.database, run.database_process
    if seen is None:
        return []
    facts = [Observed("Database server", seen.server)]
    if server is not None and server.reason is None and server.window_s:
        used = f"{number(server.cpu_s / server.window_s, '')} of the {number(server.cores, '')} cores that it may use"
        facts.append(Observed("Database process", f"{server.name}: {used}"))
    if seen.sessions:
        busiest = max(seen.sessions, key=lambda sample: sample.connected)
        facts.append(
            Observed(
                "Database connections",
                f"at most {busiest.connected:,} of {seen.limit:,} in use ({count(len(seen.sessions), 'sample')})",
            )
        )
    top = sorted(seen.applications.items(), key=lambda item: -item[1])[:MOST_APPLICATIONS]
    if top:
        facts.append(Observed("Connected applications", ", ".join(f"{clean(name, 60)} {n:,}" for name, n in top)))
    if seen.transactions is not None:
        rate = quantity(seen.transactions / seen.window_s, "/s") if seen.window_s else "no time"
        facts.append(Observed("Database transactions", f"{seen.transactions:,} in the measurement window ({rate})"))
    return facts
