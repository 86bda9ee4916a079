"""custom.<name>: a number from JSON, Prometheus text or a header, by what the window made of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from readiness.config.probes import Custom, Probes
from readiness.measurements.run import Measurement
from readiness.probes.window import Window
from tests.probes.conftest import Script, Site, document, in_turn, observe, raw, reply

Judged = Callable[..., Window]


def custom(site: Site, window: Window, **wanted: Custom) -> dict[str, Measurement]:
    found = observe(site.target, Probes(custom=wanted), set(), window)
    return {name: found[f"custom.{name}"] for name in wanted}


def text(value: object) -> Script:
    return reply(200, f'jobs{{queue="a"}} {value}\njobs{{queue="b"}} 1\n')


def header(value: object) -> Script:
    return reply(200, "", ("X-Depth", str(value)))


def test_each_take_from_each_source(site: Site, looked_at: Judged) -> None:
    site.paths["/json"] = in_turn(*(document({"queue": [{"depth": depth}]}) for depth in (4, 10, 7)))
    site.paths["/metrics"] = in_turn(*(text(value) for value in (2, "5e1", 50.5)))
    site.paths["/head"] = in_turn(*(header(value) for value in (1, 3, 2)))
    at: dict[str, dict[str, Any]] = {
        "json": {"json": "/json", "pointer": "/queue/0/depth"},
        "text": {"metrics": "/metrics", "metric": 'jobs{queue="a"}'},
        "head": {"path": "/head", "header": "x-depth"},
    }
    takes = ("last", "max", "min", "mean")
    wanted = {f"{source}_{take}": Custom(**where, take=take) for source, where in at.items() for take in takes}
    wanted["grown"] = Custom(metrics="/metrics", metric="jobs", take="delta")
    found = custom(site, looked_at(site, "/json", 2), **wanted)
    assert {name: one.value for name, one in found.items()} == {
        "json_last": 7,
        "json_max": 10,
        "json_min": 4,
        "json_mean": 7,
        "text_last": 50.5,
        "text_max": 50.5,
        "text_min": 2,
        "text_mean": 102.5 / 3,
        "head_last": 2,
        "head_max": 3,
        "head_min": 1,
        "head_mean": 2,
        "grown": 48.5,
    }
    assert {one.samples for one in found.values()} == {3}
    assert site.seen.count("/json") == 3, "asked for once, whoever needs it"


@pytest.mark.parametrize(
    ("scripts", "take", "reason"),
    [
        ((text(5), text(4)), "delta", "the counter went down"),
        (
            tuple(reply(200, f"jobs {at}\nprocess_start_time_seconds {at}\n") for at in (1, 2)),
            "delta",
            "another instance answered",
        ),
        ((text("NaN"),), "last", "NaN is not a number"),
        ((text("+Inf"),), "max", "+Inf is not a number"),
        ((text("1e300"),), "last", "is not a number"),
        ((text("1 2 3 4"),), "last", None),
        ((text(1), reply(500)), "mean", "answered 500"),
        ((text(1), raw(b"")), "last", "closed without an answer"),
        ((reply(200, b"\xff\x00jobs\x1b[31m 3"),), "last", "no such sample"),
        ((reply(404),), "last", "answered 404"),
    ],
)
def test_what_is_no_number_of_this_window_gives_a_reason(
    site: Site, looked_at: Judged, scripts: tuple[Script, ...], take: str, reason: str | None
) -> None:
    site.paths["/metrics"] = in_turn(*scripts)
    measured = custom(site, looked_at(site, "/metrics", 1), jobs=Custom(metrics="/metrics", metric="jobs", take=take))[
        "jobs"
    ]
    if reason is None:  # the line that cannot be read is no sample; the other one is
        assert measured.value == 1
        return
    assert measured.value is None
    assert reason in str(measured.reason)


def test_headers_and_info_that_are_not_there_give_a_reason(site: Site, looked_at: Judged) -> None:
    site.paths["/"] = header("\x1b[31mmany")
    wanted = {"word": Custom(header="X-Depth"), "none": Custom(header="X-None"), "info": Custom(info="used_memory")}
    found = custom(site, looked_at(site, "/", 1), **wanted)
    assert "is not a number" in str(found["word"].reason)
    assert "\x1b" not in str(found["word"].reason)
    assert "no such header" in str(found["none"].reason)
    assert found["info"].reason == "INFO used_memory: READINESS_CACHE_URL is not set"
