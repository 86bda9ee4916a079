"""Which good answers are examined, and what they are taken for."""

from __future__ import annotations

import pytest

from readiness.load.answer_examiner import AnswerExaminer
from readiness.load.recorder import Recorder
from readiness.load.ticket import AnswerContent, OpenCall
from readiness.measurements.response_facts import ExaminedAnswers
from readiness.text.error_pages import error_key, is_error_page, is_place_of_error, is_soap_fault, told_error
from readiness.text.log_in_pages import leads_to_log_in

PASSWORD_PAGE = b'<form><input name="user"><input name=p type = "password"></form>'


class Answered(OpenCall):
    """A call whose answer is still there."""

    def answer_content(self) -> AnswerContent | None:
        """See Ticket."""
        return "/account?of=me", "/account/sign-in?next=/account", b"<h1>Hello</h1>"


def test_the_first_good_answer_of_each_second_is_examined() -> None:
    recorder = Recorder()
    recorder.start_s, recorder.judged_from_s, recorder.judged_until_s = 0.0, 10.0, 20.0
    recorder.examiner = examiner = AnswerExaminer()
    for second in range(9, 13):  # one before the window
        for _ in range(5):
            call = Answered("shop", "GET /account", second + 0.1)
            recorder.enter(call)
            recorder.end(call, second + 0.2)
        failed = Answered("shop", "GET /other", second + 0.1)
        recorder.enter(failed)
        recorder.end(failed, second + 0.2, "http_5xx")
        recorder.take(second + 1.0, second)
    assert [(one.name, one.examined) for one in examiner.take()] == [
        ("GET /account", ExaminedAnswers(3, 3, "/account/sign-in"))
    ]
    assert examiner.take() == ()


@pytest.mark.parametrize(
    ("asked", "place", "body", "is_log_in"),
    [
        ("/account", "/login", b"", True),
        ("/account", "/accounts/log_in.php?next=/account", b"", True),
        ("/account", "/welcome", PASSWORD_PAGE, True),
        ("/account", "/welcome?from=login", b"<h1>Hello</h1>", False),
        ("/", "/authors", b"", False),
        ("/", "/blogging", b"", False),
        ("/oauth/start", "/login", PASSWORD_PAGE, False),
    ],
)
def test_a_log_in_page_is_known_by_its_path_or_its_password(
    asked: str, place: str, body: bytes, is_log_in: bool
) -> None:
    assert leads_to_log_in(asked, place, body) is is_log_in


@pytest.mark.parametrize(
    ("body", "key"),
    [
        (b'{"errors": [{"message": "x"}]}', "errors"),
        (b'{"data": null, "errors": [{"message": "x"}]}', "errors"),
        (b'{"data": {"a": null, "b": null}, "errors": [{"message": "x"}]}', "errors"),
        (b'{"error": "no such user"}', "error"),
        (b'{"error": {"code": -32601}, "jsonrpc": "2.0"}', "error"),
        (b'{"error": true}', "error"),
        (b'{"data": {"a": 1, "b": null}, "errors": [{"message": "x"}]}', None),
        (b'{"errors": []}', None),
        (b'{"error": null, "errors": 3}', None),
        (b'[{"error": "x"}]', None),
        (b'{"error": ', None),
        (b'{"error": "x", "more": "' + b"x" * 70_000 + b'"}', None),
    ],
)
def test_json_says_error_where_it_has_no_data(body: bytes, key: str | None) -> None:
    assert error_key(body) == key


HTML = "text/html; charset=utf-8"


@pytest.mark.parametrize(
    ("page", "is_error"),
    [
        ("<title>500 Internal Server Error</title><h1>Internal Server Error</h1>", True),
        ("<title>Error 503 - Service Unavailable | Shop</title>", True),
        ("<h1>We are down for maintenance</h1>", True),
        ("<h1>Site under maintenance</h1><script>" + "x" * 2000 + "</script>", True),
        ("<h1>Application error</h1>", True),
        ("<title>Oops! Something went wrong.</title>", True),
        ("<title>Shop</title>", False),
        ("<title>Maintenance | Car service</title>", False),
        ("<title>How to put a site under maintenance</title>", False),
        ("<title>Exception handling</title>", False),
        ("<title>500 Internal Server Error - HTTP | Docs</title>" + "<p>what it means</p>" * 100, False),
        ("<title>Order 404 shipped</title>", False),
    ],
)
def test_a_page_is_an_error_where_it_is_nothing_else(page: str, is_error: bool) -> None:
    assert is_error_page(HTML, page.encode()) is is_error


def test_texts_faults_and_places_of_errors_are_known() -> None:
    assert is_error_page("text/plain", b"Internal Server Error\n")
    assert not is_error_page("text/plain", b"Internal Server Errors and how to read them")
    assert is_soap_fault("text/xml", b'<soap:Envelope xmlns:soap="x"><soap:Body><soap:Fault>')
    assert not is_soap_fault("text/xml", b"<Faults/>")
    assert is_place_of_error("/items/1", "/maintenance?from=1")
    assert not is_place_of_error("/errors", "/errors/404")
    assert not is_place_of_error("/items", "/items/1")


@pytest.mark.parametrize(
    ("body", "is_error"),
    [
        (b'{"success": false, "message": "x", "data": null}', True),
        (b'{"status": "error", "message": "database is locked"}', True),
        (b'{"ok": false}', True),
        (b'{"detail": "Internal Server Error", "code": 500}', True),
        (b'{"type": "about:blank", "title": "Internal Server Error", "status": 500}', True),
        (b'{"errorCode": "E500", "errorMessage": "down", "result": null}', True),
        (b'[{"jsonrpc": "2.0", "error": {"code": -32603}, "id": 1}]', True),
        (b'{"id": 7, "status": "error"}', False),
        (b'{"jobs": [{"status": "error"}]}', False),
        (b'[{"status": "error"}]', False),
        (b'{"success": false, "balance": 12}', False),
        (b'{"errorCode": "0", "errorMessage": "OK"}', False),
        (b'{"code": 200, "message": "ok"}', False),
        (b'{"status": 404}', False),
    ],
)
def test_json_says_error_in_other_words(body: bytes, is_error: bool) -> None:
    assert (told_error(body) is not None) is is_error


class Got(OpenCall):
    """A call with an answer of one's choice."""

    def __init__(self, name: str, status: int, media_type: str, body: bytes) -> None:
        super().__init__("shop", name, 0.0)
        self.status_code, self.body = status, body
        self.raw_head = f"HTTP/1.1 {status} X\r\nContent-Type: {media_type}\r\n\r\n".encode()

    def answer_content(self) -> AnswerContent | None:
        """See Ticket."""
        return "", "", self.body


def seen(*calls: Got) -> ExaminedAnswers:
    examiner = AnswerExaminer()
    for call in calls:
        examiner.see(call)
    (one,) = examiner.take()
    return one.examined


def test_statuses_of_errors_and_bodies_that_are_missing_are_counted() -> None:
    assert seen(Got("GET /", 503, "text/html", b"busy")) == ExaminedAnswers(1, failed=1)
    assert seen(Got("GET /", 404, "text/html", b"")) == ExaminedAnswers(1, refused=1)
    assert seen(Got("GET /", 200, "application/json", b"")) == ExaminedAnswers(1, empty=1)
    assert seen(Got("GET /", 200, "text/html", b"<h1>Internal Server Error</h1>")) == ExaminedAnswers(1, pages=1)
    for call in (
        Got("GET /", 204, "application/json", b""),
        Got("POST /", 200, "application/json", b""),
        Got("HEAD /", 200, "text/html", b""),
        Got("GET /", 200, "image/gif", b""),
    ):
        assert seen(call) == ExaminedAnswers(1)


def test_bodies_that_end_are_told_from_bodies_that_come_and_go() -> None:
    full, none = Got("POST /", 200, "text/plain", b"x"), Got("POST /", 200, "text/plain", b"")
    assert seen(none, none) == ExaminedAnswers(2)
    assert seen(full, none, none) == ExaminedAnswers(3, emptied=2)
    assert seen(full, none, full) == ExaminedAnswers(3, emptied=1, refilled=1)


def test_answers_that_turn_false_are_told_from_those_that_come_and_go() -> None:
    good, bad = Got("POST /", 200, "application/json", b'{"id": 1}'), Got("POST /", 200, "", b'{"error": "busy"}')
    assert seen(bad, bad) == ExaminedAnswers(2, errors=2)
    assert seen(good, bad, bad) == ExaminedAnswers(3, errors=2, turned=2)
    assert seen(good, bad, good) == ExaminedAnswers(3, errors=1, turned=1, recovered=1)
    gone = Got("POST /", 404, "", b"")
    assert seen(good, bad, gone) == ExaminedAnswers(3, errors=1, refused=1, turned=1)


def test_an_error_that_the_scenario_calls_good_is_meant_and_turns_nothing() -> None:
    good, meant = Got("POST /", 200, "application/json", b'{"id": 1}'), Got("POST /", 200, "", b'{"error": "sold out"}')
    meant.called_good = True
    assert seen(good, meant) == ExaminedAnswers(2, errors=1, meant=1)
    page = Got("POST /", 200, "text/html", b"<h1>Internal Server Error</h1>")
    page.called_good = True
    assert seen(page) == ExaminedAnswers(1, pages=1)
