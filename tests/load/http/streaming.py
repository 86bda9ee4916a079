"""Streams of events: read as they come, over with their last byte, and every way to end badly has its class."""

import gzip
import zlib
from typing import Any

import gevent

from readiness.load.http.client import Client
from readiness.load.http.response import Response
from tests.load.http.conformance import client_of
from tests.load.http.ledger import Ledger
from tests.load.http.running import raised
from tests.load.http.server import CLOSE, READ, RST, WAIT_CLOSE, Server, ok, until

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"
PAUSE_S = 0.6
SEEN_S = PAUSE_S / 6
"""See beginning.py."""


def chunk(body: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(body), body)


def event(text: str) -> bytes:
    return chunk(b"data: " + text.encode() + b"\n\n")


def play(*steps: Any, **options: Any) -> tuple[list[str], Response, Ledger, Client]:
    """What the loop saw of a stream of one scripted connection."""
    ledger = Ledger()
    with Server([READ, *steps]) as server:
        client = client_of(server, ledger, **options)
        response = client.get("/events", stream=True)
        seen = [one.data for one in response.events()]
        client.close()
    assert all(call.ends == 1 for call in ledger.calls)
    return seen, response, ledger, client


def check_events_come_as_they_are_sent_and_the_request_ends_with_the_last_byte() -> None:
    ledger = Ledger()
    with Server([READ, HEAD, PAUSE_S, event("one"), PAUSE_S, event("two"), event("three"), PAUSE_S, END]) as server:
        client = client_of(server, ledger)
        response = client.get("/events", stream=True)
        assert ledger.outcomes == ["open"]
        loop = response.events()
        assert next(loop).data == "one"
        assert ledger.outcomes == ["open"]
        assert [one.data for one in loop] == ["two", "three"]
    stream = response.stream
    assert stream is not None
    assert ledger.outcomes == ["ok"]
    assert stream.events == 3
    assert response.start_s < response.first_s < stream.first_event_s < response.end_s == ledger.calls[0].end_s
    assert stream.first_event_s - response.start_s >= PAUSE_S, "the head is no event"
    assert SEEN_S <= stream.longest_gap_s <= response.end_s - stream.first_event_s - SEEN_S
    assert (client.connections, len(client._pool.idle)) == (1, 1)


def check_the_connection_takes_the_next_request_and_its_answer_is_its_own() -> None:
    script = [READ, HEAD + event("a") + END, READ, ok(b"plain"), READ, HEAD, event("b"), END, READ, ok(b"again")]
    with Server(script) as server:
        client = client_of(server)
        for word, text in (("a", "plain"), ("b", "again")):
            assert [one.data for one in client.get("/events", stream=True).events()] == [word]
            assert client.get("/").text == text
        assert client.connections == 1


def check_a_comment_that_keeps_the_connection_alive_is_no_event_and_ends_no_gap() -> None:
    alive = (chunk(b": ping\n\n"), PAUSE_S / 2)
    seen, response, ledger, _ = play(HEAD, *alive, event("a"), PAUSE_S / 2, *alive, *alive, event("b"), END)
    stream = response.stream
    assert stream is not None
    assert (seen, ledger.outcomes, stream.events) == (["a", "b"], ["ok"], 2)
    assert stream.longest_gap_s >= PAUSE_S


def check_a_stream_without_an_event_fails() -> None:
    seen, response, ledger, _ = play(HEAD, chunk(b": ping\n\n"), END)
    assert (seen, ledger.outcomes, response.error) == ([], ["assertion"], "the stream ended without an event")


def check_a_stream_that_is_cut_reset_or_never_ends_fails_with_what_came_before() -> None:
    for steps, failure in (
        ((HEAD, event("a"), CLOSE), "truncated"),
        ((HEAD, event("a"), b"5\r\nda", CLOSE), "truncated"),
        ((HEAD, event("a"), 0.1, RST), "reset"),
        ((HEAD, event("a"), 0.1, b"oops\r\n", WAIT_CLOSE), "protocol"),
        ((HEAD, event("a"), WAIT_CLOSE), "timeout"),
        ((HEAD, event("a"), *([0.1, chunk(b":\n")] * 40)), "timeout"),
    ):
        seen, response, ledger, _ = play(*steps, timeout_s=2.0 if failure == "timeout" else 100.0)
        assert (seen, ledger.outcomes) == (["a"], [failure]), (steps, response.error)
        assert response.error


def check_one_that_runs_until_close_ends_with_it() -> None:
    head = HEAD.replace(b"Transfer-Encoding: chunked\r\n", b"")
    seen, _, ledger, client = play(head, b"data: a\n\n", 0.05, b"data: b\n\ndata: half", CLOSE)
    assert (seen, ledger.outcomes, client._pool.idle) == (["a", "b"], ["ok"], [])


def check_no_stream_at_all_is_read_whole_and_counts_by_its_status_or_as_an_assertion() -> None:
    with Server([READ, ok(b"<p>sorry", "Content-Type: text/html"), READ, ok(b"busy", status="503 No")]) as server:
        ledger = Ledger()
        client = client_of(server, ledger)
        page, busy = (client.get("/events", stream=True) for _ in range(2))
        assert (page.text, list(page.events()), page.error) == ("<p>sorry", [], "no stream of events: text/html")
        assert (busy.text, busy.status_code) == ("busy", 503)
        assert (ledger.outcomes, client.connections) == (["assertion", "http_5xx"], 1)


def check_a_boundary_may_lie_anywhere_and_in_a_character() -> None:
    body = "data: größe €\r\nid: 7\r\n\r\ndata: {\rdata: }\r\revent: end\ndata\n\n".encode()
    whole = HEAD + b"".join(chunk(body[at : at + 1]) for at in range(len(body))) + END
    ledger = Ledger()
    with Server([READ, *(whole[at : at + 7] for at in range(0, len(whole), 7))]) as server:
        seen = list(client_of(server, ledger).post("/events", json={}, stream=True).events())
    assert [(one.data, one.event, one.id) for one in seen] == [
        ("größe €", "message", "7"), ("{\n}", "message", "7"), ("", "end", "7"),
    ]  # fmt: skip
    assert ledger.outcomes == ["ok"]


def check_a_huge_event_is_taken_up_to_the_limit_and_no_memory_is_kept_of_many() -> None:
    large = b"data: " + b"x" * 900_000 + b"\n\n"
    seen, _, ledger, _ = play(HEAD, *[chunk(large)] * 5, END, max_body_bytes=1_000_000)
    assert ([len(text) for text in seen], ledger.outcomes) == ([900_000] * 5, ["ok"])
    for huge in (b"data: " + b"x" * 2_000_000 + b"\n\n", b"data: x\n" * 30_000 + b"\n"):
        seen, _, ledger, _ = play(HEAD, chunk(huge), END, max_body_bytes=1_000_000)
        assert (seen, ledger.outcomes) == ([], ["too_large"])


def check_a_compressed_stream_is_undone_as_it_comes_and_must_be_whole() -> None:
    head = HEAD.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n")
    packer = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    first = packer.compress(b"data: a\n\n") + packer.flush(zlib.Z_SYNC_FLUSH)
    rest = packer.compress(b"data: b\n\n") + packer.flush()
    seen, response, ledger, _ = play(head, chunk(first), PAUSE_S, chunk(rest), END)
    stream = response.stream
    assert stream is not None
    assert (seen, ledger.outcomes) == (["a", "b"], ["ok"])
    assert stream.longest_gap_s >= SEEN_S
    seen, _, ledger, _ = play(head, chunk(first), END)
    assert (seen, ledger.outcomes) == (["a"], ["truncated"])
    bomb = gzip.compress(b"data: " + b"\0" * 10_000_000)
    seen, _, ledger, _ = play(head, chunk(bomb), END, max_body_bytes=1_000_000)
    assert (seen, ledger.outcomes) == ([], ["too_large"])


def check_lines_of_json_are_events_too() -> None:
    head = HEAD.replace(b"text/event-stream", b"application/x-ndjson")
    seen, _, ledger, _ = play(head, chunk(b'{"a": 1}\n{"a":'), chunk(b" 2}\n\n"), chunk(b'{"a": 3}'), END)
    assert (seen, ledger.outcomes) == (['{"a": 1}', '{"a": 2}', '{"a": 3}'], ["ok"])


def check_an_event_that_says_error_is_known_until_the_end_and_words_about_errors_are_none() -> None:
    word = r'{"error": null, "data": "\"error\": 1"}'
    for events, says_error in (
        ((event('{"error": {"code": 529}}'), *[event(word)] * 3, event("[DONE]")), True),
        ((event("a"), chunk(b"event: error\ndata: overloaded\n\n")), True),
        ((event('{"errors": ["x"]}') + event('{"error": "y", "more": "' + "x" * 70_000 + '"}'),), True),
        ((*[event(word)] * 20, event("[DONE]")), False),
        ((event('{"data": {"a": 1}, "errors": ["x"]}'), chunk(b"event: errors\ndata: 0\n\n")), False),
    ):
        _, response, ledger, _ = play(HEAD, *events, END)
        assert response.stream is not None
        assert (response.stream.says_error, ledger.outcomes) == (says_error, ["ok"]), events


def check_leaving_the_loop_ends_the_request_with_what_was_read() -> None:
    ledger = Ledger()
    with Server([READ, HEAD, event("a"), event("b"), WAIT_CLOSE], [READ, HEAD, event("c") + END, READ, ok()]) as server:
        client = client_of(server, ledger)
        for one in client.get("/events", stream=True).events():
            if one.data == "b":
                break
        assert ledger.outcomes == ["ok"], "the loop was left, and nothing more is waited for"
        for one in client.get("/events", stream=True).events():
            assert one.data == "c"
            break
        assert client.get("/").ok
        assert (ledger.outcomes, client.connections) == (["ok", "ok", "ok"], 2), "a stream that was over keeps its own"


def check_the_scenario_judges_in_the_loop_or_in_a_block() -> None:
    ledger = Ledger()
    answer = HEAD + event("a") + event("b") + END
    with Server([READ, answer, READ, answer, READ, HEAD, chunk(b":\n"), END, READ, answer]) as server:
        client = client_of(server, ledger)
        response = client.get("/events", stream=True)
        for one in response.events():
            if one.data == "b":
                response.failure("b is wrong")
        with client.get("/events", stream=True, catch_response=True) as response:
            assert len(list(response.events())) == 2
            assert ledger.outcomes == ["assertion", "open"]
            response.failure("not three")
        with client.get("/events", stream=True, catch_response=True) as response:
            assert not list(response.events())
            response.success()
        with client.get("/events", stream=True) as response:
            next(response.events())
        assert ledger.outcomes == ["assertion", "assertion", "ok", "ok"]
        assert [call.detail for call in ledger.calls[:2]] == ["b is wrong", "not three"]


def check_a_stream_that_nobody_reads_is_the_scenarios_own_fault() -> None:
    ledger = Ledger()
    with Server([READ, HEAD, event("a"), WAIT_CLOSE], [READ, HEAD, event("a"), WAIT_CLOSE]) as server:
        client = client_of(server, ledger)
        client.get("/events", stream=True)
        with client.get("/events", stream=True):
            assert ledger.outcomes == ["script", "open"]
        client.close()
    assert ledger.outcomes == ["script", "script"]
    assert ledger.calls[0].detail == "nobody read the stream: loop over response.events()"


def check_other_requests_may_be_sent_while_a_stream_runs() -> None:
    ledger = Ledger()
    with Server([READ, HEAD, event("a"), PAUSE_S, event("b"), END], [READ, ok(b"1"), READ, ok(b"2")]) as server:
        client = client_of(server, ledger)
        texts = [client.get(f"/{one.data}").text for one in client.get("/events", stream=True).events()]
    assert (texts, ledger.outcomes) == (["1", "2"], ["ok", "ok", "ok"])


def check_a_killed_user_leaves_its_stream_in_flight() -> None:
    ledger = Ledger()
    with Server([READ, HEAD, event("a"), WAIT_CLOSE]) as server:
        client = client_of(server, ledger)
        seen: list[str] = []
        user = gevent.spawn(lambda: seen.extend(one.data for one in client.get("/events", stream=True).events()))
        assert until(lambda: client._stream is not None and client._stream.events == 1)
        user.kill()
        client.close()
    assert ledger.outcomes == ["open"]


def check_redirects_are_not_followed() -> None:
    with Server([READ, ok(b"", "Location: /y", status="302 Found")]) as server:
        ledger = Ledger()
        client = client_of(server, ledger)
        assert client.get("/events", stream=True).status_code == 302
        raised(ValueError, lambda: client.get("/events", stream=True, allow_redirects=True))
        assert ledger.outcomes == ["http_3xx", "script"]
