"""An answer whose head was seen before is what it is when it is parsed."""

from hypothesis import given
from hypothesis import strategies as st

from readiness.load.http import known_heads
from readiness.load.http.answer import ReceivedAnswer
from readiness.load.http.failures import Failure

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"
ANSWERS = (
    OK + b"abc",
    OK + b"xyz",
    OK + b"abcd",
    OK + b"ab",
    OK,
    b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n\r\nabc",
    b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc",
    b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc",
    b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 3\r\n\r\nabc",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nA: b\r\n\r\n",
    b"HTTP/1.1 200 OK\nContent-Length: 3\n\nabc",
    b"HTTP/1.1 200 OK\nContent-Length: 7\n\nabc\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"abc",
    b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 3\r\n\r\nabc",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b"x" * 2000,
    b"HTTP/1.1 200 OK\r\nContent-Length: 2001\r\n\r\n" + b"x" * 2001,
    b"ICY 200 OK\r\nContent-Length: 3\r\n\r\nabc",
    b"garbage",
)


def told(answer: ReceivedAnswer, data: bytes, head_only: bool) -> tuple[object, ...]:
    answer.reset(head_only)
    try:
        answer.feed(data)
    except Failure as failure:
        return failure.failure, failure.detail
    body = answer.take_body()
    return (
        answer.complete,
        answer.head_done,
        answer.keep_alive and answer.complete,
        answer.extra,
        answer.status if answer.complete else 0,
        answer.notable,
        answer.raw,
        body,
    )


@given(st.lists(st.tuples(st.sampled_from(ANSWERS), st.booleans()), max_size=12), st.sampled_from((2000, 1 << 20)))
def test_a_known_head_tells_what_parsing_tells(sequence: list[tuple[bytes, bool]], most: int) -> None:
    asked = [(data, False) for data in ANSWERS] + sequence
    parsed = []
    for data, head_only in asked:
        known_heads.forget()
        parsed.append(told(ReceivedAnswer(most), data, head_only))
    answer = ReceivedAnswer(most)
    for (data, head_only), wanted in zip(asked, parsed, strict=True):
        assert told(answer, data, head_only) == wanted
        if len(wanted) == 2 or not (answer.complete and answer.keep_alive):  # its connection is closed
            answer = ReceivedAnswer(most)


def unexpected(data: object) -> None:
    raise AssertionError(data)


def test_a_head_that_came_before_is_not_parsed_again() -> None:
    known_heads.forget()
    first, second = ReceivedAnswer(2000), ReceivedAnswer(2000)
    told(first, OK + b"abc", False)
    second._feed = unexpected
    assert told(second, OK + b"xyz", False)[-1] == b"xyz"


def test_heads_that_never_come_again_are_soon_not_asked_for() -> None:
    answer = ReceivedAnswer(2000)
    for number in range(known_heads.MOST + 200):
        told(answer, b"HTTP/1.1 200 OK\r\nX-Request-Id: %d\r\nContent-Length: 3\r\n\r\nabc" % number, False)
    known_heads.forget()
    told(answer, OK + b"abc", False)
    assert known_heads.count() == 0
