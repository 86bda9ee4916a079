"""Events survive the pipe, and what is no event is refused."""

import numpy as np
import pytest

from readiness.load import engine_events
from readiness.load.phases import OUTSIDE
from readiness.measurements.histogram import Histogram
from readiness.measurements.response_facts import Head, ResponseFacts, TimeParts

BATCH = engine_events.Batch(
    seq=3,
    at_s=4.5,
    users=10,
    begun=100,
    ended=98,
    arrivals={0: (9, 1, 1), -1: (3, 1, 0)},
    in_flight=2,
    cells={
        engine_events.Cell("shop", "GET /", 0): engine_events.CellCounts(
            Histogram.of_us(np.array([1000, 2000])), {"http_5xx": 2}, Histogram.of_us(np.array([5]))
        )
    },
    stalls=(engine_events.StallSeen(1.0, 2.5, 2, 10, ("shop",), True, False),),
    seen=(
        ResponseFacts(
            "shop",
            "GET /",
            Histogram.of_us(np.array([5, 6])),
            Histogram.of_us(np.array([900])),
            TimeParts(8, 12.5, {"db": 3.25}),
            TimeParts(1, 9.0, {"db": 8.0}),
            (Head(200, (("Set-Cookie", "session=…; HttpOnly"),)),),
        ),
        ResponseFacts("shop", "GET /other"),
    ),
    details={"text": 2},
)


@pytest.mark.parametrize(
    "event",
    [
        engine_events.Hello("2.47.0", {"shop": 5}),
        engine_events.WindowBegan(1.0),
        engine_events.WindowEnded(2.0),
        engine_events.Done(
            3, 10, 9, {0: (5, 1, 0)}, {engine_events.Cell("shop", "GET /", OUTSIDE): 1}, 2.0, 2.5, {"error": 3}
        ),
        engine_events.Done(3, 10, 10, {}, {}, 2.0, 2.0, {}),
        engine_events.Fatal("broken", usage=True),
    ],
)
def test_an_event_reads_back_equal(event: engine_events.Event) -> None:
    assert engine_events.loads(engine_events.dumps(event)) == event


def test_a_batch_reads_back_with_its_histograms() -> None:
    back = engine_events.loads(engine_events.dumps(BATCH))
    assert isinstance(back, engine_events.Batch)
    (counts,) = back.cells.values()
    assert (counts.ok.total, counts.ok.sum_us, counts.failed, counts.failed_latency.max_us) == (
        2,
        3000,
        {"http_5xx": 2},
        5,
    )
    assert (back.stalls, back.arrivals, back.details) == (BATCH.stalls, BATCH.arrivals, {"text": 2})
    first, second = back.seen
    assert (first.hit.total, first.hit.sum_us, first.miss.max_us) == (2, 11, 900)
    assert (first.timing, first.slow, first.heads) == (BATCH.seen[0].timing, BATCH.seen[0].slow, BATCH.seen[0].heads)
    assert (second.scenario, second.name, second.hit.total) == ("shop", "GET /other", 0)


@pytest.mark.parametrize("line", [b"", b"{}", b"[]", b'["Batch", {}]', b'["Nothing", {}]', b"GET / HTTP/1.1", b"[1,2]"])
def test_anything_else_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any text will do
        engine_events.loads(line)
