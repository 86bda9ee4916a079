"""`readiness init` from outside: what it writes, what it refuses, what it says."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from readiness.config.load import load
from readiness.config.scenario_notes import left_out
from tests.init.checked import refuse_foreign_code, refuse_unformatted

BAGS = """\
openapi: 3.0.3
info: {title: Bag service, version: '1'}
servers: [{url: https://user:hunter2@api.example.org/v1}]
security: [{token: []}]
paths:
  /bags:
    get:
      operationId: listBags
      parameters: [{name: limit, in: query, required: true, schema: {type: integer, default: 20}}]
      responses:
        200: {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Page'}}}}
    post:
      operationId: createBag
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Bag'}}}}
      responses: {201: {description: made}}
  /bags/{bagId}:
    parameters: [{name: bagId, in: path, required: true, schema: {type: string}}]
    get:
      operationId: getBag
      responses:
        200: {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Bag'}}}}
  /health:
    get: {responses: {200: {description: ok}}}
components:
  securitySchemes: {token: {type: http, scheme: bearer}}
  schemas:
    Page: {type: object, properties: {items: {type: array, items: {$ref: '#/components/schemas/Bag'}}}}
    Bag:
      type: object
      required: [id, password, parent]
      properties:
        id: {type: string}
        password: {type: string, example: hunter2}
        parent: {$ref: '#/components/schemas/Bag'}
"""


def init(folder: Path, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "readiness", "init", *arguments],
        cwd=folder,
        input=text or "",
        capture_output=True,
        text=True,
        check=False,
    )


def readiness(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "readiness", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def files_in(folder: Path) -> set[str]:
    return {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}


def test_an_openapi_file_becomes_scenarios_limits_and_a_pipeline(tmp_path: Path) -> None:
    (tmp_path / "bags.yaml").write_text(BAGS)
    done = init(tmp_path, "bags.yaml", "--target", "http://127.0.0.1:8000", "--ci", "github")
    assert done.returncode == 0, done.stderr
    assert files_in(tmp_path) == {
        "bags.yaml", "scenarios/bags.py", "thresholds.yaml", ".github/workflows/readiness.yml",
    }  # fmt: skip
    scenario = (tmp_path / "scenarios/bags.py").read_text()
    refuse_foreign_code(scenario)
    refuse_unformatted(tmp_path)
    assert 'self.bag_id = json_value(response, "items[0].id")' in scenario
    assert "    # Switched off, because it writes. To switch it on, put @task above it.\n    def create_bag" in scenario
    written = "".join((tmp_path / name).read_text() for name in files_in(tmp_path) - {"bags.yaml"})
    assert "hunter2" not in written + done.stdout + done.stderr
    config = load(tmp_path / "thresholds.yaml", {})
    assert config.load.scenarios == {"bags": 1}
    assert config.service == "bag-service"
    assert "limits.own" in {check.key for check in config.checks}, "nobody chose these limits"
    (left,) = left_out([str(tmp_path / "scenarios/bags.py")])
    assert left == "Not part of this load: POST /bags (switched off)."
    steps = done.stdout.splitlines()
    assert [line[:2] for line in steps] == ["1.", "2.", "3."]
    assert "set READINESS_TOKEN" in steps[0]
    assert steps[1] == "2. readiness try http://127.0.0.1:8000/v1"
    assert steps[2] == "3. readiness run http://127.0.0.1:8000/v1"
    assert "switched off: scenarios/bags.py: create_bag, because it writes" in done.stderr


def test_no_command_is_made_ready_for_a_server_that_only_the_source_names(tmp_path: Path) -> None:
    named = "servers: [{url: https://user:hunter2@api.example.org/v1}]"
    (tmp_path / "one.yaml").write_text(BAGS)
    done = init(tmp_path, "one.yaml", "--out", "one")
    _, tried, run = done.stdout.splitlines()
    assert tried.startswith("2. readiness try URL-OF-YOUR-TEST-SYSTEM --thresholds one/thresholds.yaml   # the source")
    assert "names https://api.example.org/v1: load it only if it is no production" in tried
    assert run == "3. readiness run URL-OF-YOUR-TEST-SYSTEM --thresholds one/thresholds.yaml"
    local = """\
servers:
  - {url: https://api.example.org/v1, description: production}
  - {url: "{scheme}://localhost:{port}/v1", variables: {scheme: {default: http}, port: {default: "18090"}}}"""
    (tmp_path / "two.yaml").write_text(BAGS.replace(named, local))
    done = init(tmp_path, "two.yaml", "--out", "two")
    assert done.stdout.splitlines()[1] == "2. readiness try http://localhost:18090/v1 --thresholds two/thresholds.yaml"


@pytest.mark.parametrize(
    ("server", "base"),
    [
        ("api.example.com/v1", "/v1"), ("localhost:8080/api", "/api"), ("//api.example.com/v1", "/v1"),
        ("://petstore.example/v2", "/v2"), ("https", ""), (".evil.test/v1", ""), ("@evil.test/v1", ""), ("/v1", "/v1"),
        (":81/v1", ""), ("ftp://evil.test/v1", ""),
    ],
)  # fmt: skip
def test_no_server_of_a_document_changes_the_host_of_the_target(tmp_path: Path, server: str, base: str) -> None:
    named = "https://user:hunter2@api.example.org/v1"
    (tmp_path / "one.yaml").write_text(BAGS.replace(named, f"'{server}'"))
    done = init(tmp_path, "one.yaml", "--target", "https://staging.shop.test")
    assert done.returncode == 0, done.stderr
    assert f"2. readiness try https://staging.shop.test{base} --allow-host staging.shop.test" in done.stdout
    assert 'allowed_hosts: ["staging.shop.test"]' in (tmp_path / "thresholds.yaml").read_text()


def test_the_certificate_of_an_https_target_is_a_check_from_the_start(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(BAGS)
    limit = 'tls.days_left: { pass: "> 14 days" }'
    for arguments, written in (
        (("--target", "https://staging.shop.test"), f"\n  {limit}"),
        ((), f"\n  # {limit}"),  # the source alone names one, over https
        (("--target", "http://127.0.0.1:8000"), ""),
    ):
        assert init(tmp_path, "one.yaml", "--force", *arguments).returncode == 0
        text = (tmp_path / "thresholds.yaml").read_text()
        assert written in text, arguments
        assert ("tls." in text) is bool(written)
        assert readiness(tmp_path, "lint").returncode == 0


ONLY_ONE = """\
openapi: 3.0.3
info: {title: Users, version: '1'}
paths:
  /users/{username}:
    get: {parameters: [{name: username, in: path, required: true, schema: {type: string}}], responses: {200: {}}}
  /search: {post: {tags: [users], requestBody: {content: {application/json: {example: {q: shoes}}}}}}
"""


def test_a_source_of_which_nothing_runs_becomes_files_that_say_what_is_missing(tmp_path: Path) -> None:
    done = init(tmp_path, "-", "--target", "http://127.0.0.1:8000", text=ONLY_ONE)
    assert done.returncode == 0, done.stderr
    assert files_in(tmp_path) == {"scenarios/_users.py", "thresholds.yaml"}
    assert "get_users_username, because nothing gives a value for {username}; it needs READINESS_VAR_USERNAME" in (
        done.stderr
    )
    assert "post_search, because it writes" in done.stderr
    first = done.stdout.splitlines()[0]
    assert first.startswith("1. Nothing would run yet (2 tasks switched off). Read scenarios: put @task above")
    assert first.endswith("; set READINESS_VAR_USERNAME.")
    refuse_unformatted(tmp_path)
    tried = readiness(tmp_path, "lint")
    assert (tried.returncode, "left out, because the name begins with _: _users.py" in tried.stderr) == (2, True)
    assert (
        "nothing to measure" in init(tmp_path, "-", "--target", "http://127.0.0.1:1", "--measure", text=ONLY_ONE).stderr
    )


def test_what_a_file_says_of_switching_it_on_is_all_there_is_to_do(tmp_path: Path) -> None:
    assert init(tmp_path, "-", "--target", "http://127.0.0.1:8000", text=ONLY_ONE).returncode == 0
    off, on, limits = (tmp_path / name for name in ("scenarios/_users.py", "scenarios/users.py", "thresholds.yaml"))
    text = off.read_text()
    assert (
        "above a method, rename the file to users.py,\nand add `users: 1` to load.scenarios in thresholds.yaml." in text
    )
    assert "because it writes; see the top of this file." in text
    on.write_text(text.replace("    def post_search", "    @task\n    def post_search"))
    off.unlink()
    limits.write_text(
        limits.read_text().replace("  # scenarios:", "  scenarios:").replace("  #   users: 1", "    users: 1")
    )
    linted = readiness(tmp_path, "lint")
    assert linted.returncode == 0, linted.stderr
    other = text.replace("    def post_search", "    @task\n    def post_search")
    (tmp_path / "scenarios/_others.py").write_text(other)
    (tmp_path / "scenarios/_helpers.py").write_text(other.replace("`readiness init`", "hand"))
    linted = readiness(tmp_path, "lint")
    assert "post_search has @task and never runs, because a file that begins with _ is left out" in linted.stderr
    assert "rename it to others.py, and add `others: 1` to load.scenarios" in linted.stderr
    assert "_helpers.py" not in linted.stderr


def test_files_that_stand_are_named_and_left_alone_without_force(tmp_path: Path) -> None:
    arguments = ("--target", "http://127.0.0.1:8000", "--path", "/", "--path", "/items?page=1")
    assert init(tmp_path, *arguments).returncode == 0
    before = {name: (tmp_path / name).read_text() for name in files_in(tmp_path)}
    (tmp_path / "scenarios/visitor.py").write_text("mine\n")
    done = init(tmp_path, *arguments)
    assert done.returncode == 2
    assert "scenarios/visitor.py: stands already; --force writes over it" in done.stderr
    assert "thresholds.yaml: stands already" in done.stderr
    assert (tmp_path / "scenarios/visitor.py").read_text() == "mine\n"
    assert init(tmp_path, *arguments, "--force").returncode == 0
    assert {name: (tmp_path / name).read_text() for name in files_in(tmp_path)} == before
    refuse_unformatted(tmp_path)


def test_a_link_on_the_way_is_not_followed_and_nothing_is_half_written(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "here").mkdir()
    (tmp_path / "here/scenarios").symlink_to(tmp_path / "elsewhere")
    done = init(tmp_path, "--target", "http://127.0.0.1:8000", "--out", "here", "--force")
    assert done.returncode == 2
    assert "is a link or no folder" in done.stderr
    assert files_in(tmp_path) == set()


@pytest.mark.parametrize(
    ("text", "arguments", "says"),
    [
        ("", (), "needs a SOURCE"),
        ("", ("missing.yaml",), "missing.yaml: cannot be read: no such file or directory"),
        ("", ("-",), "standard input: is empty"),
        ("hello there\n", ("-",), "is none of what init reads"),
        ('{"openapi": "3.0.0", "paths": ', ("-",), "standard input:1: is not JSON"),
        ("openapi: 3.0.0\npaths: [\n", ("-",), "standard input:3: is not YAML"),
        ("openapi: 3.0.0\ninfo: {}\n", ("-",), "paths: is not there"),
        ("openapi: 3.9.0x\npaths: {}\n", ("-",), "no operation could be read"),
        ("openapi: 3.0.0\npaths: " + "[" * 5000, ("-",), "is nested more than 200 deep"),
        (
            "openapi: 3.0.0\n" + "\n".join(" " * n + "a:" for n in range(1, 3000)),
            ("-",),
            "is nested more than 200 deep",
        ),
        ('{"openapi": "3.0.0", "paths": {"/a": {"get": {}}}}', ("-", "--path", "/"), "--path: goes without SOURCE"),
        ("", ("--target", "127.0.0.1:8000"), "--target: '127.0.0.1:8000' is not an http:// or https:// URL"),
        ("", ("--target", "http://h/$(id)"), "has a character that a pipeline cannot hold"),
        ("", ("--target", "http://127.0.0.1:1", "--path", "no"), "--path: 'no': must begin with /"),
        ("", ("--target", "http://127.0.0.1:1", "--ci", "travis"), "--ci: 'travis': give github, gitlab or jenkins"),
    ],
)
def test_what_cannot_be_read_ends_with_2_and_the_place_and_writes_nothing(
    tmp_path: Path, text: str, arguments: tuple[str, ...], says: str
) -> None:
    done = init(tmp_path, *arguments, text=text)
    assert done.returncode == 2, done.stderr
    assert says in done.stderr
    assert files_in(tmp_path) == set()


def test_a_reference_to_another_file_or_host_is_told_with_its_place_and_never_opened(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text('{"get": {"summary": "hunter2"}}')
    document = {
        "openapi": "3.1.0",
        "paths": {
            "/a": {"get": {"responses": {"200": {"description": "ok"}}}},
            "/b": {"$ref": "secret.json"},
            "/c": {"get": {"parameters": [{"$ref": "http://127.0.0.1:9/x.json#/p"}]}},
            "/d": {"get": {"parameters": [{"$ref": "#/components/parameters/round"}]}},
        },
        "components": {"parameters": {"round": {"$ref": "#/components/parameters/round"}}},
    }
    done = init(tmp_path, "-", "--target", "http://127.0.0.1:8000", text=json.dumps(document))
    assert done.returncode == 0, done.stderr
    assert "paths./b.$ref: secret.json: is outside this file and is not opened" in done.stderr
    assert "paths./c.get.parameters[0].$ref: http://127.0.0.1:9/x.json#/p: is outside this file" in done.stderr
    assert "paths./d.get.parameters[0].$ref: #/components/parameters/round: leads back to itself" in done.stderr
    assert "hunter2" not in (tmp_path / "scenarios/a.py").read_text() + done.stderr


def test_a_document_whose_parts_repeat_each_other_ends_in_time(tmp_path: Path) -> None:
    lines = ["openapi: 3.0.0", "x0: &x0 [lol, lol]"]
    lines += [f"x{n}: &x{n} [*x{n - 1}, *x{n - 1}, *x{n - 1}, *x{n - 1}]" for n in range(1, 30)]
    schema = "{example: *x29, allOf: [" + ", ".join(["{$ref: '#/components/schemas/A'}"] * 30) + "]}"
    lines += [
        "components: {schemas: {A: &a " + schema + "}}",
        "paths: {/a: {post: {requestBody: {content: {application/json: {schema: *a}}}}, get: {parameters: "
        "[{name: q, in: query, required: true, example: *x29}]}}, /b: {get: {}}}",
    ]
    done = init(tmp_path, "-", "--target", "http://127.0.0.1:8000", text="\n".join(lines))
    assert done.returncode in (0, 2), done.stderr
    assert "Traceback" not in done.stderr


def test_on_a_terminal_three_questions_are_asked_and_their_answers_are_the_files(tmp_path: Path) -> None:
    terminal, inside = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "readiness", "init"], cwd=tmp_path, stdin=inside, stdout=inside, stderr=inside
    )
    os.close(inside)
    os.write(terminal, b"http://127.0.0.1:8123\n/ /items\n250\n")
    said = b""
    while True:
        try:
            said += os.read(terminal, 65536)
        except OSError:  # the other end is closed
            break
    os.close(terminal)
    assert process.wait() == 0, said.decode()
    assert b"1/3" in said
    assert b"3/3" in said
    assert "/items" in (tmp_path / "scenarios/visitor.py").read_text()
    assert 'latency.p95: { pass: "< 250 ms"' in (tmp_path / "thresholds.yaml").read_text()


@pytest.mark.parametrize(("given", "limit"), [("500ms", "< 500 ms"), ("0.8s", "< 800 ms"), ("700", "< 700 ms")])
def test_the_time_of_95_of_100_answers_may_have_its_unit(tmp_path: Path, given: str, limit: str) -> None:
    done = init(tmp_path, "--target", "http://127.0.0.1:8000", "--path", "/", "--p95", given)
    assert done.returncode == 0, done.stderr
    assert f'latency.p95: {{ pass: "{limit}"' in (tmp_path / "thresholds.yaml").read_text()


def test_a_path_with_an_id_is_asked_for_as_it_is_and_counted_without_the_id(tmp_path: Path) -> None:
    done = init(tmp_path, "--target", "http://127.0.0.1:8000", "--path", "/orders/17?full=1")
    assert done.returncode == 0, done.stderr
    written = (tmp_path / "scenarios/visitor.py").read_text()
    assert 'get("/orders/17?full=1", name="/orders/{id}"' in written


def test_a_time_that_is_none_is_named(tmp_path: Path) -> None:
    done = init(tmp_path, "--target", "http://127.0.0.1:8000", "--path", "/", "--p95", "soon")
    assert done.returncode == 2
    assert '--p95: must be a duration such as "500ms"' in done.stderr


def test_commands_that_write_with_one_account_are_told(tmp_path: Path) -> None:
    order = 'curl -X POST http://127.0.0.1:8000/orders -H "Authorization: Bearer abcdefabcdef0123456789" -d "a=1"'
    done = init(tmp_path, "-", text=order)
    assert done.returncode == 0, done.stderr
    assert "1 request writes (POST /orders)" in done.stderr
    assert "all users have one account" in done.stderr
    assert "All users have one account" in (tmp_path / "scenarios/requests.py").read_text()


def test_a_log_in_with_the_form_of_a_page_is_written_from_a_flag(tmp_path: Path) -> None:
    words = '/in?next="+evil+"&a={x}'
    done = init(tmp_path, "--target", "http://127.0.0.1:8000", "--path", "/notes/", "--login", words)
    assert done.returncode == 0, done.stderr
    names = "READINESS_VAR_USERNAME, READINESS_PASSWORD"
    assert f"1. Read scenarios (1 task); choose the limits in thresholds.yaml; set {names}." in done.stdout
    text = (tmp_path / "scenarios/visitor.py").read_text()
    assert f"form_log_in(self.client, '{words}', username, password)" in text
    refuse_foreign_code(text)
    refuse_unformatted(tmp_path)
    for wrong, told in (
        (("--login", "in"), "--login: 'in': must begin with /"),
        (("x.har", "--login", "/in"), "--login: goes"),
    ):
        done = init(tmp_path, *wrong, "--target", "http://127.0.0.1:8000", "--out", "other")
        assert (done.returncode, told in done.stderr) == (2, True), done.stderr


def test_a_script_of_another_tool_is_refused_with_the_page_that_helps(tmp_path: Path) -> None:
    (tmp_path / "shop.js").write_text('import http from "k6/http";\nexport default () => http.get("http://a/");\n')
    (tmp_path / "plan.xml").write_text('<?xml version="1.0"?>\n<jmeterTestPlan version="1.2"></jmeterTestPlan>\n')
    for name, tool in (("shop.js", "a k6 script"), ("plan.xml", "a JMeter plan")):
        done = init(tmp_path, name)
        assert done.returncode == 2
        assert f"{name}: is none of what init reads" in done.stderr
        assert f"{tool} is not read" in done.stderr
        assert "docs/how-to/from-k6.md" in done.stderr
