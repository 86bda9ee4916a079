"""What systems that watch the service anyway saw while the load ran: not the service is asked, but they.

So it takes no turn of the Allowance, and its addresses come from the environment and never from thresholds.yaml.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from readiness.config.model import Config, OnFail
from readiness.config.probes import Probes
from readiness.errors import ConfigError, NotMeasured
from readiness.measurements.run import Measurement
from readiness.probes import prometheus_queries, prometheus_server
from readiness.probes.prometheus_queries import PrometheusSeen
from readiness.probes.window import Window
from readiness.text import clean


@dataclass(frozen=True, slots=True)
class Monitored:
    """What was seen in the measurement window."""

    prometheus: PrometheusSeen = field(default_factory=PrometheusSeen)


def unmonitored(config: Config, environment: Mapping[str, str]) -> str | None:
    """What will not be measured, as one line; None for nothing.

    Raises ConfigError for an address that is none, and when a check blocks that nothing could measure.
    """
    if url := environment.get(prometheus_server.PROMETHEUS_VARIABLE):
        prometheus_server.parse(url)
        return None
    names = {f"custom.{name}" for name in config.probes.prometheus.queries}
    missing = [check for check in config.checks if check.metric in names and check.not_applicable is None]
    unset = f"{prometheus_server.PROMETHEUS_VARIABLE} is not set"
    if blocking := [check for check in missing if check.on_fail is OnFail.BLOCK]:
        raise ConfigError(
            *(
                f"{config.file}:{check.line}: checks.{check.key}: blocks and needs Prometheus, but {unset}; "
                "set it, or declare the check not_applicable"
                for check in blocking
            )
        )
    if not missing:
        return None
    return f"{unset}, so these checks will not be measured: {', '.join(check.key for check in missing)}"


def watch(settings: Probes, environment: Mapping[str, str], window: Window) -> Monitored:
    """Returns some seconds after the end of the window. Never raises: a probe that fails leaves a reason."""
    queries = settings.prometheus.queries
    if not queries:
        return Monitored()
    try:
        return Monitored(
            prometheus_queries.ask(environment.get(prometheus_server.PROMETHEUS_VARIABLE), queries, window)
        )
    except Exception as error:  # a defect in one probe must not cost the run
        return Monitored(PrometheusSeen(dict.fromkeys(queries, _broke(error))))


def conclude(seen: Monitored, settings: Probes) -> tuple[Measurement, ...]:
    """The measurements, each with its value or its reason. Pure."""
    found = []
    for name, query in settings.prometheus.queries.items():
        try:
            found.append(prometheus_queries.measure(name, query, seen.prometheus))
        except NotMeasured as error:
            found.append(Measurement(f"custom.{name}", None, None, "Prometheus", reason=clean(error)))
    return tuple(found)


def _broke(error: Exception) -> str:
    return f"the probe broke: {type(error).__name__}: {clean(error)}"
