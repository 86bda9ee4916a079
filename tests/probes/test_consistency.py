"""A server whose read shows a write at once, a while later, or never."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler

import pytest

from readiness.config.probes import Consistency, RequestSettings
from readiness.errors import NotMeasured
from readiness.measurements.run import Measurement
from readiness.probes import consistency, forms
from tests.probes.conftest import Script, Site, document, in_turn, reply


def taken(handler: BaseHTTPRequestHandler) -> str:
    """The body of the request."""
    return handler.rfile.read(int(handler.headers.get("Content-Length", 0))).decode()


class Shelf:
    """One number behind a cache with a time to live."""

    def __init__(self, ttl_s: float) -> None:
        self.ttl_s = ttl_s
        self.value = 0
        self.cached: tuple[float, int] | None = None

    def read(self, handler: BaseHTTPRequestHandler) -> None:
        now_s = time.monotonic()
        if self.cached is None or now_s - self.cached[0] >= self.ttl_s:
            self.cached = now_s, self.value
        reply(200, json.dumps({"bag": {"state": self.cached[1]}}))(handler)

    def write(self, handler: BaseHTTPRequestHandler) -> None:
        taken(handler)
        self.value += 1
        reply(204)(handler)


def measure(site: Site, *, within_s: float, times: int = 1, sign_in: RequestSettings | None = None) -> Measurement:
    read = RequestSettings("/bag", pointer="/bag/state")
    pair = Consistency(RequestSettings("/scan"), read, within_s, times, sign_in)
    return consistency.measure(site.target, pair, lambda: False)


@pytest.mark.parametrize(
    ("ttl_s", "within_s", "times", "value", "observed"),
    [
        (0.0, 5.0, 3, 100.0, "visible after"),
        (0.3, 8.0, 1, 100.0, "visible after"),
        (9.0, 0.2, 1, 0.0, "not visible"),
        (1e9, 0.3, 2, 0.0, "not visible"),
    ],
    ids=["at once", "within the TTL", "later than promised", "never"],
)
def test_a_write_must_be_visible_within_the_promise(
    site: Site, ttl_s: float, within_s: float, times: int, value: float, observed: str
) -> None:
    shelf = Shelf(ttl_s)
    site.paths |= {"/bag": shelf.read, "/scan": shelf.write}
    measured = measure(site, within_s=within_s, times=times)
    assert measured.value == value
    assert measured.samples == times == shelf.value
    assert [observed in str(detail.observed) for detail in measured.details] == [True] * times
    assert {detail.ok for detail in measured.details} == {value == 100.0}


STATE = document({"bag": {"state": 1}})


@pytest.mark.parametrize(
    ("read", "write", "reason"),
    [
        (STATE, reply(403), "the write was answered 403"),
        (STATE, reply(302, "", ("Location", "http://127.0.0.1:1/")), "the write was answered 302"),
        (reply(500), reply(204), "the read was answered 500"),
        (document({}), reply(204), "/bag /bag/state: the JSON has nothing there"),
        (reply(200, "<html>"), reply(204), "/bag /bag/state"),
        (in_turn(STATE, reply(503)), reply(204), "the read was answered 503"),
    ],
)
def test_what_cannot_be_written_or_read_is_not_measured(site: Site, read: Script, write: Script, reason: str) -> None:
    site.paths |= {"/bag": read, "/scan": write}
    with pytest.raises(NotMeasured, match=reason):
        measure(site, within_s=0.2)


def test_without_a_declared_pair_nothing_is_written(site: Site) -> None:
    with pytest.raises(NotMeasured, match="never guessed"):
        consistency.measure(site.target, None, lambda: False)
    assert site.seen == []


def test_the_cookies_of_the_sign_in_go_along(site: Site) -> None:
    shelf = Shelf(0.0)

    def only_signed_in(script: Script) -> Script:
        def run(handler: BaseHTTPRequestHandler) -> None:
            (script if handler.headers["Cookie"] == "session=abc" else reply(401))(handler)

        return run

    site.paths |= {"/bag": only_signed_in(shelf.read), "/scan": only_signed_in(shelf.write)}
    site.paths["/login"] = reply(200, "", ("Set-Cookie", "session=abc; HttpOnly; Path=/"))
    assert measure(site, within_s=5.0, sign_in=RequestSettings("/login")).value == 100.0
    site.paths["/login"] = reply(200)
    with pytest.raises(NotMeasured, match="no cookie came"):
        measure(site, within_s=5.0, sign_in=RequestSettings("/login"))


PAGE = b"""<form><input type="hidden" name="csrf" value="a&amp;b=1"><INPUT TYPE=hidden NAME=next>
<input name="user" value="no"><input type=hidden value=nameless><p title='<input type="hidden" name="x">'></form>"""


def test_a_form_gives_its_hidden_fields_and_its_cookies(site: Site) -> None:
    shelf = Shelf(0.0)
    sent: list[tuple[str, str, bytes]] = []

    def log_in(handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        if handler.command == "GET":
            reply(200, PAGE, ("Set-Cookie", "nonce=n1; Path=/"))(handler)
            return
        sent.append((handler.headers["Cookie"], handler.headers["Content-Type"], body))
        reply(303, "", ("Set-Cookie", "session=abc; HttpOnly"), ("Location", "/dashboard"))(handler)

    site.paths |= {"/bag": shelf.read, "/scan": shelf.write, "/login": log_in}
    sign_in = RequestSettings("/login", "POST", body="user=probe", form="/login")
    assert measure(site, within_s=5.0, sign_in=sign_in).value == 100.0
    assert sent == [("nonce=n1", "application/x-www-form-urlencoded", b"csrf=a%26b%3D1&next=&user=probe")]
    site.paths["/login"] = reply(503)
    with pytest.raises(NotMeasured, match="the form was answered 503"):
        measure(site, within_s=5.0, sign_in=sign_in)


@pytest.mark.parametrize("page", [b"", b"\xff<input", b"<input type=hidden name=" * 5000, b"<![if" * 500])
def test_a_hostile_page_has_few_fields_or_none(page: bytes) -> None:
    assert len(forms.hidden_fields(page)) <= forms._MAX_FIELDS


class Setter:
    """Holds what was written last; a reader sees it at once."""

    def __init__(self) -> None:
        self.value = "none"
        self.written: list[str] = []

    def read(self, handler: BaseHTTPRequestHandler) -> None:
        reply(200, json.dumps({"v": self.value}))(handler)

    def write(self, handler: BaseHTTPRequestHandler) -> None:
        self.value = taken(handler)
        self.written.append(self.value)
        reply(204)(handler)


def setting(site: Site, body: str) -> tuple[Measurement, list[str]]:
    setter = Setter()
    site.paths |= {"/read": setter.read, "/write": setter.write}
    pair = Consistency(
        RequestSettings("/write", "POST", body=body), RequestSettings("/read", pointer="/v"), within_s=0.3, times=3
    )
    return consistency.measure(site.target, pair, lambda: False), setter.written


def test_a_body_with_a_number_in_it_is_another_one_with_every_write_and_every_run(site: Site) -> None:
    measured, written = setting(site, '{"state": {n}}')
    assert measured.value == 100
    numbers = [json.loads(body)["state"] for body in written]
    assert numbers == sorted(set(numbers))
    assert all(1_700_000_000 < number < 2**31 for number in numbers)


def test_a_write_that_is_the_same_each_time_is_not_held_against_the_cache(site: Site) -> None:
    with pytest.raises(NotMeasured, match=r"POST /write: write 2 was not seen, .* put \{n\} into it"):
        setting(site, "always this")


def stale(*values: object) -> Script:
    """Caches behind one port, in turn, that no write ever reaches."""
    return in_turn(*(document({"state": value, "at": "x"}) for value in values), forever=True)


def unheard(handler: BaseHTTPRequestHandler) -> None:
    taken(handler)
    reply(204)(handler)


def seen_of(site: Site, body: str, pointer: str = "/state", headers: Mapping[str, str] | None = None) -> Measurement:
    site.paths["/write"] = unheard
    write = RequestSettings("/write", "POST", headers or {}, body)
    pair = Consistency(write, RequestSettings("/read", pointer=pointer), within_s=0.3, times=2)
    return consistency.measure(site.target, pair, lambda: False)


def ticking(handler: BaseHTTPRequestHandler) -> None:
    document({"state": int(time.time()), "at": "x"})(handler)


NUMBERS = itertools.count()


def counting(handler: BaseHTTPRequestHandler) -> None:
    document({"state": next(NUMBERS), "at": "x"})(handler)


@pytest.mark.parametrize(
    "read", [stale(1, 2), stale("a", "b", "c"), ticking, counting], ids=["two", "three", "clock", "counter"]
)
@pytest.mark.parametrize("body", ['{"state": {n}}', "state={n}", '{"x": [], "state" : "note {n}"}'])
def test_c11_another_value_is_not_the_value_that_was_written(site: Site, read: Script, body: str) -> None:
    site.paths["/read"] = read
    measured = seen_of(site, body)
    assert measured.value == 0
    assert {detail.observed for detail in measured.details} == {"not visible"}


@pytest.mark.parametrize("read", [stale(1, 2), ticking, counting], ids=["two", "clock", "counter"])
def test_a_value_that_changes_without_a_write_shows_none(site: Site, read: Script) -> None:
    site.paths["/read"] = read
    for body, headers in (("", {}), ("", {"Idempotency-Key": "{n}"}), ("always this", {})):
        with pytest.raises(NotMeasured, match="/read /state: the value changes without a write"):
            seen_of(site, body, headers=headers)


def test_a_counter_beside_a_written_number_is_no_evidence_for_or_against_it(site: Site) -> None:
    shelf = Shelf(0.0)
    site.paths |= {"/read": shelf.read}
    pair = Consistency(
        RequestSettings("/scan", "POST", body='{"key": {n}}'), RequestSettings("/read", pointer="/bag/state"), 0.3
    )
    site.paths["/scan"] = shelf.write
    with pytest.raises(NotMeasured, match=r"the value went from 0 to 1, so nobody can tell .* in a header"):
        consistency.measure(site.target, pair, lambda: False)
    by_header = replace(pair, write=RequestSettings("/scan", "POST", {"Idempotency-Key": "{n}"}))
    assert consistency.measure(site.target, by_header, lambda: False).value == 100


def test_a_write_that_only_one_of_two_caches_shows_is_not_visible(site: Site) -> None:
    setter = Setter()
    site.paths |= {"/read": in_turn(setter.read, document({"v": "old"}), forever=True), "/write": setter.write}
    pair = Consistency(
        RequestSettings("/write", "POST", body="v={n}"), RequestSettings("/read", pointer="/v"), within_s=0.3, times=1
    )
    assert consistency.measure(site.target, pair, lambda: False).value == 0
