"""A cURL command is read as a shell would read it, and nothing of it is run."""

from __future__ import annotations

import shlex
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.errors import ConfigError
from readiness.init.draft import Body, Call, Draft, Variable
from readiness.init.sources import curl


def read(text: str) -> Draft:
    return curl.read(text.encode(), "x.sh")


def call_of(text: str) -> Call:
    (task,) = read(text).scenarios[0].tasks
    assert task.enabled
    return task.calls[0]


def test_the_usual_options_say_the_request() -> None:
    call = call_of(
        "curl -sSLX PUT 'https://api.example/bags/17?full=1' \\\n  -H 'Content-Type: application/json' \\\r\n"
        """  -H"X-Trace: a" --compressed -d '{"a": "it'"'"'s"}'"""
    )
    assert (call.method, call.path, call.name) == ("PUT", ("/bags/17",), "/bags/{id}")
    assert call.query == (("full", ("1",)),)
    assert call.headers == (("X-Trace", ("a",)),)
    assert call.body == Body("json", json={"a": "it's"})
    assert call.follows


@pytest.mark.parametrize(
    ("options", "method", "body"),
    [
        ("-d a=1 -d b=2", "POST", Body("form", fields=(("a", ("1",)), ("b", ("2",))))),
        ("--data-urlencode 'q=a b&c'", "POST", Body("form", fields=(("q", ("a b&c",)),))),
        ("--json '{}'", "POST", Body("json", json={})),
        (
            "-F a=1 -F 'b=2;type=text/plain;charset=utf-8' -F 'c=\"x;\\\"y\" ;filename=z' -F 'a= 3 ' "
            "--form-string 'd=\";'",
            "POST",
            Body(
                "multipart",
                fields=(("a", ("1",)), ("b", ("2",)), ("c", ('x;"y',)), ("a", ("3",)), ("d", ('";',))),
                types=("", "text/plain;charset=utf-8", "", "", ""),
            ),
        ),
        ("-F a=1 -F f=@/etc/passwd", "POST", Body("multipart", fields=(("a", ("1",)),), types=("",))),
        ("-d 'plain text'", "POST", Body("text", text=("plain text",))),
        (
            "--data-raw $'{\"a\": \"\\u0021\\'\"}' -H 'content-type: application/json'",
            "POST",
            Body("json", json={"a": "!'"}),
        ),
        ("-G -d a=1", "GET", None),
        ("-I", "HEAD", None),
        ("-d @/etc/passwd", "POST", None),
        ("-F f=@/etc/passwd", "POST", None),
        ("-T /etc/passwd", "PUT", None),
    ],
)
def test_every_kind_of_body(options: str, method: str, body: Body | None) -> None:
    call = call_of(f"curl https://api.example/x {options}")
    assert (call.method, call.body) == (method, body)
    assert ("is not read" in call.comment) == ("/etc/passwd" in options)


def test_secrets_and_shell_variables_become_variables() -> None:
    text = (
        'curl -u bob:s3 "https://api.example/$TENANT/x?api_key=k3y0123456789" '
        "-b 'sid=c00kie; a=b' -d 'password=hunter2' --next "
        '-u ann:s4 -H "Authorization: Bearer ${ACCESS_TOKEN}" https://api.example/y'
    )
    draft = read(text)
    (scenario,) = draft.scenarios
    call, other = (task.calls[0] for task in scenario.tasks)
    assert call.path == ("/", Variable("READINESS_VAR_TENANT", "variable TENANT of the source"), "/x")
    names = {part.name for _, value in (*call.query, *call.headers) for part in value if isinstance(part, Variable)}
    assert names == {"READINESS_SECRET_API_KEY", "READINESS_SECRET_COOKIE"}
    assert call.basic is not None
    assert isinstance(call.basic[1][0], Variable)
    assert isinstance(dict(other.headers)["Authorization"][1], Variable)
    assert other.basic is None, "cURL sends no -u beside a header Authorization"
    shown = repr(draft).replace("s3cret", "")
    assert not [secret for secret in ("s3", "s4", "k3y0", "c00kie", "hunter2") if secret in shown]


def test_several_commands_are_several_tasks_and_what_is_no_curl_is_left_out() -> None:
    draft = read(
        "# the list\n$ curl https://api.example/a | jq .\n\nrm -rf / ; curl https://api.example/$(whoami)/`id`\n"
        "curl --frobnicate -k https://api.example/b https://other.example/c\n"
        "curl --cacert ca.pem --cert c.pem --key k.pem https://api.example/b"
    )
    assert [task.calls[0].name for task in draft.scenarios[0].tasks] == ["/a", "/{command}/`id`", "/b", "/b"]
    assert draft.notes == (
        "2 other commands were left out (jq, rm): nothing of a source is run",
        "line 5: --frobnicate was left out",
        "line 5: --insecure was left out: certificates are always verified (SSL_CERT_FILE)",
        "line 6: --cacert was left out: name the file under target.tls.ca in thresholds.yaml (or SSL_CERT_FILE)",
        "line 6: --cert was left out: name the file under target.tls.certificate in thresholds.yaml",
        "line 6: --key was left out: name the file under target.tls.key in thresholds.yaml",
        "left out, because only https://api.example is loaded: https://other.example (1)",
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "x.sh: line 1: no curl command begins here"),
        ("wget http://x/", "x.sh: line 1: no curl command begins here"),
        ("curl -s", "x.sh: line 1: this curl command has no URL"),
        ("curl http://x/ \\\n -d 'abc", "x.sh: line 2: a quotation begins here and does not end"),
        ("curl http://x/ -d $'abc", "x.sh: line 1: a quotation begins here and does not end"),
    ],
)
def test_what_is_no_command_is_refused_with_its_line(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read(text)
    assert str(refused.value) == said


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Co", "Cn"]), max_size=30), min_size=1, max_size=5))
def test_whatever_a_shell_quotes_comes_back_as_it_was(texts: list[str]) -> None:
    pairs = [(f"f{number}", text) for number, text in enumerate(texts)]
    words = [word for name, text in pairs for word in ("--form-string", f"{name}={text}")]
    call = call_of(shlex.join(["curl", "https://api.example/x", *words]))
    assert call.body is not None
    kept = {name: "".join(map(str, value)) for name, value in call.body.fields}
    assert all(kept[name] == text or text.startswith(("eyJ", "AKIA")) for name, text in pairs)


@given(st.text(max_size=200))
def test_no_text_breaks_the_reading(text: str) -> None:
    with suppress(ConfigError):
        read(f"curl {text}")


def test_a_command_is_recognised_by_its_beginning() -> None:
    assert curl.recognises(b"# how to\n\n$ curl -s http://x/")
    assert curl.recognises(b"curl")
    assert not curl.recognises(b"### curl\nGET http://x/")
    assert not curl.recognises(b"{}")


SCRIPT = """#!/bin/sh
# what a shop is asked for, as it's done in the morning
set -e
export BASE=http://127.0.0.1:9010
TOKEN=abc123secretvalue LIMIT=20
ID=$(date +%s)
cd "$(dirname "$0")"
curl -sS -H "Authorization: Bearer $TOKEN" "$BASE/v?limit=$LIMIT&at=$ID" > /dev/null 2>&1
if curl -f "$BASE/up" >out.json; then echo "it's up"; fi
for id in 1 2; do
  time curl -X POST "${BASE}/bags/$id" -d @- <<EOF | jq .
{"it's": "a text"}
EOF
done
LOGIN=$(curl -s "$BASE/login")
"""


def test_of_a_script_the_curl_commands_are_read_and_the_rest_is_told() -> None:
    assert curl.recognises(SCRIPT.encode())
    draft = read(SCRIPT)
    first, up, bag = (task.calls[0] for task in draft.scenarios[0].tasks)
    assert draft.target == "http://127.0.0.1:9010"
    assert dict(first.headers)["Authorization"] == ("Bearer ", Variable("READINESS_TOKEN", "variable TOKEN"))
    assert first.query == (("limit", ("20",)), ("at", (Variable("READINESS_VAR_ID", "variable ID of the source"),)))
    assert (up.method, up.path) == ("GET", ("/up",))
    assert (bag.method, bag.path[0]) == ("POST", "/bags/")
    assert "abc123" not in repr(draft)
    assert draft.notes == (
        "7 other commands were left out (set, cd, echo, fi, for, …): nothing of a source is run",
        "line 15: a curl command inside $(…) is not read",
        "line 11: the file of --data is not read: the request is sent without it",
    )


def test_a_variable_that_is_set_twice_is_asked_for() -> None:
    draft = read('A=1\ncurl "http://127.0.0.1/$A"\nA=2\ncurl "http://127.0.0.1/$A"\n')
    assert [task.calls[0].path[-1] for task in draft.scenarios[0].tasks] == [
        Variable("READINESS_VAR_A", "variable A of the source")
    ] * 2


def test_a_secret_inside_a_variable_of_another_name_stands_nowhere() -> None:
    draft = read('AUTH="Bearer s3cr3t-t0ken"\nPW=hunter2\ncurl -u "joe:$PW" -H "X-A: 1" http://127.0.0.1/a\n'
                 'curl -H "Authorization: $AUTH" http://127.0.0.1/b -d "password=$PW"\n')  # fmt: skip
    assert not [secret for secret in ("s3cr3t", "hunter2") if secret in repr(draft)]


@pytest.mark.parametrize(
    ("options", "basic"),
    [
        ("http://joe:s3cret%21@api.example/x", ("joe", "s3cret!")),
        ("joe:s3cret%21@api.example/x", ("joe", "s3cret!")),
        ("-u joe:s3cret! http://api.example/x", ("joe", "s3cret!")),
        ('"http://$WHO:$PASSWORD@api.example/x"', None),
    ],
)
def test_credentials_before_the_host_are_those_of_basic(options: str, basic: tuple[str, str] | None) -> None:
    draft = read(f"curl {options}")
    (scenario,) = draft.scenarios
    assert (draft.target, scenario.tasks[0].calls[0].path) == ("http://api.example", ("/x",))
    assert scenario.basic is not None
    (user,), (password,) = scenario.basic
    assert isinstance(user, Variable)
    assert isinstance(password, Variable)
    assert password.name == "READINESS_PASSWORD"
    assert user.name == ("READINESS_VAR_USERNAME" if basic else "READINESS_VAR_WHO")
    assert "s3cret" not in repr(draft)


def test_next_begins_another_request() -> None:
    draft = read(
        "curl -u a:b http://x.example/1 --next -d a=b http://x.example/2 -: -sX PUT http://x.example/3 -s: http://x.example/4"
    )
    calls = [task.calls[0] for task in draft.scenarios[0].tasks]
    assert [(call.method, call.path, call.body is None) for call in calls] == [
        ("GET", ("/1",), True),
        ("POST", ("/2",), False),
        ("PUT", ("/3",), True),
        ("GET", ("/4",), True),
    ]


def test_words_of_the_shell_are_no_addresses() -> None:
    draft = read(
        "> curl http://x.example/1 >out 2>&1 <in >>'a log' 3<<<here &>/dev/null\n% curl 'http://x.example/>' -o '>'"
    )
    assert [task.calls[0].path for task in draft.scenarios[0].tasks] == [("/1",), ("/>",)]
    assert draft.notes == ()
