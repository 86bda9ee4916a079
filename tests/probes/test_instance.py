"""service.restarts and the declared instances: who answered, and who never did."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler

import pytest

from readiness.config.probes import Instance, Probes
from readiness.judge.cross_check import restart_doubts
from readiness.measurements.run import Measurement
from readiness.probes import instance
from readiness.probes.evidence import Evidence
from readiness.probes.sampler import NumberSample, Readings
from readiness.probes.window import Window
from tests.probes.conftest import Site, observe, reply


def measured(names: Sequence[str], instances: int) -> Measurement:
    settings = Instance(header="X-Instance", instances=instances)
    (place,) = instance.places(settings)
    readings = Readings({place: tuple(NumberSample(float(n), name) for n, name in enumerate(names))}, True)
    (found,) = instance.restarts(Evidence(Probes(instance=settings), readings))
    return found


@pytest.mark.parametrize(
    ("names", "instances", "doubted"),
    [
        (["a"] * 20, 2, "said a in 20 readings, 1 of 2 declared instances"),
        (["a"] * 8, 2, "said a in 8 readings, 1 of 2 declared instances"),
        (["a"] * 7, 2, ""),  # a fair balancer does that once in 64 times
        (["a", "b"] * 10, 2, ""),
        (["a"] * 19 + ["b"], 2, ""),
        (["a"] * 20, 1, ""),
        (["a", "b", "c", "d", "e"] * 4, 10, "5 of 10 declared instances"),
        ([*"abcdefghi", *"abcdefghi"], 10, ""),
        (["a", "b", "c"], 2, "the target changed during the run"),
    ],
)
def test_fewer_than_declared_is_a_doubt_where_chance_does_not_explain_it(
    names: list[str], instances: int, doubted: str
) -> None:
    found = measured(names, instances)
    said = " ".join(restart_doubts([found]))
    assert doubted in said
    assert bool(said) is bool(doubted)
    assert found.value == max(len(set(names)) - instances, 0)


def test_each_reading_has_a_connection_of_its_own_where_several_are_declared(
    site: Site, looked_at: Callable[..., Window]
) -> None:
    peers: dict[str, list[object]] = {"/who": [], "/alone": []}

    def who(handler: BaseHTTPRequestHandler) -> None:
        peers[handler.path].append(handler.client_address)
        reply(200, "", ("X-Instance", f"{len(set(peers[handler.path])) % 2}"))(handler)

    site.paths.update({"/who": who, "/alone": who})
    for path, instances in (("/who", 2), ("/alone", 1)):
        settings = Probes(instance=Instance(header="X-Instance", path=path, instances=instances))
        found = observe(site.target, settings, set(), looked_at(site, path, 2))["service.restarts"]
        assert (found.value, found.samples) == (0.0, 3)
    assert len(set(peers["/who"])) == 3, "a balancer of connections would keep one with whom it is"
    assert len(set(peers["/alone"])) == 1
