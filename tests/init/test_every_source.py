"""Whatever the source, the files that come of it are formatted, typed, and hold nothing but our own code."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from readiness.config.load import load
from readiness.init import detect
from readiness.init.files import Given, files_of
from readiness.init.limits import ProposedLoad, starters
from tests.init.checked import refuse_foreign_code, refuse_unformatted, refuse_untyped
from tests.init.sources.recordings import har
from tests.init.sources.test_har import SECRETS, shop
from tests.init.test_init_command import init

CURL = (
    "curl 'https://shop.example/api/orders?page=2' -H 'Authorization: Bearer s3cr3ts3cr3t17' "
    """-H 'X-A: a"b' --data-raw '{"a": "x\\ny"}'"""
)
HTTP = "@host = https://shop.example\n### All\nGET {{host}}/orders\n\n### One\nGET {{host}}/orders/7\n"
POSTMAN = {
    "info": {"name": "Shop", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
    "item": [{"name": 'Orders "all"\n', "request": {"method": "GET", "url": "{{base}}/orders?page=1"}}],
}
LINE = '192.0.2.{who} - - [01/Mar/2026:12:{minute:02}:{second:02} +0000] "GET {path} HTTP/1.1" 200 512 "-" "Firefox"\n'
LOG = "".join(
    LINE.format(who=number % 7, minute=number // 60 % 60, second=number % 60, path=f"/orders/{1000 + number}")
    + LINE.format(who=number % 5, minute=number // 60 % 60, second=number % 60, path="/")
    for number in range(600)
)


def test_every_source_is_told_by_its_content_and_gives_files_without_a_complaint(tmp_path: Path) -> None:
    (tmp_path / "sources").mkdir()
    texts: dict[str, bytes] = {
        "shop.http": HTTP.encode(),
        "postman.json": json.dumps(POSTMAN).encode(),
        "access.log": LOG.encode(),
        "access.gz": gzip.compress(LOG.encode()),
    }
    for name, data in texts.items():
        (tmp_path / "sources" / name).write_bytes(data)
    drafts = {name: detect.read(str(tmp_path / "sources" / name)) for name in texts}
    drafts |= {"har": shop(), "curl": detect.read(CURL)}
    for name, draft in drafts.items():
        made = files_of(
            draft,
            Given("shop", "http://127.0.0.1:8000", ProposedLoad(rate_per_s=draft.rate_per_s), "gitlab"),
            starters(),
        )
        folder = tmp_path / "out" / name.replace(".", "_")
        for path, text in made.files.items():
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
            if path.endswith(".py"):
                refuse_foreign_code(text)
            assert not [secret for secret in (*SECRETS, "s3cr3ts3cr3t17") if secret in text], path
        assert load(folder / "thresholds.yaml", {}).load.scenarios
    refuse_unformatted(tmp_path / "out")
    for number, file in enumerate(sorted((tmp_path / "out").glob("*/scenarios/*.py"))):
        file.rename(tmp_path / f"m{number}.py")  # mypy wants each module once
    refuse_untyped(tmp_path.glob("m*.py"))


def test_a_byte_order_mark_before_a_source_changes_nothing() -> None:
    yaml = b"openapi: 3.0.0\npaths: {/x: {get: {}}}\n"
    for data in (yaml, HTTP.encode(), json.dumps(POSTMAN).encode(), LOG.encode(), CURL.encode()):
        assert detect.read_bytes(b"\xef\xbb\xbf" + data, "a test") == detect.read_bytes(data, "a test")


def test_the_sample_values_of_a_log_lie_beside_its_scenario_and_are_read(tmp_path: Path) -> None:
    (tmp_path / "access.log").write_text(LOG)
    done = init(tmp_path, "access.log", "--target", "http://127.0.0.1:8000")
    assert done.returncode == 0, done.stderr
    (scenario,) = (tmp_path / "scenarios").glob("*.py")
    (data,) = (tmp_path / "scenarios").glob("*.csv")
    assert f'rows("{data.name}", order="random")' in scenario.read_text()
    assert "rate: " in (tmp_path / "thresholds.yaml").read_text()
    assert init(tmp_path, "-", "--out", "again", text=LOG).returncode == 0


def test_an_empty_recording_ends_with_2_and_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "shop.har").write_bytes(har())
    done = init(tmp_path, "shop.har", "--target", "http://127.0.0.1:8000")
    assert done.returncode == 2
    assert [file.name for file in tmp_path.iterdir()] == ["shop.har"]
