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
        ("-F a=1 -F 'b=2;type=text/plain'", "POST", Body("form", fields=(("a", ("1",)), ("b", ("2",))))),
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
        '-H "Authorization: Bearer ${ACCESS_TOKEN}" '
        "-b 'sid=c00kie; a=b' -d 'password=hunter2' "
    )
    draft = read(text)
    (scenario,) = draft.scenarios
    call = scenario.tasks[0].calls[0]
    assert call.path == ("/", Variable("READINESS_VAR_TENANT", "variable TENANT of the source"), "/x")
    names = {part.name for _, value in (*call.query, *call.headers) for part in value if isinstance(part, Variable)}
    assert names == {"READINESS_SECRET_API_KEY", "READINESS_TOKEN", "READINESS_SECRET_COOKIE"}
    assert scenario.basic is not None
    assert isinstance(scenario.basic[1][0], Variable)
    assert not [secret for secret in ("s3", "k3y0", "c00kie", "hunter2") if secret in repr(draft).replace("s3cret", "")]


def test_several_commands_are_several_tasks_and_what_is_no_curl_is_left_out() -> None:
    draft = read(
        "# the list\n$ curl https://api.example/a | jq .\n\nrm -rf / ; curl https://api.example/$(whoami)/`id`\n"
        "curl --frobnicate -k https://api.example/b https://other.example/c"
    )
    assert [task.calls[0].name for task in draft.scenarios[0].tasks] == ["/a", "/{command}/`id`", "/b"]
    assert draft.notes == (
        "line 5: --frobnicate was left out",
        "line 5: --insecure was left out: certificates are always verified (SSL_CERT_FILE)",
        "2 other commands were left out: nothing of a source is run",
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
