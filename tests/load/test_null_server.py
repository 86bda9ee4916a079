"""The null server answers every whole request once, in order."""

import pytest

from readiness.load.null_server import answers

GET = b"GET /api/item HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /login HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"


@pytest.mark.parametrize(
    ("sent", "count", "left"),
    [(GET, 1, b""), (GET * 3, 3, b""), (POST + GET, 2, b""), (GET + POST[:-2], 1, POST[:-2]), (b"GET /", 0, b"GET /")],
)
def test_whole_requests_are_answered_and_the_rest_waits(sent: bytes, count: int, left: bytes) -> None:
    buffer = bytearray(sent)
    assert answers(buffer).count(b"HTTP/1.1 200 OK") == count
    assert bytes(buffer) == left


def test_an_api_gets_json_a_page_gets_html_and_a_head_no_body() -> None:
    assert answers(bytearray(GET)).endswith(b"}")
    assert answers(bytearray(POST)).endswith(b"</form>")
    assert answers(bytearray(GET.replace(b"GET", b"HEAD"))).endswith(b"\r\n\r\n")
