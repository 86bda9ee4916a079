"""thresholds.yaml is read, or refused with file, line, path and what to do - every mistake at once."""

import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.config.load import load, parse
from readiness.config.model import Config, OnFail, Operator
from readiness.errors import ConfigError

MINIMAL = 'version: 1\nservice: shop\nchecks:\n  http.success_rate: { pass: "> 99 %" }\n'


def read(text: str, **environ: str) -> Config:
    return parse(text.encode(), "t.yaml", environ)


def refused(text: str, **environ: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        read(text, **environ)
    assert caught.value.exit_code == 2
    return caught.value.problems


def with_check(check: str) -> str:
    return f"version: 1\nservice: shop\nchecks:\n  {check}\n"


def with_section(section: str) -> str:
    return MINIMAL + section


def test_the_repository_file_is_read_with_every_value_in_its_unit() -> None:
    config = load(Path("thresholds.yaml"), {})
    checks = {check.key: check for check in config.checks}
    assert config.service == "bag-tracker"
    assert (config.load.users, config.load.ramp_up_s, config.load.duration_s) == (80, 10.0, 90.0)
    assert config.load.scenarios == {"login": 1, "bag_lookup": 6, "dashboard": 3}
    assert (config.decision.min_coverage, config.confidence) == (1.0, 0.95)
    scoped = checks["latency.p95@bag_lookup"]
    assert (scoped.metric, scoped.scope, scoped.pass_limit.value) == ("latency.p95", "bag_lookup", 80.0)
    assert checks["http.success_rate"].on_fail is OnFail.BLOCK
    assert checks["security.headers"].pass_limit.operator is Operator.EQUAL
    assert config.database.invariants["parents_and_children"].terms == ((1, "parents"), (1, "children"), (-1, "bags"))
    assert config.database.counts["parents"].where == {"kind": "parent"}
    assert config.probes.security.profile == "plain_http"
    assert (config.file, len(config.sha256), config.secrets) == ("thresholds.yaml", 64, ())


def test_a_check_knows_its_line_and_takes_its_title_from_the_catalogue() -> None:
    check = read(with_check('latency.p95@GET /api/bags/{qr}: { pass: "< 0.1 s" }')).checks[0]
    assert (check.line, check.scope, check.pass_limit.value) == (4, "GET /api/bags/{qr}", 100.0)
    assert check.title == "P95 Response Time (GET /api/bags/{qr})"


def test_byte_order_mark_and_windows_line_ends_are_accepted() -> None:
    data = b"\xef\xbb\xbf" + MINIMAL.replace("\n", "\r\n").encode()
    assert parse(data, "t.yaml", {}).service == "shop"


def test_every_mistake_is_reported_at_once_in_the_order_of_the_file() -> None:
    problems = refused(
        "version: 1\nservice: shop\nload: { users: 0, duration: 30 }\nchecks:\n"
        '  latency.p59: { pass: "< 1 ms" }\n'
        '  latency.p95: { pass: "< 100" }\n'
        "  latency.p99: { pass: 100 }\n"
        '  latency.p95: { pass: "< 100 ms" }\n'
    )
    assert problems == (
        "t.yaml:3: load.users: must be between 1 and 100,000, not 0",
        't.yaml:3: load.duration: needs a unit, such as "30s" (ms, s, m or h)',
        't.yaml:5: checks.latency.p59: unknown metric; did you mean "latency.p95"?',
        't.yaml:6: checks.latency.p95.pass: needs a unit, such as "< 100 ms"',
        "t.yaml:7: checks.latency.p99.pass: must be an operator, a plain decimal number and the unit, "
        "such as \"< 100 ms\", not '100'",
        "t.yaml:8: checks.latency.p95: duplicate key (first on line 6)",
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty"),
        ("# only comments\n\n# here\n", "is empty"),
        ("---\n", "is empty"),
        ("just words\n", "t.yaml:1: must be a mapping"),
        ("version: 1\nservice: shop\n", "t.yaml:1: checks: is required"),
        ("version: 1\nservice: shop\nchecks:\n", "has no check, so nothing can be decided"),
        ("version: 2\n" + MINIMAL[11:], "t.yaml:1: version: must be 1, not 2"),
        ("version: [1\nservice: x\n", "is not YAML"),
        ("a: 1\n---\nb: 2\n", "second YAML document"),
        (with_check('http.success_rate: { pass: "> 99 %", wieght: 1 }'), 'wieght: unknown key; did you mean "weight"?'),
        (with_check("http.success_rate: {}"), "t.yaml:4: checks.http.success_rate.pass: is required"),
        (with_check("http.success_rate: yes"), 'must be a mapping, such as { pass: "> 99 %" }'),
        (with_check("http.success_rate: [a]"), "must be a mapping of keys to values"),
        (with_check("http.success_rate: { pass: > 99 % }"), 'put limits in quotes, such as pass: "> 99 %"'),
        (with_check("\thttp.success_rate: 1"), "indent with spaces, not with tabs"),
        (with_check('data.bags: { pass: "== 0" }'), "is not under database"),
        (with_check('cache.hit_rate@login: { pass: "> 80 %" }'), "has no scope"),
        (with_check('http.success_rate: { pass: "> 99 %", on_fail: note }'), "no check can decide"),
        (with_check('http.success_rate: { pass: "> 99 %", not_applicable: batch job }'), "no check can decide"),
        (with_check('http.success_rate: { pass: "> 99 %", weight: 0 }'), "no check can decide"),
        (with_check('http.success_rate: { pass: "> 99 %", not_applicable: "" }'), "must not be empty"),
        (with_check('http.success_rate: { pass: "> 99 %", warn: "> 99.5 %" }'), "warn: is tighter than pass"),
        (with_check('http.success_rate: { pass: "> 99 %", warn: "> 99 %" }'), "it never applies"),
        (with_check('http.success_rate: { pass: "> 99 %", weight: -1 }'), "must be between 0 and"),
        (with_section("decision: { ready_score: 50, floor_score: 60 }\n"), "is above ready_score 50"),
        (with_section("decision: { min_coverage: 0.9 }\n"), "must be a percentage such as \"90%\", not '0.9'"),
        (with_section("evidence: { confidence: high }\n"), 'must be a percentage such as "95%", not'),
        (with_section("waivers: { check: a }\n"), "a list, such as [{ check: …, owner: …, reason: …, expires: … }]"),
        (with_section("probes: { health: /health }\n"), "of keys to values, such as { path: … }"),
        (with_section("evidence: { confidence: 79% }\n"), "must be between 80% and 99.9%"),
        (with_section("load: { users: 5, rate: 20 /s }\n"), "load.rate: stands beside users"),
        (with_section("load: { scenarios: { login: 0 } }\n"), "at least one scenario with a weight above 0"),
        (with_section("load: { scenarios: { scenarios/login.py: 1 } }\n"), "is not a scenario"),
        (with_section("probes: { health: { path: 'http://other/health' } }\n"), "must be a path on the target"),
        (with_section("probes: { health: { path: //other/health } }\n"), "must be a path on the target"),
        (with_section("probes: { helth: { path: /h } }\n"), 'did you mean "health"?'),
        (with_section("target: { allowed_hosts: ['https://a.example'] }\n"), "must be a host name"),
        (with_section("target: { allowed_hosts: ['*'] }\n"), "must be a host name"),
        (
            with_section("database: { counts: { a: { table: t } }, queries: { a: { sql: select 1 } } }\n"),
            "already the name",
        ),
        (with_section("database: { counts: { 1a: { table: t } } }\n"), "is not a name"),
        (with_section("database: { counts: { a: { tabel: t } } }\n"), 'did you mean "table"?'),
        (with_section("database: { counts: { a: { table: t } }, invariants: { i: a == aa } }\n"), 'did you mean "a"?'),
        (with_section("x: &a [1]\ny: *a\n"), "t.yaml:5: x: unknown key"),
        (with_section("? [a]\n: 1\n"), "a list or a mapping as a key"),
        (with_section("load: { <<: { users: 3 } }\n"), "load.<<: unknown key"),
        (with_section("load: !!python/object/apply:os.system [id]\n"), "tags are not allowed"),
    ],
)
def test_a_mistake_is_named_with_what_to_do(text: str, sentence: str) -> None:
    """F8 among them: `warn` tighter than `pass`, or pointing the other way."""
    assert sentence in "\n".join(refused(text))


@pytest.mark.parametrize(
    "value",
    [".nan", ".inf", "-1", "0", '"100"', "1_00", "1:30", "0o17", "0x10", "yes", "on", "1e9", "~", "[1]", "1000000000"],
)
def test_a_number_is_a_plain_decimal_in_its_bounds_and_nothing_else(value: str) -> None:
    assert refused(with_section(f"load: {{ users: {value} }}\n"))[0].startswith("t.yaml:5: load.users: must be ")


@pytest.mark.parametrize("value", ["0s", "-1s", "1e9", "1000000000s", ".inf", "1:30", "30", "yes", "1m30s"])
def test_a_duration_has_a_unit_and_bounds(value: str) -> None:
    assert refused(with_section(f"load: {{ duration: {value} }}\n"))[0].startswith("t.yaml:5: load.duration: ")


@pytest.mark.parametrize("value", ["0 /s", "-1 /s", "20", "1000000000 /s", "20 /m", ".inf /s"])
def test_a_rate_is_positive_and_per_second(value: str) -> None:
    assert refused(with_section(f"load: {{ rate: {value} }}\n"))[0].startswith("t.yaml:5: load.rate: ")


def test_a_rate_makes_the_load_open() -> None:
    config = read(with_section("load: { rate: 20 /s }\n"))
    assert (config.load.rate_per_s, config.load.users) == (20.0, None)


def test_steps_of_users_or_rates_and_the_one_that_is_judged() -> None:
    load = read(with_section("load: { steps: [10, 50, 20], decide_at: 50, step_duration: 5s }\n")).load
    assert (load.steps, load.decide_at, load.users, load.rate_per_s, load.step_duration_s) == (
        (10, 50, 20), 50, 50, None, 5,
    )  # fmt: skip
    load = read(with_section('load: { steps: ["10 /s", 20 /s], decide_at: 20 /s, arrivals: poisson, seed: 7 }\n')).load
    assert (load.steps, load.users, load.rate_per_s, load.arrivals, load.seed) == ((10, 20), None, 20, "poisson", 7)


@pytest.mark.parametrize(
    ("section", "sentence"),
    [
        ("{ steps: [10, 50] }", "load.steps: needs decide_at beside it"),
        ("{ steps: [10, 50], decide_at: 20 }", "load.decide_at: must be one of steps"),
        ("{ steps: [10, 50, 10], decide_at: 10 }", "load.decide_at: must be one of steps, and stand there once"),
        ("{ steps: [10, 10, 20], decide_at: 20 }", "load.steps: has the same height twice in a row"),
        ('{ steps: [10, "50 /s"], decide_at: 10 }', "load.steps: must all be users"),
        ("{ steps: [10, 50], decide_at: 10, users: 5 }", "load.users: stands beside steps"),
        ("{ steps: [10], decide_at: 10 }", "load.steps: must have at least 2 entries"),
        ("{ users: 5, decide_at: 10 }", "load.decide_at: needs steps beside it"),
        ("{ users: 5, arrivals: poisson }", "load.arrivals: belongs to an open load"),
        ("{ rate: 5 /s, arrivals: random }", "load.arrivals: must be constant or poisson"),
    ],
)
def test_a_mistake_in_the_steps_is_named(section: str, sentence: str) -> None:
    assert sentence in "\n".join(refused(with_section(f"load: {section}\n")))


def test_yaml_words_for_true_are_not_taken_for_text_or_the_other_way_round() -> None:
    assert "put it in quotes" in refused("version: 1\nservice: on\n" + MINIMAL[24:])[0]
    assert read("version: 1\nservice: 'on'\n" + MINIMAL[24:]).service == "on"


def test_a_value_to_compare_with_keeps_its_type() -> None:
    where = "{ kind: parent, live: true, level: 3, share: 0.5, code: '007', gone: null }"
    config = read(with_section(f"database: {{ counts: {{ a: {{ table: t, where: {where} }} }} }}\n"))
    assert config.database.counts["a"].where == {
        "kind": "parent", "live": True, "level": 3, "share": 0.5, "code": "007", "gone": None,
    }  # fmt: skip
    assert (
        "put it in quotes" in refused(with_section("database: { counts: { a: { table: t, where: { b: yes } } } }\n"))[0]
    )


def test_variables_come_from_the_environment_and_are_kept_as_secrets() -> None:
    config = read(
        with_section("target: { allowed_hosts: ['${READINESS_VAR_HOST}'] }\n"), READINESS_VAR_HOST="staging.example.org"
    )
    assert config.allowed_hosts == ("staging.example.org",)
    assert config.secrets == ("staging.example.org",)
    assert "secrets" not in repr(config)
    assert read(with_section("database: { queries: { q: { sql: 'select ''$${A}''' } } }\n")).secrets == ()


def test_starter_limits_are_one_check_more_and_without_the_line_nothing_changes() -> None:
    assert [check.key for check in read(MINIMAL).checks] == ["http.success_rate"]
    assert read(with_section("starter_limits: false\n")).checks == read(MINIMAL).checks
    checks = read(with_section("starter_limits: true\n")).checks
    assert [check.key for check in checks] == ["http.success_rate", "limits.own"]
    own = read(with_section('  limits.own: { pass: "== 1", weight: 2 }\nstarter_limits: true\n')).checks
    assert [(check.key, check.weight) for check in own] == [("http.success_rate", 1), ("limits.own", 2)]
    assert "must be true or false" in refused(with_section("starter_limits: yes\n"))[0]


def test_a_note_has_no_weight_unless_the_file_gives_it_one() -> None:
    noted = with_section('  latency.p95: { pass: "< 1 s", on_fail: note }\n')
    assert [check.weight for check in read(noted).checks] == [1.0, 0.0]
    assert read(noted.replace("note }", "note, weight: 2 }")).checks[1].weight == 2.0


def test_a_missing_or_empty_variable_is_an_error_that_names_only_the_variable() -> None:
    text = with_section("target: { allowed_hosts: ['${READINESS_VAR_HOST}'] }\n")
    assert refused(text, READINESS_VAR_OTHER="hunter2") == (
        "t.yaml:5: target.allowed_hosts[0]: the environment variable READINESS_VAR_HOST is not set",
    )
    assert refused(text, READINESS_VAR_HOST="") == (
        "t.yaml:5: target.allowed_hosts[0]: the environment variable READINESS_VAR_HOST is empty",
    )


@pytest.mark.parametrize(
    "section",
    [
        "target: { allowed_hosts: ['${READINESS_VAR_S}'] }\n",
        "load: { users: '${READINESS_VAR_S}' }\n",
        "load: { duration: '${READINESS_VAR_S}' }\n",
        "probes: { health: { path: '${READINESS_VAR_S}' } }\n",
        "probes: { security: { profile: '${READINESS_VAR_S}' } }\n",
        "evidence: { confidence: '${READINESS_VAR_S}' }\n",
        "database: { counts: { a: { table: t } }, invariants: { i: '${READINESS_VAR_S}' } }\n",
    ],
)
def test_the_value_of_a_variable_is_never_in_a_message(section: str) -> None:
    problems = refused(with_section(section), READINESS_VAR_S="hun ter//2 !")
    assert "hun" not in "\n".join(problems)
    assert "READINESS_VAR_S" in problems[0]


def test_a_file_that_cannot_be_read_is_a_usage_error_that_names_it(tmp_path: Path) -> None:
    missing = tmp_path / "none.yaml"
    for path, words in (
        (missing, "there is no such file"),
        (tmp_path, "is a folder"),
        (Path("a\0b"), "is not the name of a file"),
    ):
        with pytest.raises(ConfigError, match=words) as caught:
            load(path, {})
        assert str(caught.value).startswith(str(path))


def test_a_fifo_is_not_waited_for_and_a_lock_that_links_to_itself_is_a_usage_error(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.yaml")
    with pytest.raises(ConfigError, match="is a FIFO"):
        load(tmp_path / "fifo.yaml", {})
    (tmp_path / "a.lock").symlink_to("a.lock")
    (tmp_path / "t.yaml").write_text(MINIMAL + "database: { schema_lock: a.lock }\n")
    with pytest.raises(ConfigError, match=r"schema_lock: a\.lock: .*link"):
        load(tmp_path / "t.yaml", {})


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file_is_a_usage_error(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(MINIMAL)
    path.chmod(0)
    with pytest.raises(ConfigError, match="cannot be read"):
        load(path, {})


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (MINIMAL.replace("shop", "caf\xe9").encode("latin-1"), r"t.yaml:2: is not UTF-8 \(byte 0xe9\)"),
        (MINIMAL.encode("utf-16"), "is not UTF-8"),
        (MINIMAL.replace("shop", "a\0b").encode(), "t.yaml:2: contains a NUL"),
        (MINIMAL.replace("shop", "a\x1bb").encode(), "is not YAML"),
        (b"a: " + b"x" * (1 << 20), "at most 1,048,576 are read"),
        (b"[" * 100_000, "nested more than 20 levels"),
        (b"a: " + b"{a: " * 5000, "nested more than 20 levels"),
        (b"\n".join(b"- " * 30 + b"x" for _ in range(3)), "nested more than 20 levels"),
        (b"[" + b"1," * 100_000 + b"1]", "more than 20,000 values"),
        (b"a: &a [1]\nb: [" + b"*a," * 30 + b"1]", "more than 20 aliases"),
        (b"a: &a [*a]\n", "no finished anchor"),
        (b"a: *nothing\n", "no finished anchor"),
    ],
)  # fmt: skip
def test_f9_hostile_bytes_are_refused_quickly(data: bytes, words: str) -> None:
    start = time.process_time()
    with pytest.raises(ConfigError, match=words):
        parse(data, "t.yaml", {})
    assert time.process_time() - start < 5


def test_f9_an_alias_bomb_within_the_alias_count_is_refused_by_its_written_out_size() -> None:
    layers = ["l0: &l0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    layers += [f"l{n}: &l{n} [*l{n - 1}, *l{n - 1}]" for n in range(1, 11)]
    with pytest.raises(ConfigError, match="more than 20,000 values"):
        parse("\n".join(layers).encode(), "t.yaml", {})


@given(st.binary(max_size=300))
def test_any_bytes_give_a_configuration_or_a_configuration_error(data: bytes) -> None:
    with pytest.raises(ConfigError):
        parse(data, "t.yaml", {})


@given(
    st.text(max_size=60),
    st.sampled_from(["load", "checks", "database", "probes", "decision", "evidence", "target", "service"]),
)
def test_any_value_of_any_section_is_accepted_or_refused_but_never_crashes(value: str, section: str) -> None:
    text = "\n".join(line for line in MINIMAL.splitlines() if not line.startswith(section))
    try:
        read(f"{text}\n{section}: {value}\n")
    except (ConfigError, UnicodeEncodeError):
        return
