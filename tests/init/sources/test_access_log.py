"""A log of any usual form gives the load that its people made, in memory that does not grow with it."""

from __future__ import annotations

import gzip
import io
import json
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.errors import ConfigError
from readiness.init.draft import Column, Draft
from readiness.init.sources import access_log, endpoints

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0"


def line(
    target: str, *, at_s: float = 0, status: int = 200, method: str = "GET", ip: str = "192.0.2.1", agent: str = BROWSER
) -> str:
    """One line in combined format."""
    when = (START + timedelta(seconds=at_s)).strftime("%d/%b/%Y:%H:%M:%S +0000")
    return f'{ip} - - [{when}] "{method} {target} HTTP/1.1" {status} 512 "-" "{agent}"'


def read(lines: Iterable[str | bytes], source: str = "access.log") -> Draft:
    data = b"\n".join(one.encode() if isinstance(one, str) else one for one in lines) + b"\n"
    return access_log.read(io.BytesIO(data), source)


def shares(draft: Draft) -> dict[str, float]:
    """Percent of the requests, by endpoint."""
    counts: Counter[str] = Counter()
    for task in draft.scenarios[0].tasks:
        counts[f"{task.calls[0].method} {task.calls[0].name}"] += task.weight
    return {name: 100 * count / counts.total() for name, count in counts.items()}


def test_ids_fold_and_every_weight_is_within_one_percent_of_its_share() -> None:
    wanted = {"/": 401, "/bags/{id}": 331, "/bags/{id}/scan": 157, "/search": 89, "/days/{date}": 17}
    wanted["/static files"] = 5
    lines: list[str] = []
    for number in range(401):
        lines += [line("/")]
        lines += [line(f"/bags/{number * 7}")] * (number < 331)
        lines += [line(f"/bags/{number:08x}-0000-4000-8000-000000000000/scan")] * (number < 157)
        lines += [line(f"/search?q=w{number}&page=1&utm_source=x")] * (number < 89)
        lines += [line(f"/days/2026-03-{number + 1:02d}")] * (number < 17)
        lines += [line(f"/app.{number}.js")] * (number < 5)
    found = shares(read(lines))
    assert found.keys() == {f"GET {name}" for name in wanted}
    for name, count in wanted.items():
        assert found[f"GET {name}"] == pytest.approx(count / 10, rel=0.01)


def test_sampled_addresses_stand_in_a_file_and_their_parts_stay_together() -> None:
    draft = read(line(f"/shops/{number}/bags/{number + 1000}?sort=up&page={number}") for number in range(30))
    (task,) = draft.scenarios[0].tasks
    (file,) = draft.data
    call = task.calls[0]
    assert call.path == ("/shops/", Column(file.name, "shop_id"), "/bags/", Column(file.name, "bag_id"))
    assert call.query == (("sort", ("up",)), ("page", (Column(file.name, "page"),)))
    assert file.columns == ("shop_id", "bag_id", "page")
    assert all((int(row[0]) + 1000, int(row[0])) == (int(row[1]), int(row[2])) for row in file.rows)


def test_values_of_paths_are_decoded_because_the_scenario_encodes_them_again() -> None:
    lines = [line(f"/tags/a%20b-{n}x/{n}") for n in range(50)] + [line("/tags/a%2Fb/1"), line("/tags/a%1b[2J/1")]
    draft = read(lines)
    (file,) = draft.data
    assert file.columns == ("tag_slug", "tag_id")
    assert {row[0] for row in file.rows} <= {f"a b-{n}x" for n in range(50)}


def test_words_fold_where_one_place_has_too_many_of_them() -> None:
    lines = [line(f"/blog/about-{first}-{second}") for first in "abcdefghij" for second in "klmnopqrst"]
    lines += [line(f"/api/{word}/") for word in ("bags", "shops", "users", "orders", "reports")] * 20
    assert set(shares(read(lines))) == {"GET /blog/{slug}"} | {
        f"GET /api/{word}/" for word in ("bags", "shops", "users", "orders", "reports")
    }


def test_a_secret_in_one_address_is_not_sampled_and_costs_no_other_its_place() -> None:
    lines = [line(f"/blog/about-disk-number-{a}{b}") for a in "abcdefgh" for b in "ijklmnop"]
    draft = read([*lines, line("/blog/sk_live_0123456789abcdef")])
    assert shares(draft) == {"GET /blog/{slug}": 100.0}
    assert "sk_live" not in repr(draft)


def test_memory_is_bounded_for_a_log_of_addresses_that_are_all_different() -> None:
    words = [f"{a}{b}{c}" for a in "bcdfghklmn" for b in "aeiouaeiou" for c in "bcdfghklmn"]
    tally_lines = (line(f"/{words[n % 997]}/{words[n * 7 % 991]}/{words[n * 13 % 983]}") for n in range(12_000))
    draft = read(tally_lines)
    assert len(draft.scenarios[0].tasks) <= endpoints.MOST_LOGGED_ENDPOINTS
    assert sum(shares(draft).values()) == pytest.approx(100)


def test_the_rate_is_that_of_the_busiest_minute_and_the_day_is_told_hour_by_hour() -> None:
    lines = [line("/", at_s=at) for at in range(0, 7200, 10)] + [line("/", at_s=3600 + at / 2) for at in range(120)]
    draft = read(lines)
    assert draft.rate_per_s == pytest.approx(126 / 60, abs=0.01)
    assert draft.arrivals_per_s == (("09:00", 0.1), ("10:00", 0.133))


def test_think_times_are_the_middle_half_of_the_waits_of_each_client() -> None:
    lines = [
        line("/", at_s=5_000 * visit + wait * step, ip=f"192.0.2.{client}")
        for client, wait in enumerate((4, 8, 8, 12), 1)
        for visit in range(3)
        for step in range(5)
    ]
    lines.sort(key=lambda one: one.partition("[")[2])
    draft = read(lines)
    assert draft.scenarios[0].think_s == (4.0, 8.0)
    assert any(
        note.startswith("12 visits with 60 requests, 5.0 for each on average; between two requests 4 to 8 s")
        for note in draft.notes
    )


def test_what_is_no_person_or_cannot_be_repeated_is_left_out_and_told() -> None:
    draft = read(
        [
            *[line("/bags/1", at_s=at) for at in range(20)],
            line("/bags/2", agent="Googlebot/2.1 (+http://www.google.com/bot.html)"),
            line("/bags/2", agent="readiness/0.1.0"),
            line("/healthz", agent="curl/8"),
            line("/orders", method="POST"),
            line("/wp-login.php", status=404),
            line("/admin", status=403),
            line("/logout"),
            line("/../../etc/passwd", status=200),
            line("/reset/0123456789abcdef0123456789abcdef"),
            line("/users/bob%40shop.example"),
            '192.0.2.9 - - [01/Mar/2026:09:00:00 +0000] "\\x16\\x03\\x01\\x02" 400 157 "-" "-"',
        ]
    )
    assert shares(draft) == {"GET /bags/{id}": 100.0}
    told = "\n".join(draft.notes)
    for said in (
        "1 of crawlers and monitors", "1 of readiness itself", "1 of health checks", "1 with POST", "1 of log-outs",
        "the service had no such page: GET /wp-login.php (1)", "refused without a log-in: GET /admin (1)",
        "1 with a path that no browser sends", "1 that are no HTTP requests",
        "GET /reset/{id} (1)", "GET /users/{email}",
    ):  # fmt: skip
        assert said in told
    assert draft.health_paths == ("/healthz",)
    assert "bob" not in repr(draft)
    assert "abcdef0123" not in repr(draft)


def test_secrets_of_queries_are_left_out_by_name_and_by_look() -> None:
    lines = [
        line(
            f"/list?page={n}&access_token=s3cr3tvalue{n}&sig=x{n}&who=bob{n}%40shop.example&t=eyJhbGciOi{n}.abcdef.ghi"
        )
        for n in range(20)
    ]
    draft = read(lines)
    assert [key for key, _ in draft.scenarios[0].tasks[0].calls[0].query] == ["page"]
    assert not [secret for secret in ("s3cr3t", "bob", "eyJhbG", "x7") if secret in repr(draft)]
    assert any("because they hold secrets: access_token, sig" in note for note in draft.notes)


TIME = "2026-03-01T09:00:00Z"
CADDY = {
    "level": "info", "ts": 1772355600.5, "msg": "handled request", "status": 200,
    "request": {"remote_ip": "192.0.2.1", "method": "GET", "uri": "/bags/7?x=1", "headers": {"User-Agent": [BROWSER]}},
}  # fmt: skip
ECS = {
    "@timestamp": TIME, "http": {"request": {"method": "GET"}, "response": {"status_code": 200}},
    "url": {"path": "/bags/7", "query": "x=1"}, "user_agent": {"original": BROWSER}, "source": {"ip": "192.0.2.1"},
}  # fmt: skip
NGINX = {"time_iso8601": TIME, "request": "GET /bags/7?x=1 HTTP/1.1", "status": "200", "remote_addr": "192.0.2.1"}
PARTS = {"msec": "1772355600.1", "request_method": "GET", "request_uri": "/bags/7?x=1", "status": 200}
ARGS = {"time_local": "01/Mar/2026:09:00:00 +0000", "method": "GET", "uri": "/bags/7", "args": "x=1", "status": 200}
TRAEFIK = {
    "ClientHost": "192.0.2.1", "RequestMethod": "GET", "RequestPath": "/bags/7?x=1", "DownstreamStatus": 200,
    "StartUTC": "2026-03-01T09:00:00.123456789Z", "time": TIME, "level": "info",
}  # fmt: skip
DOTS = {
    "@timestamp": TIME, "http.request.method": "GET", "url.original": "https://shop.example/bags/7?x=1",
    "http.response.status_code": 200,
}  # fmt: skip
FORMS = {
    "common": '192.0.2.1 - bob [01/Mar/2026:09:00:00 +0000] "GET /bags/7?x=1 HTTP/1.1" 200 512',
    "combined": line("/bags/7?x=1"),
    "virtual host": "shop.example:443 " + line("/bags/7?x=1"),
    "more fields": line("/bags/7?x=1") + ' 0.005 "192.0.2.7"',
    "proxy": line("http://shop.example/bags/7?x=1"),
    "nginx": json.dumps(NGINX),
    "nginx in parts": json.dumps(PARTS),
    "nginx with args": json.dumps(ARGS),
    "caddy": json.dumps(CADDY),
    "traefik": json.dumps(TRAEFIK),
    "ecs": json.dumps(ECS),
    "ecs with dots": json.dumps(DOTS),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_usual_form_says_the_same(form: str) -> None:
    assert access_log.recognises(FORMS[form].encode() + b"\n")
    draft = read([FORMS[form]])
    (call,) = draft.scenarios[0].tasks[0].calls
    assert (call.name, call.path, call.query) == ("/bags/{id}", ("/bags/7",), (("x", ("1",)),))
    assert draft.arrivals_per_s[0][0] == "09:00"


def test_gzip_is_read_as_it_is_and_a_mixture_of_forms_too() -> None:
    text = "\n".join([*FORMS.values(), ""] * 3).encode()
    packed = gzip.compress(text[:900]) + gzip.compress(text[900:])
    assert access_log.recognises(packed[:65_536])
    draft = access_log.read(io.BytesIO(packed), "access.log.gz")
    assert shares(draft) == {"GET /bags/{id}": 100.0}
    assert not any("no line of an access log" in note for note in draft.notes)
    cut = access_log.read(io.BytesIO(gzip.compress(text * 50)[:-20]), "cut.gz")
    assert any("cannot be read further" in note for note in cut.notes)


def test_broken_lines_are_counted_and_the_first_is_named() -> None:
    hostile = [b"\x00\xff\xfe" * 50, b"\x1b[2J\x1b]0;x\x07", b'"' * 5_000, b"[" * 5_000, b"\\" * 5_000, b"x" * 200_000]
    draft = read([line("/a"), b"", *hostile, line("/a"), b"{" * 5_000, b'{"a": ' * 5_000])
    assert draft.notes[0] == "line 3: 8 lines are no line of an access log (of 10), and left out"
    assert "\x1b" not in repr(draft).replace("\\x1b", "\x1b")


def test_a_line_of_many_megabytes_is_one_broken_line() -> None:
    draft = read([line("/a"), b"x" * 3_000_000, line("/a"), b"y" * 2_500_000])
    assert draft.notes[0] == "line 2: 2 lines are no line of an access log (of 4), and left out"
    assert shares(draft) == {"GET /a": 100.0}


@pytest.mark.parametrize(
    "data", [b"", b"hello\nworld\n", b"\x00" * 1_000_000, gzip.compress(b"a,b\n1,2\n", mtime=0), b"\x1f\x8bx"]
)
def test_what_is_no_log_is_refused_with_place_and_reason(data: bytes) -> None:
    assert not access_log.recognises(data[:65_536])
    with pytest.raises(ConfigError, match=r"^x\.log: (line 1|the file is empty): this is no access log"):
        access_log.read(io.BytesIO(data), "x.log")


def test_another_packing_is_named() -> None:
    with pytest.raises(ConfigError, match=r"^x\.zst: is packed with zstd: unpack it first"):
        access_log.read(io.BytesIO(b"\x28\xb5\x2f\xfdabc"), "x.zst")


@given(st.text(max_size=300), st.text(max_size=60))
def test_no_text_breaks_the_reading(target: str, agent: str) -> None:
    record = {"ts": 1772355600, "status": 200, "method": "GET", "uri": target}
    for task in read([line("/a"), line(target, agent=agent), json.dumps(record)]).scenarios[0].tasks:
        path = "".join(part for part in task.calls[0].path if isinstance(part, str))
        assert path.isprintable()
        assert urlsplit(path).netloc == ""


def test_a_health_check_that_a_cluster_asks_for_is_found() -> None:
    draft = read([*[line("/bags/1", at_s=at) for at in range(20)], line("/healthz", agent="kube-probe/1.29")])
    assert draft.health_paths == ("/healthz",)


def test_a_log_says_that_it_shows_no_log_in() -> None:
    assert any(note.startswith("a log shows no log-in") for note in read([line("/")] * 9).notes)
    assert any(note.startswith("1 visit with 9 requests") for note in read([line("/")] * 9).notes)
