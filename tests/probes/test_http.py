from __future__ import annotations

import time
from http.server import BaseHTTPRequestHandler

import pytest

from readiness.config.probes import Probes
from readiness.errors import NotMeasured
from readiness.measurements.provenance import Target
from readiness.probes import rate_limit, response_headers
from readiness.probes.evidence import Evidence
from readiness.probes.http import FetchFailed, Getter
from readiness.probes.sampler import Readings
from tests.faultd.client import free_port
from tests.probes.conftest import Site, raw, reply, target

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
DRIP = [b"x"] * 100


def failure(url: str, path: str = "/", timeout_s: float = 0.5) -> FetchFailed:
    with Getter(target(url)) as getter, pytest.raises(FetchFailed) as caught:
        getter.get(path, timeout_s=timeout_s)
    return caught.value


@pytest.mark.parametrize(
    "script",
    [
        raw(HEAD + b"Content-Length: 60\r\n\r\n", *DRIP, pause_s=0.1),
        raw(HEAD + b"X-Slow: ", *DRIP, pause_s=0.1),
        raw(*[b"HTTP/1.1 100 Continue\r\n\r\n"] * 100, pause_s=0.1),
        raw(b"", pause_s=20.0),
    ],
    ids=["body drips", "headers drip", "endless 100 Continue", "silence"],
)
def test_the_deadline_is_for_the_whole_answer(site: Site, script: object) -> None:
    site.paths["/"] = script  # type: ignore[assignment]
    started_s = time.monotonic()
    error = failure(site.url)
    assert error.failure == "timeout"
    assert str(error) == "/: timed out after 0.5 s"
    assert time.monotonic() - started_s < 9, "it waited for the end"


def test_an_endless_body_is_cut_at_the_cap(site: Site) -> None:
    site.paths["/"] = raw(HEAD + b"\r\n", *[b"x" * 65536] * 400)
    error = failure(site.url, timeout_s=30)
    assert error.failure == "too_large"
    assert "larger than 1 MiB" in str(error)


def test_a_body_in_very_many_pieces_is_left(site: Site) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    site.paths["/"] = raw(head, *[b"1\r\nx\r\n" * 10_000] * 10, b"0\r\n\r\n")
    error = failure(site.url, timeout_s=30)
    assert (error.failure, "pieces" in str(error)) == ("too_large", True)


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (raw(b"\x00\x01\xff garbage \x1b[31m\r\n\r\n"), "protocol"),
        (raw(b""), "reset"),
        (raw(HEAD + b"Content-Length: 100\r\n\r\nshort"), "truncated"),
    ],
    ids=["garbage", "closed", "cut short"],
)
def test_broken_answers_have_their_class_and_clean_words(site: Site, script: object, kind: str) -> None:
    site.paths["/"] = script  # type: ignore[assignment]
    error = failure(site.url, timeout_s=30)
    assert error.failure == kind
    assert str(error).isprintable()


def test_a_closed_port_is_connection_refused() -> None:
    error = failure(f"http://127.0.0.1:{free_port()}")
    assert (error.failure, str(error)) == ("connect_refused", "/: connection refused")


def test_a_redirect_is_an_answer_and_not_followed(site: Site, other_site: Site) -> None:
    site.paths["/"] = reply(302, b"", ("Location", f"{other_site.url}/stolen"))
    with Getter(site.target) as getter:
        assert getter.get("/").status == 302
    assert other_site.seen == []


def test_n14_proxies_of_the_environment_are_not_used(
    site: Site, other_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.paths["/"] = reply(200, b"direct")
    monkeypatch.setenv("HTTP_PROXY", other_site.url)
    monkeypatch.setenv("ALL_PROXY", other_site.url)
    with Getter(site.target) as getter:
        assert getter.get("/").body == b"direct"
    assert other_site.seen == []


@pytest.mark.parametrize("path", ["@127.0.0.2/", ".example.org/", "http://127.0.0.2/", "stats", "9/"])
def test_a_path_cannot_leave_the_target(site: Site, path: str) -> None:
    with Getter(site.target) as getter, pytest.raises(NotMeasured, match="path"):
        getter.get(path)
    assert site.seen == []


def test_a_kept_connection_that_the_server_closed_is_opened_again(site: Site) -> None:
    body = HEAD + b"Content-Length: 2\r\n\r\nok"
    site.paths["/"] = raw(body)  # announces keep-alive, then closes
    with Getter(site.target) as getter:
        assert [getter.get("/").body for _ in range(5)] == [b"ok"] * 5


def test_cookies_of_one_answer_are_not_sent_with_the_next_request(site: Site) -> None:
    sent: list[str | None] = []

    def answer(handler: object) -> None:
        sent.append(handler.headers["Cookie"])  # type: ignore[attr-defined]
        reply(200, b"", ("Set-Cookie", "session=1"))(handler)  # type: ignore[arg-type]

    site.paths["/"] = answer
    with Getter(site.target) as getter:
        getter.get("/")
        getter.get("/")
    assert sent == [None, None]


def test_a_request_goes_to_the_pinned_address_whatever_the_name_means_now(site: Site) -> None:
    seen: list[str] = []

    def answer(handler: object) -> None:
        seen.append(handler.headers["Host"])  # type: ignore[attr-defined]
        reply(200, b"pinned")(handler)  # type: ignore[arg-type]

    site.paths["/"] = answer
    port = site.url.rpartition(":")[2]
    with Getter(Target("shop", f"http://shop.invalid:{port}", ("127.0.0.3", "127.0.0.1"))) as getter:
        assert getter.get("/").body == b"pinned"  # the first address refuses, the name has none at all
    assert seen == [f"shop.invalid:{port}"]


@pytest.mark.parametrize(
    "line",
    [
        b"Set-Cookie: a=b; expires=Thu, 99 Foo 99999 99:99:99 GMT; max-age=" + b"9" * 5000,
        b"Set-Cookie: \xff=\x80; domain=..; path=\xff; version=\xb2",
        b"Date: yesterday",
        b"Content-Type: text/html; charset=undefined",
        b"Content-Encoding: gzip, br, ,",
        b"Server-Timing: " + b"a;" * 1900,
        b"Server-Timing: a;dur=1e309, b;dur=\xb2",
        b"RateLimit-Policy: " + b"a " * 1990,
        b"RateLimit-Policy: " + b"q=1;w=" * 600,
        b"RateLimit: " + b"limit=" * 600,
        b"Permissions-Policy: " + b"(," * 1900,
        b"Strict-Transport-Security: max-age=\xb2",
    ],
)
def test_a_malformed_header_is_read_as_text_or_not_at_all_and_quickly(site: Site, line: bytes) -> None:
    site.paths["/"] = raw(HEAD + (line + b"\r\n") * 15 + b"Content-Length: 2\r\n\r\n{}")
    with Getter(site.target) as getter:
        answer = getter.get("/")
    evidence = Evidence(Probes(), Readings({}, True), pages={"/": answer}, https=True)
    started_s = time.process_time()
    for conclude in (response_headers.rules, response_headers.grade, rate_limit.active):
        (measured,) = conclude(evidence)
        assert measured.value is not None
    assert list(rate_limit.declarations(answer)) == []
    assert time.process_time() - started_s < 5, "a quadratic search takes minutes"


def test_a_cookie_is_never_sent_back(site: Site) -> None:
    sent: list[str | None] = []

    def run(handler: BaseHTTPRequestHandler) -> None:
        sent.append(handler.headers["Cookie"])
        reply(200, "", ("Set-Cookie", "a=b; Path=/"))(handler)

    site.paths["/"] = run
    with Getter(site.target) as getter:
        getter.get("/")
        getter.get("/")
    assert sent == [None, None]
