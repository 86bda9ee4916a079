"""Ordinary locustfiles do here what they do under plain Locust: the same requests, counts, failures, listeners."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.beside_locust import Counts, counts_of, plain_locust
from tests.e2e.conftest import LOOSE, Cli
from tests.faultd.fixture import StartFaultd


def test_a_block_is_left_in_any_way_and_its_request_is_counted_once(cli: Cli, faultd: StartFaultd) -> None:
    theirs = plain_locust(faultd().url, "blocks.py", cli.folder, "-u", "3", "-r", "3", "-s", "5", enough=25)
    server = faultd()
    ours = cli.run(server.url, "--users", "3", scenario="blocks.py", checks=LOOSE, duration="6s")
    counts = counts_of(ours)
    assert counts.pop("GET /api/unjudged") == (1, 0)
    assert counts == theirs.counts
    assert counts["GET /api/outer"] == counts["GET /api/first"] == (2, 2)
    assert ours.ledger["planned"] == sum(requests for requests, _ in counts.values()) + 1
    assert ours.ledger["in_flight"] == 0
    assert "nothing was answered" not in ours.said


def test_users_finish_their_task_after_quit_and_a_base_class_without_tasks_has_users_that_raise(
    cli: Cli, faultd: StartFaultd
) -> None:
    theirs = plain_locust(faultd().url, "quits_early.py", cli.folder, "-u", "4", "-r", "4", "-t", "20s", "-s", "5")
    server = faultd()
    ours = cli.run(server.url, "--users", "4", scenario="quits_early.py", checks=LOOSE, duration="20s")
    assert (theirs.exit_code, ours.exit_code) == (1, 3), str(ours)
    assert theirs.counts == {"GET /api/first": (2, 0), "GET /api/second": (2, 0)}
    assert server.seen("/api/first") == server.seen("/api/second") == 2
    ended, raised = ours.run["load"]["script_errors"]
    assert "scenario code ended the load (runner.quit or runner.stop)" in ended
    assert raised.startswith("quits_early: Base: Exception: No tasks defined on Base. Use the @task decorator")
    assert "No tasks defined on Base" in theirs.said


@pytest.mark.parametrize("end", ["/api/", "/"])
def test_a_slash_at_the_end_of_the_target_is_where_locust_puts_it(cli: Cli, faultd: StartFaultd, end: str) -> None:
    first, second = (faultd(mode="body", only="*", text="ok") for _ in range(2))
    theirs = plain_locust(
        first.url + end, "slashed.py", cli.folder, "-u", "2", "-r", "2", enough=12 if end == "/api/" else 10
    )
    ours = cli.run(second.url + end, "--users", "2", scenario="slashed.py", checks=LOOSE, duration="4s")

    def named(counts: Counts, url: str) -> Counts:
        return {name.replace(url.removeprefix("http://"), "HOST"): count for name, count in counts.items()}

    assert "TARGET: ends with a slash" in ours.stderr
    told = "only the status of these answers is checked"
    assert told in ours.stderr
    assert any(note.startswith("slashed.py:") and told in note for note in ours.report["notes"])
    assert "judged by their status alone" in ours.text("report.html").partition("<h2")[0]
    assert named(counts_of(ours), second.url) == named(theirs.counts, first.url), str(ours)
    sent = {path for _, _, path in first.log()}
    assert sent == {path for _, _, path in second.log()} & sent
    assert {path for path in sent if "two" in path} == {f"{end}two"}


def test_a_file_finds_the_events_statistics_and_options_of_locust(cli: Cli, faultd: StartFaultd) -> None:
    words = ("--tenant", "blue", "--tags", "buy")
    (cli.folder / "locust.conf").write_text("colour = green\n")
    theirs = plain_locust(faultd().url, "life.py", cli.folder, "-u", "3", "-r", "3", "-t", "8s", *words)
    server = faultd()
    args = ("--users", "3", "--tags", "buy", "--", "--tenant", "blue")
    ours = cli.run(server.url, *args, scenario="life.py", checks=LOOSE, duration="8s")
    assert ours.exit_code == 3, str(ours)
    assert counts_of(ours) == theirs.counts
    assert lives(ours.stderr) == lives(theirs.said)
    assert "LIFE total 6 2 True" in theirs.said
    assert "LIFE lengths 0 " not in ours.stderr
    assert theirs.exit_code == 7
    assert ours.run["load"]["script_errors"] == [
        "the locustfile: a listener raised: life.py:49 in broken: LookupError: no such thing (1×)",
        "the locustfile: it says that the test failed: process_exit_code = 7 (life.py:39 in gate) (1×)",
    ]


def lives(said: str) -> list[str]:
    return [line.partition("LIFE")[2] for line in said.splitlines() if "LIFE" in line]


def test_an_option_that_a_file_requires_is_asked_for_with_its_line_before_anything_is_sent(
    cli: Cli, faultd: StartFaultd
) -> None:
    server = faultd()
    ours = cli.run(server.url, scenario="life.py")
    assert ours.exit_code == 2, str(ours)
    assert "life.py:22: the following arguments are required: --tenant; give --tenant after --" in ours.said
    assert server.seen("/api/*") == 0


NO_LOAD = """version: 1
service: tested
load: { calibration: 0s }
checks: { http.success_rate: { pass: "> 50 %", on_fail: block } }
"""


def test_the_stages_of_a_shape_are_the_load_and_the_highest_is_judged(cli: Cli, faultd: StartFaultd) -> None:
    theirs = plain_locust(faultd().url, "staged.py", cli.folder)
    limits = cli.folder / "limits.yaml"
    limits.write_text(NO_LOAD)
    server = faultd()
    rows = cli.folder / "rows.jsonl"
    ours = cli.run(server.url, "--thresholds", str(limits), "--samples", str(rows), scenario="staged.py")
    assert ours.exit_code == 0, str(ours)
    assert len(rows.read_text().splitlines()) == ours.ledger["planned"]
    whole = {name: server.seen(name.partition(" ")[2]) for name in theirs.counts}
    assert whole == pytest.approx({name: count for name, (count, _) in theirs.counts.items()}, rel=0.25, abs=6)
    steps = [(step["height"], step["planned_s"], step["judged"]) for step in ours.run["load"]["steps"]]
    assert steps == [(3, 4, False), (6, 4, True), (2, 2, False)]
    assert ours.run["load"]["judged_start_s"] == pytest.approx(4, abs=0.1)
    assert "Stages: 11s, up to 6 users, 3 stages, judged at 6 users" in ours.stderr


def test_a_load_of_two_processes_that_never_stands_still_is_one_window_and_may_build_on_the_common_options(
    cli: Cli, faultd: StartFaultd
) -> None:
    limits = cli.folder / "limits.yaml"
    limits.write_text(NO_LOAD)
    server = faultd()
    args = ("--thresholds", str(limits), "--duration", "9s", "--processes", "2")
    ours = cli.run(server.url, *args, scenario="shaped.py")
    assert ours.exit_code == 0, str(ours)
    assert ours.run["load"]["moving"] is True
    assert ours.run["load"]["judged_start_s"] == 0
    assert ours.run["load"]["planned_s"] == 9
    assert 0 < ours.report["endpoints"][0]["requests"] <= ours.ledger["planned"] == server.seen("/api/item")
    assert {second["users"] for second in ours.run["load"]["series"]} >= {2, 3, 4, 5}


@pytest.mark.parametrize(
    ("tick", "said"),
    [
        ("return 5, 5", "says the load as well: take load.users out here"),
        ("return None", "w.py:8: W: tick() gives None at once, so there is no load"),
        ("return 5, 0", "w.py:8: W: tick() gave (5, 0): it gives (users, users per second above 0)"),
        ("return self.runner.stats.total.num_requests, 5", "w.py:10: W cannot be asked for its load beforehand"),
    ],
    ids=["two loads", "ends at once", "no rate", "reads answers"],
)
def test_a_shape_that_cannot_run_is_refused_with_its_line(
    cli: Cli, faultd: StartFaultd, tmp_path: Path, tick: str, said: str
) -> None:
    file = tmp_path / "w.py"
    end = "        if self.get_run_time() > 5:\n            return None\n" if tick == "return 5, 5" else ""
    file.write_text(
        "from locust import HttpUser, LoadTestShape, task\n\nclass Shop(HttpUser):\n    @task\n    def look(self):\n"
        f"        self.client.get('/api/x')\n\nclass W(LoadTestShape):\n    def tick(self):\n{end}        {tick}\n"
    )
    server = faultd()
    ours = cli.run(server.url, scenario=str(file))
    assert ours.exit_code == 2, str(ours)
    assert said in ours.said
    assert f"{file}:8: W" in ours.said or "w.py:10" in ours.said
    assert server.seen("/api/x") == 0


def test_a_client_of_the_files_own_is_in_the_ledger_also_while_it_hangs(cli: Cli, faultd: StartFaultd) -> None:
    theirs = plain_locust(faultd().url, "measured.py", cli.folder, "-u", "2", "-r", "2", enough=4)
    server = faultd()
    ours = cli.run(server.url, "--users", "2", scenario="measured.py", checks=LOOSE, duration="5s")
    assert ours.exit_code in (1, 3), str(ours)
    hanging = {"gRPC Plain hangs": (1, 0), "gRPC Ours hangs": (1, 0)}  # told as good when its user is killed
    assert theirs.counts == {"gRPC Plain": (2, 1), "gRPC Ours": (2, 1)} | hanging
    assert counts_of(ours).items() >= (theirs.counts.items() - hanging.items())
    assert ours.ledger == {"planned": 6, "ok": 2, "failed": {"reset": 2}, "in_flight": 2, "dropped": 0}
    (told,) = ours.run["load"]["script_errors"]
    assert "no connection of the load generator to the target was seen" in told, "and it only sleeps"


def test_an_event_may_be_fired_with_odd_values_and_a_request_without_a_time_is_a_doubt_with_its_line(
    cli: Cli, faultd: StartFaultd
) -> None:
    theirs = plain_locust(faultd().url, "odd_fires.py", cli.folder, "-u", "2", "-r", "2", enough=20)
    ours = cli.run(faultd().url, "--users", "2", scenario="odd_fires.py", checks=LOOSE, duration="3s")
    assert counts_of(ours) == theirs.counts
    assert (theirs.counts["TOLD False"], theirs.counts["TOLD no time"]) == ((2, 0), (4, 2))
    assert ours.exit_code != 0, str(ours)
    assert ours.ledger["failed"] == {"assertion": 8}
    assert "KeyError('price')" in str(ours.run["load"]["failure_details"])
    assert ours.run["load"]["script_errors"] == [
        "the locustfile: it told of TOLD no time with response_time=None (odd_fires.py:15 in tell): its latency is "
        "unknown (1×)",
        "the locustfile: it told of TOLD before its start with response_time=-4 (odd_fires.py:15 in tell): its latency "
        "is unknown (1×)",
        "the locustfile: it told of TOLD logged with response_time=None (odd_fires.py:30 in odd): its latency is "
        "unknown (1×)",
    ]


GATE = """from locust import events

@events.init_command_line_parser.add_listener
def options(parser):
    parser.add_argument("--most-failures", type=float, default=1.0)

@events.quitting.add_listener
def judge(environment, **_):
    total = getattr(environment, "sta" "ts").total
    print("LIFE", total.num_requests, total.num_failures, total.total_CONTENT_length > 0)
    if total.fail_ratio > environment.parsed_options.most_failures:
        environment.process_exit_code = 3
"""
GATED = """import sys, pathlib
sys.path.append(str(pathlib.Path(__file__).with_name("site-packages")))
import gatekeeper
from locust import HttpUser, constant, task

class Shop(HttpUser):
    wait_time = constant(1000)
    @task
    def look(self):
        self.client.get("/api/item")
        self.client.get("/status/500", name="broken")
"""


def test_an_installed_package_that_judges_the_load_finds_its_statistics(cli: Cli, faultd: StartFaultd) -> None:
    """No file of the user's mentions them, and how the package reads them is its own business."""
    package = cli.folder / "site-packages" / "gatekeeper"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("from gatekeeper.gate import judge\n")
    (package / "gate.py").write_text(GATE.replace("CONTENT", "content"))
    (file := cli.folder / "gated.py").write_text(GATED)
    words = ("--most-failures", "0.01")
    first, second = (faultd(mode="status", code=500, only="/status/*") for _ in range(2))
    theirs = plain_locust(first.url, str(file), cli.folder, "-u", "2", "-r", "2", "-t", "20s", *words, enough=4)
    ours = cli.run(second.url, "--users", "2", "--", *words, scenario=str(file), checks=LOOSE)
    assert theirs.exit_code == ours.exit_code == 3, str(ours)
    assert lives(ours.stderr) == lives(theirs.said) == [" 4 2 True"]
    told = ours.run["load"]["script_errors"]
    assert told == ["the locustfile: it says that the test failed: process_exit_code = 3 (1×)"]


SPLIT = """from locust import HttpUser, constant, task

class Zebra(HttpUser):
    wait_time = constant(1000)
    @task
    def look(self):
        self.client.get(f"/api/{type(self).__name__}")

class Ape(Zebra): pass
class Mole(Zebra): pass
"""


def test_odd_users_go_to_the_classes_whose_names_come_first(cli: Cli, faultd: StartFaultd) -> None:
    (file := cli.folder / "split.py").write_text(SPLIT)
    theirs = plain_locust(faultd().url, str(file), cli.folder, "-u", "5", "-r", "5", enough=5)
    ours = cli.run(faultd().url, "--users", "5", scenario=str(file), checks=LOOSE, duration="2s")
    assert (
        counts_of(ours) == theirs.counts == {"GET /api/Ape": (2, 0), "GET /api/Mole": (2, 0), "GET /api/Zebra": (1, 0)}
    )


TESTS = """import time
from locust import events

TURNS = []

@events.test_start.add_listener
def told(**_):
    print("LIFE began")

def test_look(session):
    if len(TURNS) < 6:
        TURNS.append(1)
        session.get("/api/item").raise_for_status()
    time.sleep(0.1)

class TestMore:
    def test_fast(self, fastsession):
        with fastsession.get("/api/fast", catch_response=True) as answer:
            answer.failure("not this")
        assert len(TURNS) < 0, "so"
"""


def test_tests_of_pytest_are_users_as_under_locust(cli: Cli, faultd: StartFaultd) -> None:
    """One that raises ends its user under both; here the line is told too."""
    (file := cli.folder / "test_shop.py").write_text(TESTS)
    theirs = plain_locust(faultd().url, str(file), cli.folder, "-u", "4", "-r", "4", enough=8)
    ours = cli.run(faultd().url, "--users", "4", scenario=str(file), checks=LOOSE)
    assert ours.exit_code == 3, str(ours)
    assert counts_of(ours) == theirs.counts == {"GET /api/fast": (2, 2), "GET /api/item": (6, 0)}
    assert lives(ours.stderr) == lives(theirs.said) == [" began"]
    assert ours.run["load"]["script_errors"] == [
        "test_shop: test_fast: test_shop.py:20 in test_fast: AssertionError: so (2×)"
    ]


def test_a_test_that_cannot_be_a_user_is_refused(cli: Cli) -> None:
    (file := cli.folder / "test_shop.py").write_text("def test_look(session, tmp_path):\n    session.get('/')\n")
    ours = cli.run("http://127.0.0.1:1", scenario=str(file))
    assert ours.exit_code == 2, str(ours)
    assert "test_look(session, tmp_path): a test that is a user's task has one parameter" in " ".join(ours.said.split())
