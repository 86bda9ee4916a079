"""Recorded once, written by `readiness init`, run by `readiness run`: no value of the recording is needed."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar
from urllib.parse import urlencode, urlsplit

from tests.init.checked import refuse_foreign_code, refuse_unformatted
from tests.init.sources.recordings import entry, har
from tests.init.sources.shop import shop


class Forgetful(BaseHTTPRequestHandler):
    """Takes orders, and tells nobody their numbers."""

    protocol_version = "HTTP/1.1"
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(f"{self.command} {self.path}")
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.do_GET()

    def log_message(self, *words: object) -> None:
        """Silent."""


ORDERS = """\
{"info": {"name": "Orders", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"}, "item": [
  {"name": "All", "request": {"method": "GET", "url": "{{base}}/orders"}},
  {"name": "Make", "request": {"method": "POST", "url": "{{base}}/orders", "body": {"mode": "raw", "raw": "{}"}},
   "event": [{"listen": "test", "script": {"exec": ["pm.environment.set('made', pm.response.json().id);"]}}]},
  {"name": "One", "request": {"method": "GET", "url": "{{base}}/orders/{{made}}"}}]}
"""


def test_a_write_that_brought_no_id_is_sent_once_by_each_user_and_its_failure_is_told(tmp_path: Path) -> None:
    (tmp_path / "orders.json").write_text(ORDERS)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Forgetful)
    Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    made = readiness(tmp_path, "init", "orders.json")
    assert "sent once by every user although it writes" in made.stderr
    ran = readiness(tmp_path, "run", url, "--users", "2", "--duration", "4s", "--out", "out", "--format", "json")
    server.shutdown()
    server.server_close()
    assert Forgetful.asked.count("GET /orders") > 2
    assert Forgetful.asked.count("POST /orders") == 2, ran.stdout + ran.stderr
    assert json.loads((tmp_path / "out/report.json").read_text())["ledger"]["failed"] == {"assertion": 2}


class Browser:
    """Sends requests one by one and writes them down as a browser's recording does."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.entries: list[dict[str, object]] = []
        self.cookies: dict[str, str] = {}

    def ask(
        self, method: str, path: str, page: str, sent: str = "", media: str = "", **headers: str
    ) -> tuple[str, str]:
        """Body and Location of the answer."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=10)
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        all_headers = headers | ({"Cookie": cookie} if cookie else {}) | ({"Content-Type": media} if media else {})
        connection.request(method, path, sent or None, all_headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        assert answer.status < 400, (method, path, answer.status, text)
        for name, value in answer.getheaders():
            if name == "Set-Cookie":
                self.cookies[value.partition("=")[0]] = value.partition("=")[2].partition(";")[0]
        given = answer.getheader("Content-Type") or ""
        self.entries.append(
            entry(
                method, self.url + path, at_s=0.2 * len(self.entries), page=page, status=answer.status, answer=text,
                media=given, sent=sent, sent_media=media, headers=all_headers, answered=answer.getheaders(),
                kind="document" if "html" in given else "xhr",
            )
        )  # fmt: skip
        connection.close()
        return text, answer.getheader("Location") or ""


def visit(url: str) -> bytes:
    """The recording of a log-in, a list, one of it, and a payment."""
    browser = Browser(url)
    page, _ = browser.ask("GET", "/login", "p1")
    found = re.search(r'value="(\w+)"', page)
    assert found
    form = urlencode({"csrf": found[1], "email": "bob@shop.example", "password": "hunter2"})
    _, location = browser.ask("POST", "/login", "p2", form, "application/x-www-form-urlencoded")
    browser.ask("GET", location, "p2")
    listed, _ = browser.ask("GET", "/api/orders", "p2")
    number = json.loads(listed)["items"][0]["id"]
    browser.ask("GET", f"/api/orders/{number}?full=1", "p3")
    paid = json.dumps({"order_id": number})
    token = browser.cookies["xsrf"]
    _, location = browser.ask("POST", f"/api/orders/{number}/pay", "p3", paid, "application/json", **{"X-Xsrf": token})
    browser.ask("GET", urlsplit(location).path, "p3")
    return har(*browser.entries, titles={"p1": "Log in", "p2": "Orders", "p3": "Order"})


def readiness(folder: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "readiness", *arguments], cwd=folder, capture_output=True, text=True, check=False,
        env={**os.environ, **env}, timeout=100,
    )  # fmt: skip


def test_a_recorded_journey_runs_again_with_the_services_new_values(tmp_path: Path) -> None:
    with shop() as url:
        recorded = visit(url)
        (tmp_path / "shop.har").write_bytes(recorded)
        made = readiness(tmp_path, "init", "shop.har", "--out", "load")
        assert made.returncode == 0, made.stderr
        text = (tmp_path / "load" / "scenarios" / "journey.py").read_text()
        refuse_foreign_code(text)
        refuse_unformatted(tmp_path / "load/scenarios")
        assert "hunter2" not in text + made.stdout + made.stderr
        ran = readiness(
            tmp_path, "run", url, "--thresholds", "load/thresholds.yaml", "--users", "2", "--duration", "4s",
            "--out", "out", "--format", "json",
            READINESS_PASSWORD="hunter2", READINESS_VAR_USERNAME="bob@shop.example",
        )  # fmt: skip
    report = json.loads((tmp_path / "out/report.json").read_text())
    assert not report["ledger"]["failed"], ran.stdout + ran.stderr
    names = {endpoint["name"] for endpoint in json.loads((tmp_path / "out/run.json").read_text())["endpoints"]}
    assert {"POST /api/orders/{id}/pay", "GET /api/orders/{id}"} <= names
