"""What Windows' browsers copy as "cURL (cmd)" is the request that they sent."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.errors import ConfigError
from readiness.init.draft import Body, Draft, Variable
from readiness.init.sources import curl

SAFE = frozenset("_-:=+~'/.,?;()*` \n")
CHROME = r"""curl ^"http://127.0.0.1:9010/api/orders?page=1^&size=20^" ^
  -H ^"accept: application/json^" ^
  -H ^"authorization: Bearer abcdefSECRET12345^" ^
  -H ^"content-type: application/json^" ^
  --data-raw ^"^{^\^"qty^\^":1^}^"
"""
OLDER = r"""curl "http://127.0.0.1:9010/api/orders?page=1^&size=20" ^
  -H "sec-ch-ua: ^\^"Chromium^\^";v=^\^"99^\^"" ^
  -H "authorization: Bearer abcdefSECRET12345" ^
  -H "content-type: application/json" ^
  --data-raw "^{^\^"qty^\^":1^}" ^
  --compressed
"""
FIREFOX = (
    'curl "http://127.0.0.1:9010/api/orders?page=1&size=20" -X POST -H "authorization: Bearer abcdefSECRET12345" '
    '-H "content-type: application/json" --data-raw ^"^{^\\^"qty^\\^":1^}^"'
)


def read(text: str) -> Draft:
    return curl.read(text.encode(), "x.txt")


def as_browsers_quote(text: str, quote: str = '^"') -> str:
    """`text` as one word for cmd: a backslash before quotes and backslashes, then a caret before what is special."""
    found = []
    for character in text:
        quoted = f"\\{character}" if character in '\\"' else character
        found += [one if one in SAFE or (one.isascii() and one.isalnum()) else f"^{one}" for one in quoted]
    behind_percent = [f"^{one}" if found[at - 1 : at] == ["^%"] and one[0].isalnum() else one
                      for at, one in enumerate(found)]  # fmt: skip
    return quote + "".join("^\n\n" if one == "\n" else one for one in behind_percent) + quote


@pytest.mark.parametrize("text", [CHROME, OLDER, FIREFOX, CHROME.replace("\n", "\r\n"), CHROME.replace("^\n", "^ \n")])
def test_a_copy_for_cmd_is_one_post_with_its_body_headers_and_token(text: str) -> None:
    assert curl.recognises(text.encode())
    draft = read(text)
    (task,) = draft.scenarios[0].tasks
    (call,) = task.calls
    assert (call.method, call.path, call.query) == (
        "POST",
        ("/api/orders",),
        (("page", ("1",)), ("size", ("20",))),
    )
    assert call.body == Body("json", json={"qty": 1})
    scheme, token = dict(call.headers)["authorization"]
    assert (scheme, isinstance(token, Variable)) == ("Bearer ", True)
    assert (draft.target, draft.notes) == ("http://127.0.0.1:9010", ())


@given(st.text(st.characters(exclude_categories=["Cs", "Co", "Cn", "Cc"]), max_size=30), st.booleans())
def test_whatever_a_browser_quotes_comes_back_as_it_was(text: str, older: bool) -> None:
    sent = f"f={text}"
    word = as_browsers_quote(sent, '"' if older else '^"')
    draft = read(f'curl ^"http://127.0.0.1/x^" ^\n  --form-string {word} ^\n  --compressed')
    (call,) = draft.scenarios[0].tasks[0].calls
    assert call.body is not None
    assert ("".join(map(str, call.body.fields[0][1])) == text) or text.startswith(("eyJ", "AKIA"))


def test_lines_percent_signs_and_backslashes_of_a_body_are_kept() -> None:
    text = 'a\n"b" 100% %20 C:\\new\\ %PATH% ^x \\" end\\'
    draft = read(f'curl ^"http://127.0.0.1/x^" -H ^"content-type: text/plain^" --data-raw {as_browsers_quote(text)}')
    (call,) = draft.scenarios[0].tasks[0].calls
    assert call.body == Body("text", text=(text,))


def test_all_requests_of_the_page_and_variables_of_cmd() -> None:
    text = (
        "@echo off\r\nset BASE=http://127.0.0.1:8000\r\nREM the list\r\n"
        'curl -s "%BASE%/a" ^\r\n  -H "Authorization: Bearer %TOKEN%" -o nul 2>nul &\r\n'
        'curl ^"http://127.0.0.1:8000/b?q=^%^C3^%^BC^" > out.txt\r\n'
    )
    draft = read(text)
    first, second = (task.calls[0] for task in draft.scenarios[0].tasks)
    assert (first.method, first.path, second.path, second.query) == ("GET", ("/a",), ("/b",), (("q", ("ü",)),))
    assert dict(first.headers)["Authorization"] == (
        "Bearer ",
        Variable("READINESS_TOKEN", "variable TOKEN of the source"),
    )
    assert draft.target == "http://127.0.0.1:8000"
    assert draft.notes == ("2 other commands were left out (echo, REM): nothing of a source is run",)


@pytest.mark.parametrize(
    "text",
    [
        'curl ^"http://127.0.0.1/x^" ^\n  --data-raw ^"abc',
        '$session = New-Object Microsoft.PowerShell.Commands.WebRequestSession\nInvoke-WebRequest -Uri "http://x/"',
        'Invoke-WebRequest -UseBasicParsing -Uri "http://127.0.0.1/x" `\n-Method "POST"',
        'curl.exe "http://127.0.0.1/x" `\n  -H "accept: a/b"',
        'fetch("http://127.0.0.1/x", {"method": "POST"});',
    ],
)
def test_what_cannot_be_read_says_which_copy_can(text: str) -> None:
    assert curl.recognises(text.encode())
    with pytest.raises(ConfigError, match=r"copy it as cURL \(bash\)"):
        read(text)


def test_carets_of_other_shells_are_texts() -> None:
    (call,) = (
        read("curl http://127.0.0.1/x -d '{\"pattern\": \"^\"}' -H 'content-type: application/json'")
        .scenarios[0]
        .tasks[0]
        .calls
    )
    assert call.body == Body("json", json={"pattern": "^"})


@given(st.text(st.sampled_from('^"\\%&|<>\n\t aA1-\ue003'), max_size=60))
def test_no_text_breaks_the_reading(text: str) -> None:
    with suppress(ConfigError):
        read(f'curl ^"http://127.0.0.1/^" {text}')


def test_doubled_quotes_of_the_oldest_browsers_are_quotes() -> None:
    text = 'curl "http://127.0.0.1/x" -H "content-type: application/json" --data-binary "{""a"":""%20"",""b"":""""}"'
    (task,) = read(text).scenarios[0].tasks
    assert task.calls[0].body == Body("json", json={"a": "%20", "b": ""})
