"""What of a statement may be shown."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.database.statement_text import MAX_READ, shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select * from t where a = $1", "select * from t where a = $1"),
        ("select /* user=alice */ count(*) -- trace=9\n from bags", "select count(*) from bags"),
        ("/* a /* b */ s3cret */ select 1", "select ?"),
        ("select 'it''s s3cret', E'a\\'s3cret', $tag$ s3cret $$ $tag$, 4711, 1.5e7", "select ?, ?, ?, ?, ?"),
        ("select U&'s3cret', x'1f', b'01', N'a' from \"t 1\"", 'select ?, ?, ?, ? from "t 1"'),
        ("insert into t1 (a) values ('s3cret", "insert into t1 (a) values (?"),
        ("select $$ s3cret", "select ?"),
        ("select 1 /* s3cret", "select ?"),
        ("select 'a\\' s3cret ' from t", "select ?"),
        ("(select 1)", "(select ?)"),
    ],
)
def test_a_planned_statement_shows_its_shape(text: str, expected: str) -> None:
    assert shown(text, 300) == expected


@pytest.mark.parametrize(
    "text",
    [
        "alter role app password s3cret",
        "/* x */ SET application_name = s3cret",
        "do $$ s3cret $$",
        "comment on table t is 's3cret'",
        "create user mapping for u server s options (password 's3cret')",
        "explain select 's3cret'",
        "select$s3cret from t",
        "'s3cret'",
    ],
)
def test_a_utility_statement_shows_only_its_first_word(text: str) -> None:
    assert "s3cret" not in shown(text, 300)
    assert "its text is not shown" in shown(text, 300)


@given(st.text(max_size=60))
def test_no_text_breaks_it(text: str) -> None:
    assert len(shown(text, 100)) <= 100


@pytest.mark.parametrize("part", ["/*", "'", "''", "$a$", "$", '"', "e'\\\\", "-- ", "*/", "$a", "(("])
def test_its_time_is_that_of_the_text(part: str) -> None:
    begun_s = time.process_time()
    shown("select " + part * MAX_READ, 300)
    assert time.process_time() - begun_s < 5
