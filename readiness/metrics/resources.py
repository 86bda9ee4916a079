"""Metrics of the process that serves, where it runs on this machine."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from readiness.metrics.metric import Kind, Metric

_resources = partial(Metric, area="resources")

PROCESS_PREFIX = "target."
DATABASE_PREFIX = "target.database."
PROCESS_METRICS: tuple[Metric, ...] = (
    _resources(
        "target.cpu",
        "CPU of the Service",
        "CPU time of the service's processes in the measurement window, of the cores that they may use.",
        "A service without CPU left queues every further request.",
        "Profile the endpoint that uses most, or give the service more cores or instances.",
        unit="%",
        kind=Kind.MEAN,
    ),
    _resources(
        "target.cpu_cores",
        "Cores Used by the Service",
        "CPU seconds of the service's processes for each second of the measurement window.",
        "It is what the load costs, and what a machine for it must have.",
        "Profile the endpoint that uses most.",
        kind=Kind.MEAN,
    ),
    _resources(
        "target.throttled",
        "CPU Throttling",
        "Periods in which the CPU quota of the service's control group held it back, of all its periods in the window.",
        "A throttled service stands still for tens of milliseconds, which is seen in P99 before it is seen in CPU.",
        "Raise the CPU limit, or use fewer threads than cores.",
        unit="%",
    ),
    _resources(
        "target.memory.max",
        "Most Memory of the Service",
        "The most resident memory of all its processes at one reading, in 1,000,000 bytes; shared pages count in each.",
        "A service that reaches its memory limit is killed without a word.",
        "Bound what is kept in memory: caches, queues, bodies, pools.",
        unit="MB",
    ),
    _resources(
        "target.memory.growth",
        "Memory Growth",
        "How fast the resident memory of its processes grew in the measurement window.",
        "Memory that grows under steady load is a leak until shown otherwise, and ends in a kill.",
        "Compare two heap dumps of the run; search for caches without a bound and for lists that only grow.",
        unit="MB/min",
        kind=Kind.MEAN,
    ),
    _resources(
        "target.descriptors.growth",
        "Descriptor Growth",
        "How fast the open files and sockets of its processes grew in the measurement window.",
        "A service that has no descriptor left refuses every connection.",
        "Close what is opened: answers, files, pooled connections.",
        unit="/min",
        kind=Kind.MEAN,
    ),
    _resources(
        "target.threads.growth",
        "Thread Growth",
        "How fast the threads of its processes grew in the measurement window.",
        "Threads that are made and never end take memory and, in the end, the limit of the system.",
        "Use one pool of bounded size, and end the threads of what was given up.",
        unit="/min",
        kind=Kind.MEAN,
    ),
)


def _of_database(metric: Metric) -> Metric:
    title = metric.title.replace("the Service", "the Database Server")
    return replace(
        metric,
        name=f"{DATABASE_PREFIX}{metric.name.removeprefix(PROCESS_PREFIX)}",
        title=title if title != metric.title else f"{title} of the Database Server",
        meaning=metric.meaning.replace("the service's", "the database server's"),
        why=metric.why.replace("service", "server"),
        fix="Find the statements that cost most (pg_stat_statements), or give the server more room.",
    )


DATABASE_PROCESS_METRICS: tuple[Metric, ...] = tuple(_of_database(metric) for metric in PROCESS_METRICS)
