"""What a service answers: HTTP, cookies, tokens."""

from __future__ import annotations

import gzip
import zlib
from types import SimpleNamespace
from typing import Any

from benchmarks.foreign.parser import JSON, Parser

_CAP_BYTES = 1 << 20
_TOKENS = (b"e30.eyJpYXQiOiAxMDAwLCAiZXhwIjogMTEwMH0.c2ln", b"e30.eyJleHAiOiAiMWU5OTkifQ.", b"opaque")


def parsers() -> tuple[Parser, ...]:
    """Those of this room; imports what they need."""
    from readiness.load.http.answer import ReceivedAnswer
    from readiness.load.http.body import decoded, json_of
    from readiness.load.http.event_parser import EventParser
    from readiness.load.http.failures import Failure
    from readiness.load.http.headers import parse_head, reason_of
    from readiness.load.http.response import Response
    from readiness.load.token_life import life_s

    def answer(data: bytes, *, head_only: bool = False) -> object:
        one = ReceivedAnswer(_CAP_BYTES)
        one.reset(head_only)
        step = data[0] % 97 + 1 if data else 1
        for at in range(0, len(data), step if len(data) < 4096 else 1024):
            one.feed(data[at : at + (step if len(data) < 4096 else 1024)])
            if one.complete:
                return one.take_body()
        one.end_of_stream(proper=True)
        return one.take_body()

    client: Any = SimpleNamespace(max_body_bytes=_CAP_BYTES)

    def response(data: bytes) -> object:
        one = Response(client, "GET", 0.0)
        one.raw_head, _, one.body = data.partition(b"\r\n\r\n")
        one.raw_head += b"\r\n\r\n"
        one.status_code, one.notable = 302, True
        return one.headers, one.text, one.cookies, one.is_redirect, one.encoding

    def events(data: bytes) -> object:
        """The same events, wherever the parts end."""
        step = data[0] % 13 + 1 if data else 1
        for media_type in ("text/event-stream", "application/x-ndjson"):
            whole, parts = (EventParser(media_type, _CAP_BYTES) for _ in range(2))
            found = [*whole.feed(data), *whole.end()]
            pieces = [one for at in range(0, len(data), step) for one in parts.feed(data[at : at + step])]
            assert found == [*pieces, *parts.end()], "the events depend on where the parts end"
        return None

    def gzipped(data: bytes) -> object:
        coding, _, body = data.partition(b"\n")
        return decoded(body, coding.decode("latin-1"), _CAP_BYTES)

    heads = (
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n2;a=b\r\nok\r\n0\r\nX: y\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 204 No\r\nSet-Cookie: a=b\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nA: b\r\n c\r\n\r\nbody to the end",
        b"HTTP/1.1 301 Moved\r\nLocation: //x/\r\nContent-Type: text/html; charset=utf-8\r\nSet-Cookie: a=b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, deflate\r\nContent-Type: a; charset=idna\r\n\r\n\x1f\x8b",
    )
    streams = (
        b"\xef\xbb\xbf: hello\n\nevent: a\ndata: 1\ndata:2\nid: 3\n\ndata\n\n",
        b"data: \xe2\x82\xac\r\rid: a\0b\r\nretry: 10\r\ndata: {}\r\n\r\n",
        b'{"a": 1}\n\n{"a": 2}\r\n{"a": 3}',
    )
    packed = gzip.compress(b"x" * 300)
    return (
        Parser("answer", ("load.http.answer",), answer, (Failure,), heads, 20),
        Parser("answer to HEAD", ("load.http.answer",), lambda data: answer(data, head_only=True), (Failure,), heads),
        Parser(
            "response", ("load.http.response", "load.http.charset", "load.http.headers"), response, (Failure,), heads
        ),
        Parser("head", ("load.http.headers",), parse_head, (), heads),
        Parser("reason", ("load.http.headers",), reason_of, (), heads),
        Parser(
            "content coding",
            ("load.http.body",),
            gzipped,
            (Failure,),
            (
                b"gzip\n" + packed,
                b"gzip\n" + packed * 3,
                b"deflate\n" + zlib.compress(b"y" * 99),
                b"gzip, gzip\n" + gzip.compress(packed),
                b"deflate\n" + zlib.compress(b"z")[2:-4],
                b"br,,gzip\n" + gzip.compress(b""),
            ),
        ),
        Parser("token", ("load.token_life",), lambda data: life_s(None, data.decode("latin-1")), (), _TOKENS),
        Parser("events of a stream", ("load.http.event_parser",), events, (Failure,), streams),
        Parser("JSON body", ("load.http.body",), json_of, (ValueError, RecursionError), JSON),
    )
