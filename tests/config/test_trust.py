"""thresholds.yaml may be a stranger's: which variables and files it may name, and what its mistakes may cost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from readiness.config.load import load, parse
from readiness.config.model import Config
from readiness.config.tree import MAX_BYTES
from readiness.config.trust import Trust, trust_of
from readiness.errors import ConfigError
from readiness.text.spelling import nearest

MINIMAL = 'version: 1\nservice: shop\nchecks:\n  http.success_rate: { pass: "> 99 %", on_fail: block }\n'
TOKEN = "AKIA-token-99"
WITH_RUN = 'baseline: {{ run: "{}", worse_by: "> 10 %" }}\n'
WITH_SQL = 'database: {{ queries: {{ q: {{ file: "{}" }} }} }}\n'
WITH_LOCK = 'database: {{ schema_lock: "{}" }}\n'


def read(more: str, trust: Trust | None = None, **environ: str) -> Config:
    return parse((MINIMAL + more).encode(), "t.yaml", environ, trust=trust or Trust())


def refused(more: str, trust: Trust | None = None, **environ: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(more, trust, **environ)
    assert caught.value.exit_code == 2
    return str(caught.value)


PLACES = {
    "host": "target: {{ allowed_hosts: ['{}'] }}\n",
    "owner": "waivers: [{{ check: http.success_rate, owner: '{}', reason: x, expires: 2020-01-01 }}]\n",
    "title": "attested: [{{ title: '{}', who: a, when: 2026-01-01, expires: 2026-02-01 }}]\n",
    "path": "probes: {{ health: {{ path: '/h?{}' }} }}\n",
    "users": "load: {{ users: '{}' }}\n",
}


@pytest.mark.parametrize("more", PLACES.values(), ids=PLACES)
def test_a_variable_that_was_not_given_to_the_file_is_refused_and_the_message_says_how_to_give_it(more: str) -> None:
    said = refused(more.format("${GITHUB_TOKEN}"), GITHUB_TOKEN=TOKEN)
    assert TOKEN not in said
    assert "GITHUB_TOKEN is not given to this file: name it READINESS_VAR_…, or add --allow-env GITHUB_TOKEN" in said
    assert said == refused(more.format("${GITHUB_TOKEN}")), "whether it is set is nobody's business"


def test_a_variable_of_our_prefix_and_one_that_the_command_names_are_put_in() -> None:
    more = "target: { allowed_hosts: ['${READINESS_VAR_A}', '${STAGING}'] }\n"
    config = read(more, trust_of(["STAGING"]), READINESS_VAR_A="a.example.org", STAGING="b.example.org")
    assert config.allowed_hosts == config.secrets == ("a.example.org", "b.example.org")


def test_what_scenarios_may_see_is_kept_as_a_secret_also_where_the_file_does_not_use_it() -> None:
    assert read("", trust_of(["SHOP_KEY", "ABSENT"]), SHOP_KEY=TOKEN).secrets == (TOKEN,)


@pytest.mark.parametrize("name", ["", "A B", "A=B", "1A", "A\n", "*", "Ä"])
def test_allow_env_takes_names_of_variables_only(name: str) -> None:
    with pytest.raises(ConfigError, match=r"--allow-env: .* is not the name of a variable"):
        trust_of([name])


SQL = {
    "sql": "database: {{ queries: {{ q: {{ sql: \"select ascii('{}')\" }} }} }}\n",
    "table": "database: {{ counts: {{ c: {{ table: '{}' }} }} }}\n",
    "relation": "database: {{ relations: {{ r: {{ table: '{}', columns: [a], references: b, keys: [c] }} }} }}\n",
    "schemas": "database: {{ schemas: ['{}'] }}\n",
    "invariant": "database: {{ counts: {{ c: {{ table: t }} }}, invariants: {{ i: '{} == c' }} }}\n",
    "writes": "database: {{ writes: {{ table: '{}', key: k }} }}\n",
    "query file": WITH_SQL,
    "schema lock": WITH_LOCK,
    "baseline": WITH_RUN,
}


@pytest.mark.parametrize("more", SQL.values(), ids=SQL)
def test_no_variable_stands_in_sql_or_in_the_name_of_a_file(more: str) -> None:
    said = refused(more.format("${READINESS_VAR_X}"), trust_of(["READINESS_VAR_X"]), READINESS_VAR_X=TOKEN)
    assert "${READINESS_VAR_X} stands in" in said
    assert TOKEN not in said


def test_a_value_that_the_database_compares_with_may_be_a_variable() -> None:
    more = "database: { counts: { c: { table: t, where: { tenant: '${READINESS_VAR_T}' } } } }\n"
    assert read(more, READINESS_VAR_T="acme").database.counts["c"].where == {"tenant": "acme"}


@pytest.mark.parametrize("value", [TOKEN, "hun ter//2 !", "abc", "é'\\x", "http.success_rate"])
def test_a_message_that_quotes_the_file_has_the_variables_name_in_place_of_its_value(value: str) -> None:
    more = 'waivers: [{ check: http.success_rate, owner: "${READINESS_VAR_O}", reason: x, expires: 2020-01-01 }]\n'
    said = refused(more, READINESS_VAR_O=value)
    assert "${READINESS_VAR_O}" in said
    assert value not in said.replace("waivers[0]", "")


def test_a_value_that_would_be_cut_is_refused_because_its_rest_could_not_be_hidden() -> None:
    more = "attested: [{ title: t, who: '${READINESS_VAR_W}', when: 2026-01-01, expires: 2026-02-01 }]\n"
    said = refused(more, READINESS_VAR_W="s3cr3t-" * 30)
    assert said == "t.yaml:5: attested[0].who: the value of ${READINESS_VAR_W} does not fit here"


def test_a_variable_does_not_make_the_file_longer_than_any_file_may_be() -> None:
    more = f"attested: ['{'${READINESS_VAR_L}' * 20}']\n"
    assert f"longer than {MAX_BYTES:,} characters" in refused(more, READINESS_VAR_L="x" * 100_000)


@pytest.mark.parametrize("text", ["${", "${A", "${A B}", "${}", "${" * 100_000, "${" + "A" * 300 + "}"])
def test_what_begins_as_a_variable_and_is_none_is_refused_in_time_that_grows_with_its_length(text: str) -> None:
    assert "write $${ for the characters ${" in refused(f"attested: ['{text}']\n")


@pytest.mark.parametrize("more", [WITH_RUN, WITH_SQL, WITH_LOCK], ids=["baseline", "query", "lock"])
@pytest.mark.parametrize(
    "name", ["../secret", "link", "linked/secret", "/etc/passwd", "/dev/zero", "fifo", "sub", "big"]
)
def test_a_file_that_the_file_names_is_regular_below_its_folder_and_not_too_large(
    tmp_path: Path, more: str, name: str
) -> None:
    folder = tmp_path / "checkout"
    (folder / "sub").mkdir(parents=True)
    (tmp_path / "secret").write_text("select 'hunter2'")
    (folder / "link").symlink_to("../secret")
    (folder / "linked").symlink_to("..")
    os.mkfifo(folder / "fifo")
    with (folder / "big").open("wb") as big:
        big.truncate((1 << 30) + 1)
    (folder / "t.yaml").write_text(MINIMAL + more.format(name))
    with pytest.raises(ConfigError) as caught:
        load(folder / "t.yaml", {})
    assert "hunter2" not in str(caught.value)
    assert any(words in str(caught.value) for words in ("outside the folder", "only a regular file", "is larger than"))


def test_files_in_the_folder_and_below_it_are_read_also_where_the_folder_itself_is_a_link(tmp_path: Path) -> None:
    folder = tmp_path / "checkout"
    (folder / "sql").mkdir(parents=True)
    (folder / "sql" / "q.sql").write_text("select 1")
    (folder / "same.sql").symlink_to("sql/q.sql")
    (tmp_path / "name").symlink_to("checkout")
    for file in ("sql/q.sql", "same.sql"):
        (folder / "t.yaml").write_text(MINIMAL + WITH_SQL.format(file))
        for path in (folder / "t.yaml", tmp_path / "name" / "t.yaml"):
            assert load(path, {}).database.queries["q"].sql == "select 1"


def test_of_many_mistakes_fifty_are_told_and_the_others_cost_nothing() -> None:
    said = refused("".join(f"key_{'bcdefgh_' * 6}{index}: 1\n" for index in range(9_000))).splitlines()
    assert len(said) == 51
    assert said[-1] == "t.yaml: and more mistakes"


def test_a_long_value_is_not_repeated_whole_by_the_message_about_it() -> None:
    assert len(refused(f"decision: {{ ready_score: '{'x' * 500_000}' }}\n")) < 1_000


def test_a_slip_is_found_among_many_names_that_are_alike() -> None:
    known = [f"parents_of_{'children_' * 5}{index}" for index in range(5_000)]
    assert nearest(known[4_321].replace("children", "chidlren", 1), known).startswith('; did you mean "parents_of_')
    assert nearest("latncy.p95", [*known, "latency.p95"]) == '; did you mean "latency.p95"?'
    assert nearest("x" * 1_000_000, known) == ""
