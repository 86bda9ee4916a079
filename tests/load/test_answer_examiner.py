"""Which good answers are examined, and what they are taken for."""

from __future__ import annotations

import pytest

from readiness.load.answer_examiner import AnswerExaminer
from readiness.load.recorder import Recorder
from readiness.load.ticket import AnswerContent, OpenCall
from readiness.measurements.response_facts import ExaminedAnswers
from readiness.text.error_pages import error_key
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
