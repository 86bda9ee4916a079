"""A statement in a loop is named by the counts of calls and requests, and a chance multiple is not."""

from __future__ import annotations

from dataclasses import replace

from readiness.config.model import OnFail
from readiness.judge.judge import judge
from readiness.judge.verdict import Verdict
from readiness.measurements.database import Activity, Statement
from readiness.report.view.lead import causes
from tests.judge.builders import check, config, load, recording, run

REVIEWS = Statement("SELECT avg(rating) FROM review WHERE product_id = $1", 2832, 316.0, 2832)
COUNTS = Statement("SELECT count(*) FROM review WHERE product_id = $1", 2832, 57.0, 2832)


def told(*statements: Statement, limit_ms: int = 30, others: int = 125) -> Verdict:
    seen = load(
        ("shop", "GET /products/", recording([200.0] * 118)),
        ("shop", "GET /cart/", recording([8.0] * others)),
        ("shop", "GET /rare/", recording([9.0] * 6)),  # 2,832 is 472 times 6, which says nothing
    )
    facts = replace(run(seen), database=Activity("PostgreSQL 15", 97, 10.0, statements=statements))
    return judge(facts, config(check("latency.p95", f"< {limit_ms} ms", on_fail=OnFail.BLOCK)))


def test_a_statement_that_a_slow_endpoint_repeats_is_a_cause() -> None:
    verdict = told(REVIEWS, COUNTS)
    (loop,) = (one for one in verdict.diagnoses if one.title == "A statement in a loop")
    assert loop.text == (
        f"24 calls of `{REVIEWS.text}` (and of 1 more statement) for each GET /products/: 2,832 calls, 118 requests."
    )
    assert any(loop.text in said for said in causes(verdict)), "on the first screen"
    assert not any("in a loop" in note for note in verdict.notes)


def test_it_is_a_note_where_the_endpoint_is_fast_enough() -> None:
    verdict = told(REVIEWS, limit_ms=900)
    assert not verdict.diagnoses
    assert any(note.startswith(f"A statement in a loop: 24 calls of `{REVIEWS.text}` for") for note in verdict.notes)


def test_no_endpoint_is_named_where_the_counts_do_not_tell_them_apart() -> None:
    verdict = told(REVIEWS, others=118)
    note = next(note for note in verdict.notes if "in a loop" in note)
    assert f"about 12 calls of `{REVIEWS.text}` for each request: 2,832 calls, 242 requests." in note


def test_what_is_no_multiple_and_what_every_request_sends_once_is_not_named() -> None:
    off = replace(REVIEWS, calls=944 + 14)
    once = replace(REVIEWS, calls=118 + 125 + 6)
    too_long = replace(REVIEWS, calls=5 * 118, total_ms=5 * 118 * 150.0)
    for statement in (off, once, too_long):
        verdict = told(statement)
        assert not any("loop" in text for text in (*verdict.notes, *(one.title for one in verdict.diagnoses)))
