"""lint names contradictions that do not keep a file from being read."""

from dataclasses import replace
from pathlib import Path

import pytest

from readiness.config.endpoints import named
from readiness.config.lint import doubts, lint
from readiness.config.load import load, parse
from readiness.config.think_time import UserPace, read
from readiness.errors import ConfigError

BARE = "load: { rate: 1 /s, duration: 2s }\nevidence: { confidence: none }\n"


ONE = UserPace(think_s=None, requests=1, most=1)


def found(checks: str, rest: str = "", **paces: UserPace) -> tuple[str, ...]:
    return lint(parse(f"version: 1\nservice: shop\n{rest}checks:\n{checks}".encode(), "t.yaml", {}), paces)


def test_the_repository_file_has_no_contradiction() -> None:
    assert lint(load(Path("thresholds.yaml"), {})) == ()


def test_f8_a_p95_limit_above_the_p99_limit_cannot_decide() -> None:
    sentences = found('  latency.p95: { pass: "< 300 ms" }\n  latency.p99: { pass: "< 200 ms" }\n')
    assert sentences == (
        't.yaml:4: checks.latency.p95.pass: "< 300 ms" is looser than latency.p99 "< 200 ms" (line 5), '
        "which is never the smaller value: this limit cannot decide",
    )
    assert found('  latency.p95@a: { pass: "< 300 ms" }\n  latency.p99@b: { pass: "< 200 ms" }\n') == ()


def test_the_average_limit_of_the_seed_report_hardly_ever_decides() -> None:
    sentences = found('  latency.mean: { pass: "< 200 ms" }\n  latency.p95: { pass: "< 100 ms" }\n')
    assert len(sentences) == 1
    assert "only if the slowest 5 % average over 2,100 ms" in sentences[0]


@pytest.mark.parametrize(
    ("check", "rest", "needed"),
    [
        ('latency.p95: { pass: "< 1 s" }', "load: { rate: 29 /s, duration: 2s }\n", 59),
        ('latency.p99: { pass: "< 1 s" }', "load: { rate: 149 /s, duration: 2s }\n", 299),
        ('http.success_rate: { pass: "> 99 %" }', "load: { rate: 149 /s, duration: 2s }\n", 299),
        ('http.error_rate: { pass: "< 1 %" }', "load: { rate: 149 /s, duration: 2s }\n", 299),
        (
            'latency.p95@login: { pass: "< 1 s" }',
            "load: { rate: 50 /s, duration: 2s, scenarios: { login: 1, x: 9 } }\n",
            59,
        ),
    ],
)
def test_a_load_too_small_to_prove_the_limit_is_named(check: str, rest: str, needed: int) -> None:
    sentences = found(f"  {check}\n", rest, shop=ONE, login=ONE, x=ONE)
    assert len(sentences) == 1
    assert f"needs at least {needed:,} requests" in sentences[0]


def test_a_load_that_is_just_large_enough_is_not_named() -> None:
    assert found('  latency.p95: { pass: "< 1 s" }\n', "load: { rate: 29.5 /s, duration: 2s }\n") == ()
    assert found('  latency.p99: { pass: "< 1 s" }\n', "load: { users: 1, duration: 2s }\n") == ()
    assert (
        found(
            '  latency.p95: { pass: "< 1 s" }\n', "load: { rate: 1 /s, duration: 2s }\nevidence: { confidence: none }\n"
        )
        == ()
    )


def test_no_number_of_requests_proves_that_none_fails() -> None:
    assert "no number of requests" in found('  http.success_rate: { pass: ">= 100 %" }\n')[0]


def test_a_note_that_moves_the_score_and_a_waived_blocker_are_named() -> None:
    sentences = found(
        '  http.success_rate: { pass: "> 99 %" }\n'
        '  latency.max: { pass: "< 1 s", on_fail: note, weight: 1 }\n'
        '  throughput: { pass: "> 5 /s", on_fail: note }\n'
        '  database.orphans: { pass: "== 0", on_fail: block, not_applicable: no database }\n'
    )
    assert [sentence.split(":")[1] for sentence in sentences] == ["5", "7"], "line 6 says what it means"


def test_names_of_paths_stand_behind_the_path_of_the_target(tmp_path: Path) -> None:
    file = tmp_path / "shop.py"
    calls = "        self.client.get('/landing')\n        self.client.get('/a/1', name='/a/{id}')\n"
    file.write_text(f"from locust import HttpUser, task\n\nclass A(HttpUser):\n    @task\n    def t(self):\n{calls}")
    assert named([str(file)], "/api/v2") == frozenset({"GET /api/v2/landing", "GET /a/{id}"})
    assert named([str(file)]) == frozenset({"GET /landing", "GET /a/{id}"})


FIVE_OF_FIFTY = "load: { users: 50, duration: 30s, scenarios: { login: 1, look: 9 } }\n"


def test_a_closed_load_is_estimated_from_users_weights_and_think_time() -> None:
    login = UserPace(think_s=3.0, requests=2, most=2)
    sentences = found('  latency.p99@login: { pass: "< 1 s" }\n', FIVE_OF_FIFTY, login=login)
    assert sentences == (
        "t.yaml:5: checks.latency.p99@login.pass: needs at least 299 requests of login to be proven at "
        "95 % confidence; "
        "this plan yields about 100 (5 users, 3 s of think time, about 2 requests a round, answers in no time): "
        "lengthen load.duration to 3m or drop the check",
    )
    assert found('  latency.p95@login: { pass: "< 1 s" }\n', FIVE_OF_FIFTY, login=login) == ()


def test_a_plan_for_just_enough_requests_is_told_with_room_and_a_shape_by_its_stage() -> None:
    """Of a newcomer: 300 were planned, 293 came, and 299 are needed."""
    plain = "load: { users: 10, duration: 30s }\n"
    config = parse(f"version: 1\nservice: shop\n{plain}checks:\n{SUCCESS}".encode(), "t.yaml", {})
    one = {"shop": UserPace(1.0, 1)}
    assert lint(config, one) == ()
    (sentence,) = doubts(config, one)
    assert "an estimated 300 (10 users, 1 s of think time" in sentence
    assert sentence.endswith("lengthen load.duration to 45s")
    assert doubts(replace(config, load=replace(config.load, duration_s=45)), one) == ()
    (sentence,) = doubts(replace(config, load=replace(config.load, shaped=True)), one)
    assert sentence.endswith("lengthen that stage of the shape to 45s")


def test_what_a_task_sleeps_is_a_part_of_its_round(tmp_path: Path) -> None:
    """As a journey of a HAR file is written."""
    file = tmp_path / "journey.py"
    lines = ["time.sleep(6)", "self.client.get('/a')", "time.sleep(3.7)", "sleep(longer)", "self.client.get('/b')"]
    file.write_text(
        "class Me(User):\n    wait_time = between(6.2, 9.2)\n    def on_start(self):\n        time.sleep(99)\n"
        "    def look(self):\n" + "".join(f"        {line}\n" for line in lines)
    )
    pace = read(str(file))
    assert pace is not None
    assert (pace.requests, pace.slept_s) == (2, 9.7)


LIMITED = "probes: { rate_limit: { limit: 50000 /h } }\n"
SUCCESS = '  http.success_rate: { pass: "> 99 %" }\n'


def test_a_load_that_reaches_a_declared_rate_limit_is_told_when() -> None:
    (sentence,) = found(SUCCESS, "load: { rate: 120 /s, duration: 10m }\n" + LIMITED)
    assert sentence.startswith(
        "t.yaml:4: probes.rate_limit.limit: this load (about 120 requests a second from one client)"
    )
    assert "reaches the limit of 50000 /h after 7m" in sentence
    closed = "load: { users: 60, duration: 10m, scenarios: { a: 1, b: 3 } }\n" + LIMITED
    (sentence,) = found(SUCCESS, closed, a=UserPace(1.0, 5), b=UserPace(1.0, 1))  # 15 users send 5 a second, 45 send 1
    assert "(about 120 requests a second" in sentence


@pytest.mark.parametrize(
    "rest",
    [
        "load: { rate: 120 /s, duration: 6m }\n" + LIMITED,
        "load: { rate: 13 /s, duration: 10h }\n" + LIMITED,
        "load: { users: 500, duration: 10m }\n" + LIMITED,
        "load: { rate: 120 /s, duration: 10m }\n",
    ],
    ids=["over before", "the window is over before", "nobody knows how fast", "no limit declared"],
)
def test_a_load_that_stays_inside_or_cannot_be_reckoned_is_not_named(rest: str) -> None:
    assert found(SUCCESS, rest) == ()


@pytest.mark.parametrize("limit", ["50000", "0 /h", "1.5 /s", "5 /w", "50,000 /h", "-1 /s", "many"])
def test_what_is_no_limit_is_refused(limit: str) -> None:
    with pytest.raises(ConfigError, match=r"probes\.rate_limit\.limit: must be requests per s, min, h or d"):
        found(SUCCESS, f'load: {{ rate: 10 /s }}\nprobes: {{ rate_limit: {{ limit: "{limit}" }} }}\n')


def test_an_unknown_pace_is_a_bound_and_no_guess() -> None:
    few = "load: { users: 1, duration: 200ms }\n"
    assert "at most 200" in found('  latency.p99: { pass: "< 1 s" }\n', few)[0]
    assert found('  latency.p99@login: { pass: "< 1 s" }\n', FIVE_OF_FIFTY, look=UserPace(3.0, 1)) == ()


@pytest.mark.parametrize(
    ("wait", "pace"),
    [
        ("between(1, 3)", UserPace(2.0, 2, 2)),
        ("locust.constant(5)", UserPace(5.0, 2, 2)),
        ("constant_throughput(0.5)", UserPace(2.0, 2, 2)),
        ("between(low(), 3)", UserPace(None, 2, 2)),
        ("my_own(3)", UserPace(None, 2, 2)),
    ],
)
def test_the_pace_of_a_scenario_is_read_and_not_run(tmp_path: Path, wait: str, pace: UserPace) -> None:
    file = tmp_path / "s.py"
    file.write_text(
        f"raise SystemExit\nclass Me(User):\n    wait_time = {wait}\n    def a(self):\n"
        "        self.client.get('/')\n        self.client.get('/x')\n    def b(self):\n        self.client.get('/y')\n"
    )
    assert read(str(file)) == pace


SENDS = {
    "self.client.get('/')": 1,
    "with self.client.get('/') as r: self.client.post('/x')": 2,
    "self.b()": 3,
    "self.write_key()": 0,
    "for _ in range(3): self.client.get('/')": None,
    "[self.client.get(p) for p in 'abc']": None,
    "helper(self)": None,
    "helper(self.client)": None,
    "c = self.client": None,
    "self.api.get('/')": None,
    "self.inherited()": None,
    "self.a()": None,
    "self.client.crawl('/')": None,
}


@pytest.mark.parametrize(("line", "most"), SENDS.items())
def test_requests_of_a_round_are_bounded_only_where_the_text_says_all(
    tmp_path: Path, line: str, most: int | None
) -> None:
    file = tmp_path / "s.py"
    b = "        self.client.get('/')\n" * 3 if line == "self.b()" else "        pass\n"
    file.write_text(f"class Me(HttpUser):\n    def a(self):\n        {line}\n    def b(self):\n{b}")
    pace = read(str(file))
    assert pace is not None
    assert pace.most == most


@pytest.mark.parametrize(
    "text",
    [
        "class Me(Base):\n    def a(self): self.client.get('/')\n",
        "class Me(HttpUser):\n    tasks = [a]\n",
        "class Me(HttpUser):\n    class Inner(TaskSet): pass\n",
        "class Me(HttpUser):\n    def on_start(self): self.client.get('/')\n    def a(self): self.client.get('/')\n",
        "class Me(HttpUser):\n    def a(self): pass\nclass You(HttpUser):\n    def a(self): self.client.get('/')\n",
    ],
    ids=["inherits", "tasks from elsewhere", "a TaskSet", "sends at its start", "two classes"],
)
def test_a_class_that_may_send_more_than_its_text_shows_has_no_bound(tmp_path: Path, text: str) -> None:
    (tmp_path / "s.py").write_text(text)
    pace = read(str(tmp_path / "s.py"))
    assert pace is not None
    assert pace.most is None


def test_a_plan_that_may_suffice_is_told_and_never_refused() -> None:
    """Arrivals are no requests: each may send several."""
    check, load_ = '  latency.p99: { pass: "< 1 s" }\n', "load: { rate: 40 /s, duration: 6s }\n"
    config = parse(f"version: 1\nservice: shop\n{load_}checks:\n{check}".encode(), "t.yaml", {})
    assert len(lint(config, {"shop": ONE})) == 1
    assert doubts(config, {"shop": ONE}) == ()
    assert lint(config, {"shop": UserPace(None, 2, 2)}) == doubts(config, {"shop": UserPace(None, 2, 2)}) == ()
    for paces in ({}, {"shop": UserPace(None, 2)}):
        assert lint(config, paces) == ()
        (sentence,) = doubts(config, paces)
        assert "this plan yields at least 240 (40 arrivals a second for 6 s, if each sends a request" in sentence
        assert sentence.endswith("lengthen load.duration to 8s")


def test_a_file_that_is_no_python_has_no_pace(tmp_path: Path) -> None:
    (tmp_path / "s.py").write_text("class")
    assert read(str(tmp_path / "s.py")) is None
    assert read(str(tmp_path / "missing.py")) is None


@pytest.mark.parametrize(("body", "complaints"), [(", body: v=1", 1), (", body: 'v={n}'", 0), ("", 0)])
def test_a_write_that_is_the_same_each_time_is_named(body: str, complaints: int) -> None:
    pair = f"write: {{ method: PUT, path: /v{body} }}, read: {{ path: /v, pointer: /v }}, within: 1s"
    sentences = found(
        '  cache.consistency: { pass: "== 100 %" }\n', f"probes: {{ cache: {{ consistency: {{ {pair} }} }} }}\n"
    )
    assert len(sentences) == complaints
    assert all("put {n} into it" in one for one in sentences)


def test_a_restore_whose_rows_nobody_compares_is_told_and_never_refused() -> None:
    restore = "database: { counts: { bags: { table: bags } } }\nrestore: { command: [./restore.sh] }\n"
    missing, changed = '  restore.rows_missing: { pass: "== 0" }\n', '  restore.rows_changed: { pass: "== 0" }\n'

    def told(checks: str) -> tuple[str, ...]:
        config = parse(f"version: 1\nservice: shop\n{restore}checks:\n{checks}".encode(), "t.yaml", {})
        assert lint(config) == ()
        return doubts(config)

    (sentence,) = told(missing)
    assert sentence.startswith("t.yaml:6: checks.restore.rows_missing: no check of restore.rows_changed")
    assert told(missing + changed) == told(changed) == ()
    assert told(missing + changed.replace("}", ', not_applicable: "rows change by themselves" }')) == ()
