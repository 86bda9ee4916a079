"""When an answer began to come: the client's word for it against a server whose pauses are known."""

from typing import Any

from readiness.load.http.response import Response
from tests.load.http.conformance import client_of, one
from tests.load.http.server import CLOSE, READ, Server, ok
from tests.load.http.tls import serving, trusting

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
PAUSE_S = 0.6
SEEN_S = PAUSE_S / 6
"""Of a pause after a byte at least so much is seen, however late a busy machine tells of that byte."""


def times(response: Response) -> tuple[float, float]:
    """From the start to the first byte, and from there to the last one."""
    first_s = response.first_s or response.end_s
    assert response.start_s < first_s <= response.end_s
    return first_s - response.start_s, response.end_s - first_s


def late(*steps: Any) -> tuple[float, float]:
    response, _, _ = one(READ, *steps, CLOSE)
    assert response.status_code == 200, response.error
    return times(response)


def check_the_first_byte_comes_before_a_pause_in_the_body_and_after_one_before_the_head() -> None:
    first_s, rest_s = late(HEAD + b"now", PAUSE_S, b" later")
    assert rest_s >= SEEN_S
    first_s, _ = late(PAUSE_S, HEAD + b"all of it")
    assert first_s >= PAUSE_S


def check_the_first_byte_may_be_one_byte_of_the_head() -> None:
    _, rest_s = late(b"H", PAUSE_S, HEAD[1:] + b"all of it")
    assert rest_s >= SEEN_S


def check_an_interim_answer_is_not_the_answer_whether_it_comes_whole_or_in_pieces() -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
    for before in ((hints,), (hints[:20], 0.05, hints[20:])):
        first_s, rest_s = late(*before, PAUSE_S, HEAD, PAUSE_S, b"all of it")
        assert first_s >= PAUSE_S
        assert rest_s >= SEEN_S


def check_an_answer_that_comes_at_once_has_no_first_byte_of_its_own_nor_that_of_the_one_before() -> None:
    script = [READ, HEAD, PAUSE_S, b"all of it", READ, ok(b"at once"), READ, HEAD, PAUSE_S, b"all of it"]
    with Server(script) as server:
        client = client_of(server)
        first, second, third = (client.get("/") for _ in range(3))
        assert client.connections == 1
        assert min(times(first)[1], times(third)[1]) >= SEEN_S
        assert second.first_s == 0
        assert times(second) == (second.elapsed_s, 0.0)


def check_after_a_redirect_it_is_the_last_answer_that_counts() -> None:
    away = b"HTTP/1.1 302 Found\r\nLocation: /y\r\nContent-Length: 4\r\n\r\n"
    with Server([READ, away, PAUSE_S, b"gone", READ, ok(b"here")]) as server:
        response = client_of(server).get("/x", allow_redirects=True)
        assert response.first_s == 0
        assert times(response)[0] >= PAUSE_S


def check_over_tls_a_session_ticket_is_not_the_answer() -> None:
    with Server([READ, PAUSE_S, HEAD, PAUSE_S, b"all of it"], tls=serving("127.0.0.1")) as server:
        response = client_of(server, tls=trusting()).get("/")
        first_s, rest_s = times(response)
        assert first_s >= PAUSE_S
        assert rest_s >= SEEN_S
