"""Text that ends up in reports, terminals and CI logs."""

from __future__ import annotations

import json

from benchmarks.foreign.parser import Parser


def parsers() -> tuple[Parser, ...]:
    """Those of this room; imports what they need."""
    from readiness.cli import exchange
    from readiness.measurements import strict
    from readiness.report import markdown_text, workflow_commands
    from readiness.text import clean
    from readiness.text.log_in_pages import leads_to_log_in
    from readiness.text.redaction import redact

    words = (
        "plain \u202e text \U000e0041 ##vso[x] ::error::y".encode(),
        b"`code` **x** [a](b) <i> | # @name :warning: www.x ``` (`a b`)",
        b"fe80::1 ::add-mask::x a::b :::: 10:20",
        b"czNjcjN0LXZhbHVl %73%33 &#115; \\x73 \\u0073 73 65 63 [115, 51, 99] s3cr3t-v\xe2\x80\xa6",
    )
    answers = (
        b'http://x/a?token=b&c=d\nsid=abc; Path=/, t.k=1\n{"access_token": "eyJhbGciOiJI.eyJzdWIi.abc", "a": "b"}',
        b"/login\n/next?code=1\n<input type=hidden name=csrf value='abc'> <meta name=token content=x> password=b;",
        b'http://[::1]:80/\nBearer realm="a"\n{"secret\\"": "a\\"b", "session": "',
    )
    secrets = ("s3cr3t-value-9Xz", "p\u00e4ss w\u00f6rd&1")

    def text(data: bytes) -> str:
        return data.decode("utf-8", "surrogateescape")

    def exchange_lines(data: bytes) -> object:
        """The shape is our own child's; address, fields, told values and the body (cut by load.tryout) are not."""
        url, _, rest = text(data).partition("\n")
        header, _, body = rest.partition("\n")
        told = exchange.Told()
        shown = {
            "method": "GET", "name": "GET /", "url": url, "trail": header, "status": 200, "ms": 1.0, "failure": header,
            "headers": [[name, header] for name in exchange._SHOWN], "body": body[:2000],
            "size": len(body), "binary": False, "extracted": [["token", header[:100]], ["id", body]],
        }  # fmt: skip
        return list(exchange.lines({"exchange": shown, "hidden": False}, told)), exchange.summary(told)

    return (
        Parser("clean", ("text.outside",), lambda data: clean(text(data)), (), words),
        Parser(
            "redaction",
            ("text.redaction", "text.disguise", "text.decoding", "text.byte_lists", "text.finder", "text.gaps"),
            lambda data: redact(text(data), secrets),
            (),
            words,
        ),
        Parser("exchanges of try", ("cli.exchange",), exchange_lines, (), answers, 2),
        Parser(
            "log-in pages",
            ("text.log_in_pages",),
            lambda data: leads_to_log_in("/account", text(data).partition("\n")[0], data),
            (),
            (b"/sign-in?next=/account\n<form><input name=p type='password'>", b"/\n<input type = password <INPUT"),
        ),
        Parser("JSON of ours", ("measurements.strict",), lambda data: json.loads(strict.line(text(data))), (), words),
        Parser(
            "Markdown",
            ("report.markdown_text",),
            lambda data: (markdown_text.prose(text(data)), markdown_text.cell_code(text(data))),
            (),
            words,
        ),
        Parser(
            "workflow commands",
            ("report.workflow_commands",),
            lambda data: workflow_commands.harmless(text(data)),
            (),
            words,
        ),
    )
