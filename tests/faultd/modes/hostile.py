"""Text that attacks whoever shows it: HTML, terminal, Markdown, XML, CI log, parser.

Every text carries the element `x-pwned` or the word `PWNED`, so that a test can find the effect.
"""

from __future__ import annotations

import json

from tests.faultd.layers import Handler
from tests.faultd.modes.service import HTML
from tests.faultd.wire import reply

MARKUP = (
    "<script>x_pwned()</script>",
    "<x-pwned></x-pwned>",
    '"><x-pwned onmouseover="PWNED()">',
    "' onmouseover='PWNED()",
    "<img src=x onerror=PWNED()>",
    "</script></style></title></textarea></svg><x-pwned>",
    "{{7*7}}{% raw %}${7*7}",
    "]]><x-pwned/>",
    "&lt;x-pwned&gt;",
)
TERMINAL = (
    "\x1b[2J\x1b[31mPWNED\x1b]0;PWNED\x07\x1b]8;;http://pwned.invalid\x1b\\link",
    "\x9b31m\x9d0;PWNED\x9c",
    "\u202e DWNEP\u2066 \u200b\u2028",
    "[bold red]PWNED[/red][/bold][link=http://pwned.invalid]",
)
COMMANDS = (
    "\n::error::PWNED\n",
    "\n::stop-commands::PWNED\n",
    "\r::set-output name=PWNED::1\r",
    "\n##[set-env name=PWNED]1\n##vso[task.complete result=Succeeded]PWNED\n",
)
MARKDOWN = (
    "| PWNED | PWNED |\n|---|---|\n",
    "\n```\n# READY PWNED\n",
    "``` `PWNED` ```",
    "[PWNED](http://pwned.invalid) ![PWNED](http://pwned.invalid/x.png) <http://pwned.invalid>",
    "@PWNED <details><summary>PWNED</summary>",
    "\n\n# READY\n\n**Decision: READY PWNED**\n",
)
BROKEN = ("\x00PWNED\x00", "\ufffe\uffffPWNED", "\udcff\udcfe\udc80PWNED", "\udced\udca0\udc80PWNED")
"""The lone surrogates stand for raw bytes (surrogateescape): invalid UTF-8 on the wire."""

EVERYTHING = " ".join([*MARKUP, *TERMINAL, *COMMANDS, *MARKDOWN, *BROKEN])
ONE_LINE = "".join(" " if c in "\r\n\x00" else c for c in " ".join([*MARKUP, *TERMINAL, *COMMANDS, *MARKDOWN]))
"""What fits into a header or a reason phrase."""


def _bytes(text: str) -> bytes:
    # \ufffe and \uffff encode; the escaped bytes come out raw.
    return text.encode("utf-8", "surrogateescape")


def hostile(where: str = "body", code: int = 500) -> Handler:
    """`where`: body, headers, reason, json (keys and values), html (as text/html), line (1 MB without a break)."""
    match where:
        case "body":
            whole = reply(code, _bytes(EVERYTHING), "text/plain")
        case "html":
            whole = reply(code, _bytes(EVERYTHING), HTML)
        case "json":
            text = EVERYTHING.encode("utf-8", "replace").decode()
            whole = reply(code, json.dumps({"status": text, "error": text, text: text, "cache": text}).encode())
        case "headers":
            names = ("X-Frame-Options", "Server", "X-Cache", "Retry-After", "Content-Security-Policy", "X-Request-Id")
            whole = reply(code, b'{"error": "see headers"}', headers=[(name, ONE_LINE) for name in names])
        case "reason":
            whole = reply(code, b"{}", reason=ONE_LINE)
        case "line":
            whole = reply(code, b"<x-pwned>" + b"PWNED" * 200_000, "text/plain")
        case _:
            raise ValueError(f"hostile: there is no {where}")
    return lambda request, connection: whole
