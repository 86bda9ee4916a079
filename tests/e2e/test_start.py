"""Before the first request: which scenarios run, what is wrong with them; a refused run sends nothing at all."""

from __future__ import annotations

import re
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme

from tests.e2e.conftest import LOOSE, Cli
from tests.e2e.harness import Result
from tests.e2e.invariants import decided, refused
from tests.faultd.client import Faultd
from tests.faultd.fixture import StartFaultd

VISITOR = """from locust import HttpUser, constant, task


class Visitor(HttpUser):
    wait_time = constant(0.02)

    @task
    def item(self):
        self.client.get("/api/item")
"""
SHOP = VISITOR.replace("Visitor", "Shop").replace("/api/item", "/api/shop")


class Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def untouched() -> Iterator[Faultd]:
    """One server for all rows: it must not see a connection in any of them."""
    with Faultd() as server:
        yield server


def put(cli: Cli, **files: str) -> None:
    for name, text in files.items():
        path = cli.folder / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)


def run(cli: Cli, server: Faultd, *args: str, load: str = "", command: str = "run") -> Result:
    """From the folder of the thresholds file, as a user would."""
    cli.thresholds(LOOSE, load=load, duration="1s")
    where = (server.url, "--out", str(cli.out)) if command != "lint" else ()
    return cli.plain(command, *where, *args)


@pytest.mark.parametrize("command", [("run",), ("capacity", "--max-users", "2")], ids=["run", "capacity"])
def test_a_url_without_scenarios_gets_nothing_and_the_message_shows_the_smallest_file(
    cli: Cli, untouched: Faultd, command: tuple[str, ...]
) -> None:
    result = run(cli, untouched, *command[1:], command=command[0])
    refused(result, untouched, "there is no scenarios/ and no locustfile.py", "class Visitor(HttpUser):")
    shown = [line[4:] for line in result.stderr.splitlines() if line.startswith("    ")]
    put(cli, locustfile="\n".join(shown))
    assert run(cli, untouched, command="lint").exit_code == 0, "what the message shows can be used as it stands"


def test_a_run_without_thresholds_shows_the_smallest_file(cli: Cli, untouched: Faultd) -> None:
    put(cli, locustfile=VISITOR)
    result = cli.plain("run", untouched.url, "--out", str(cli.out))
    refused(result, untouched, "thresholds.yaml: there is no such file")
    shown = [line[4:] for line in result.stderr.splitlines() if line.startswith("    ")]
    (cli.folder / "thresholds.yaml").write_text("\n".join(shown))
    assert cli.plain("lint").exit_code == 0


@pytest.mark.parametrize("command", ["run", "lint", "capacity"])
@pytest.mark.parametrize(("name", "says"), [("shop.js", "a k6 script is not read"), ("a.jmx", "a JMeter plan is not")])
def test_a_script_of_another_tool_is_named_before_anything_that_is_missing(
    cli: Cli, untouched: Faultd, command: str, name: str, says: str
) -> None:
    (cli.folder / name).write_text("import http from 'k6/http'\n")
    where = () if command == "lint" else (untouched.url, "--out", str(cli.out))
    result = cli.plain(command, *where, *(("--max-users", "2") if command == "capacity" else ()), "--scenarios", name)
    refused(result, untouched, f"--scenarios: {name}: is no Locust file", says, "docs/how-to/from-k6.md")
    assert "thresholds.yaml" not in result.stderr


@pytest.mark.parametrize("name", ["locustfile", "scenarios__shop"])
def test_scenarios_that_lie_here_are_used_and_named(cli: Cli, faultd: StartFaultd, name: str) -> None:
    server = faultd()
    put(cli, **{name: VISITOR})
    result = run(cli, server)
    decided(result.report, 0)
    assert f"scenarios: {'locustfile.py' if name == 'locustfile' else 'scenarios'} " in result.stderr
    assert server.seen("/api/item") > 0
    assert server.seen("/login") == 0


def test_scenarios_beside_the_thresholds_file_come_first(cli: Cli, faultd: StartFaultd, tmp_path: Path) -> None:
    server = faultd()
    put(cli, locustfile=VISITOR, shop__locustfile=SHOP)
    cli.thresholds(LOOSE, duration="1s", name="shop/thresholds.yaml")
    result = cli.plain("run", server.url, "--out", str(cli.out), "--thresholds", "shop/thresholds.yaml")
    decided(result.report, 0)
    assert (server.seen("/api/item"), server.seen("/api/shop") > 0) == (0, True)


@pytest.mark.parametrize("command", ["run", "lint"])
@pytest.mark.parametrize(
    ("load", "given", "needles"),
    [
        ("{ ok: 1, shop: 2 }", "users/ok.py", ("load.scenarios.shop: would never run", "--scenarios users")),
        ("{ ok: 1, shop: 2, gone: 1 }", "users", ("load.scenarios.gone: no gone.py in",)),
        ("{ ok: 1, shop: 0 }", "users", ("load.scenarios.shop: the weight 0 means that it never runs",)),
        ("{ ok: 1 }", "users", ("shop.py: is not under load.scenarios", "rename it to _shop.py")),
    ],
    ids=["one file of two", "no such file", "weight 0", "a file without a weight"],
)
def test_what_is_declared_runs_or_the_run_is_refused(
    cli: Cli, untouched: Faultd, command: str, load: str, given: str, needles: tuple[str, ...]
) -> None:
    put(cli, users__ok=VISITOR, users__shop=SHOP)
    result = run(cli, untouched, "--scenarios", given, load=f"  scenarios: {load}\n", command=command)
    refused(result, untouched, *needles)


def test_a_helper_module_beside_the_scenarios_is_no_scenario(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd()
    put(cli, users__paths="ITEM = '/api/item'\n\n\nclass Wrong(Exception):\n    pass\n")
    put(cli, users__visitor="from paths import ITEM\n" + VISITOR.replace('"/api/item"', "ITEM"))
    put(cli, users___unused="this is no Python")
    for load in ("", "  scenarios: { visitor: 1 }\n"):
        result = run(cli, server, "--scenarios", "users", load=load)
        decided(result.report, 0)
        assert {one["scenario"] for one in result.report["endpoints"]} == {"visitor"}


def test_a_file_of_users_that_another_imports_is_still_a_scenario(cli: Cli, untouched: Faultd) -> None:
    put(cli, users__base=SHOP, users__visitor="import base\n" + VISITOR)
    refused(
        run(cli, untouched, "--scenarios", "users", load="  scenarios: { visitor: 1 }\n"), untouched, "base.py: is not"
    )


def test_a_method_that_locust_needs_is_refused_before_anything_is_sent(cli: Cli, untouched: Faultd) -> None:
    put(cli, locustfile=SHOP + "\n    def run(self, path):\n        self.client.get(path)\n")
    refused(run(cli, untouched), untouched, "locustfile.py:11: Shop.run: under the name run Locust runs the user")


def test_what_replaces_a_method_of_locust_rightly_is_run(cli: Cli, faultd: StartFaultd) -> None:
    text = """
    def on_start(self, how="quietly"):
        self.started = True

    def run(self):
        super().run()

    def stop(self, force=False):
        return super().stop(force)

    def wait_time(self):
        return 0.02

    def context(self):
        return {"who": "shop"}
"""
    server = faultd()
    put(cli, locustfile=SHOP.replace("    wait_time = constant(0.02)\n", "") + text)
    result = run(cli, server)
    decided(result.report, 0)
    assert result.ledger["ok"] > 0


UNREADABLE = {
    "syntax": ("x = 1\nclass Shop(:\n", "locustfile.py:2: SyntaxError"),
    "import": (
        "import os\nimport nothing_such\n",
        "locustfile.py:2: ModuleNotFoundError: No module named 'nothing_such'",
    ),
    "os exit": ("import os\n\nos._exit(3)\n", "locustfile.py: reading came to no end (exit code 3)"),
    "option": (
        "from locust import events\n\n\n@events.init_command_line_parser.add_listener\ndef more(parser):\n"
        "    parser.add_argument('--tenant', required=True)\n\n\n" + VISITOR,
        "the following arguments are required: --tenant; give --tenant after --",
    ),
}


@pytest.mark.parametrize("command", ["run", "lint"])
@pytest.mark.parametrize(("text", "needle"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_file_that_cannot_be_read_is_named_with_the_line_that_the_user_wrote(
    cli: Cli, untouched: Faultd, text: str, needle: str, command: str
) -> None:
    put(cli, locustfile=text)
    refused(run(cli, untouched, command=command), untouched, needle)


def test_a_secret_in_what_a_file_raises_is_not_shown(cli: Cli, untouched: Faultd) -> None:
    put(cli, locustfile="import os\nraise ValueError('\\x1b[31m' + os.environ['READINESS_PASSWORD'])\n")
    result = run(cli, untouched)
    refused(result, untouched, "locustfile.py:2: ValueError: [31m[secret]")
    assert "\x1b" not in result.said


@pytest.mark.parametrize("command", ["run", "lint"])
def test_fewer_users_than_user_classes_are_refused(cli: Cli, untouched: Faultd, command: str) -> None:
    put(cli, locustfile=VISITOR + SHOP.partition("\n")[2])
    cli.thresholds(LOOSE)
    (cli.folder / "thresholds.yaml").write_text(
        'version: 1\nservice: tested\nload: { users: 1 }\nchecks:\n  http.success_rate: { pass: "> 50 %" }\n'
    )
    where = (untouched.url, "--out", str(cli.out)) if command == "run" else ()
    refused(cli.plain(command, *where), untouched, "1 are too few for 2 user classes", "would never run")


def test_a_user_class_that_no_arrival_was_for_is_a_doubt(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd()
    rare = SHOP.partition("\n")[2].replace("    wait_time", "    weight = 0.000001\n    wait_time")
    put(cli, locustfile=VISITOR + rare)
    result = run(cli, server, load="  rate: 30 /s\n")
    assert result.exit_code == 3, str(result)
    assert "locustfile: Shop: 0 requests, the scenario never ran" in result.report["doubts"]
    assert server.seen("/api/shop") == 0


def test_lint_does_not_call_a_file_wrong_that_needs_its_target(cli: Cli, untouched: Faultd) -> None:
    fetch = f"import requests\nITEMS = requests.get({untouched.url!r} + '/api/items', timeout=9).text\n"
    put(cli, locustfile=fetch + VISITOR)
    result = run(cli, untouched, command="lint")
    assert result.exit_code == 0, str(result)
    assert "lint has no target" in result.stderr
    assert untouched.counts()["connections"] == 0


def test_an_endpoint_is_found_with_and_without_its_method(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd()
    put(cli, locustfile=VISITOR + '        self.client.post("/api/new", name="create")\n')
    scopes = ("/api/item", "GET /api/item", "create", "POST create", "locustfile")
    checks = LOOSE + "".join(f'  latency.max@{scope}: {{ pass: "< 60 s" }}\n' for scope in scopes)
    cli.thresholds(checks + '  latency.max@craete: { pass: "< 60 s", on_fail: note }\n', duration="1s")
    result = cli.plain("run", server.url, "--out", str(cli.out), "--format", "json,md")
    assert all(result.check(f"latency.max@{scope}")["value"] > 0 for scope in scopes)
    assert 'did you mean "POST create"?' in result.check("latency.max@craete")["message"]
    linted = cli.plain("lint")
    assert linted.exit_code == 2
    assert 'checks.latency.max@craete: no scenario and no endpoint has this name (did you mean "POST create"?)' in (
        linted.stderr
    )


def test_an_error_of_a_task_names_its_file_line_function_and_class(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd()
    inner = "def price(answer):\n    return answer['items'][0]\n\n\n"
    put(cli, locustfile=inner + VISITOR + "        price({})\n")
    result = run(cli, server)
    assert result.exit_code == 3, str(result)
    assert any(
        error.startswith("locustfile: Visitor: locustfile.py:2 in price: KeyError: 'items' (")
        for error in result.run["load"]["script_errors"]
    )


def test_one_reason_is_told_once_and_an_address_as_it_was_written(cli: Cli) -> None:
    put(cli, locustfile=VISITOR)
    five = LOOSE + "".join(f'  latency.{name}: {{ pass: "< 5 s" }}\n' for name in ("p50", "p95", "p99", "max"))
    cli.thresholds(five)
    result = cli.plain("run", "http://[::1]:9", "--out", str(cli.out))
    assert result.exit_code == 3, str(result)
    assert "http://[::1]:9" in result.stdout
    told = " ".join(result.stdout.replace("│", " ").split())
    assert told.count("connection refused") == 1
    assert "Start the service, or correct the address, then run again." in told
    assert "counting in the database" not in result.stderr
    assert "Tested: `http://[::1]:9`;" in result.text("report.md")


def test_what_a_failed_request_told_stands_on_the_terminal(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd(mode="status", code=400)
    put(cli, locustfile=VISITOR)
    result = run(cli, server)
    assert result.exit_code == 1, str(result)
    told = " ".join(result.stdout.replace("│", " ").split())
    assert re.search(r"GET /api/item: not one of \d+ requests succeeded: HTTP 400", told), told


@pytest.mark.parametrize("base", ["HttpUser", "FastHttpUser", "User"])
def test_every_client_trusts_the_authority_of_ssl_cert_file(cli: Cli, base: str) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(cli.folder / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    source = "readiness.scenario" if base == "User" else "locust"
    put(cli, locustfile=VISITOR.replace("from locust", f"from {source}").replace("HttpUser", base))
    cli.thresholds(LOOSE, duration="1s")
    line = ("run", f"https://127.0.0.1:{server.server_port}", "--out", str(cli.out))
    trusted = cli.plain(*line, SSL_CERT_FILE=str(cli.folder / "ca.pem"))
    decided(trusted.report, 0)
    assert trusted.ledger["ok"] > 0
    untrusted = cli.plain(*line)
    server.shutdown()
    server.server_close()
    assert untrusted.exit_code == 3
    assert "SSL_CERT_FILE=FILE" in untrusted.said


def test_credentials_in_the_url_are_refused_and_the_message_shows_the_way(cli: Cli, untouched: Faultd) -> None:
    put(cli, locustfile=VISITOR)
    cli.thresholds(LOOSE)
    url = untouched.url.replace("http://", "http://me:hidden-word@")
    result = cli.plain("run", url, "--out", str(cli.out))
    refused(result, untouched, 'self.client.auth = ("user", os.environ["READINESS_PASSWORD"])')
    assert "hidden-word" not in result.said
