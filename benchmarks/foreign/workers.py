"""What a worker or a child process sends."""

from __future__ import annotations

from benchmarks.foreign.parser import Parser


def parsers() -> tuple[Parser, ...]:
    """Those of this room; imports what they need."""
    from readiness.load import engine_events, engine_plan
    from readiness.load.request_rows import RequestRows
    from readiness.load.workers import envelope
    from readiness.run.live import http_request

    here = http_request.PageAddress(4000, "t0ken")

    def frame(data: bytes) -> object:
        return envelope.read(data).payload

    def event(data: bytes) -> object:
        return engine_events.loads(data)

    shard = engine_plan.dumps(
        engine_plan.EnginePlan(
            "r",
            "http://x",
            ("127.0.0.1",),
            (),
            (engine_plan.ScenarioFile("a", "a.py", 1.0),),
            4,
            None,
            0.0,
            1.0,
            3.0,
            30.0,
        )
    ).encode()
    events = (
        engine_events.dumps(engine_events.Note("text")),
        engine_events.dumps(RequestRows([("s", "n")], ["timeout"], [(1, 0, -1, 200, 0, 1)])),
        engine_events.dumps(engine_events.Fatal("text", True)),
        b'["Batch", {"seq": 1, "cells": [], "stalls": []}]',
        b'["Done", {"batches": 1}]',
        b'["Hello", {"pid": 1}]',
    )
    frames = (envelope.write(envelope.Envelope("run", 3, b"payload")), b"\0\0\0\x02[]", b"\xff\xff\xff\xff[1,2]")
    return (
        Parser("frames of workers", ("load.workers.envelope",), frame, (envelope.Rejected,), frames),
        Parser(
            "requests to the live page",
            ("run.live.http_request",),
            lambda data: http_request.answer_to(data, here),
            (),
            (
                b"GET /t0ken/ HTTP/1.1\r\nHost: 127.0.0.1:4000\r\n\r\n",
                b"GET /t0ken/events HTTP/1.0\r\nhost : x\r\n\r\n",
            ),
        ),
        Parser("events", ("load.engine_events",), event, (ValueError, RecursionError), events),
        Parser(
            "plans",
            ("load.engine_plan",),
            lambda data: engine_plan.loads(data.decode("utf-8", "replace")),
            (ValueError, TypeError),
            (shard,),
            facts=True,
        ),
    )
