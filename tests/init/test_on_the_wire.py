"""What a scenario of `readiness init` sends is what curl itself sends, with our client and with Locust's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.init.test_init_command import init

SCRIPT = """#!/bin/sh
set -e
BASE=URL
TOKEN=abc123secretvalue
curl -s -F name=joe -F age=5 -F 'meta={"a": 1};type=application/json' $BASE/form > /dev/null
curl -s -X PUT -F 'tag=red' -F 'tag="a;b"' $BASE/tags >/dev/null
curl -s -H "Authorization: Bearer $TOKEN" "$BASE/items?q=1" >/dev/null
curl -s http://joe:s3cret%21@HOST/admin --next -s -d a=b http://HOST/open >/dev/null
"""
VARIABLES = {
    "READINESS_TOKEN": "abc123secretvalue", "READINESS_VAR_USERNAME": "joe", "READINESS_PASSWORD": "s3cret!"
}  # fmt: skip
Sent = tuple[object, ...]


@contextmanager
def recording(sent: list[Sent]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            media, _, _ = (self.headers.get("Content-Type") or "").partition(";")
            shown: object = parts(body, self.headers["Content-Type"]) if media.startswith("multipart") else body
            sent.append((self.command, self.path, self.headers.get("Authorization"), media, shown))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        do_GET = do_POST = do_PUT = answer  # noqa: N815 as the standard library has them

        def log_message(self, *words: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def parts(body: bytes, media: str) -> list[Sent]:
    message = BytesParser().parsebytes(b"Content-Type: " + media.encode() + b"\r\n\r\n" + body)
    return [
        (part["Content-Disposition"], part["Content-Type"], part.get_payload(decode=True))
        for part in message.get_payload()
        if not isinstance(part, str)
    ]


@pytest.mark.skipif(shutil.which("curl") is None, reason="compares with curl itself")
def test_a_scenario_sends_what_curl_sends(tmp_path: Path) -> None:
    sent: list[Sent] = []
    with recording(sent) as host:
        script = SCRIPT.replace("URL", f"http://{host}").replace("HOST", host)
        (tmp_path / "shop.sh").write_text(script)
        subprocess.run(["sh", "shop.sh"], cwd=tmp_path, check=True)
        wanted = sorted(sent, key=str)
        assert len(wanted) == 5
        made = init(tmp_path, "shop.sh")
        assert made.returncode == 0, made.stderr
        assert "s3cret" not in "".join(file.read_text() for file in (tmp_path / "scenarios").iterdir())
        (file,) = (tmp_path / "scenarios").glob("*.py")
        text = file.read_text()
        for client in ("", "from locust import HttpUser as User  # the stock client\n"):
            file.write_text(text.replace("import User, ", "import ") if client else text)
            file.write_text(file.read_text().replace("\nfrom readiness", f"\n{client}from readiness", 1))
            sent.clear()
            tried = subprocess.run(
                [sys.executable, "-m", "readiness", "try", f"http://{host}"],
                cwd=tmp_path, env=os.environ | VARIABLES, capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert tried.returncode == 0, tried.stdout + tried.stderr
            assert sorted(sent, key=str) == wanted, client
