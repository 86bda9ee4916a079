"""docs/reference/thresholds.md: every example loads, every key is explained, every default is the true one."""

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from readiness.config.durations import show
from readiness.config.load import parse
from readiness.config.model import Config, Database, DecisionRule, LoadSection
from readiness.config.probes import Probes
from readiness.errors import ConfigError

TEXT = Path("docs/reference/thresholds.md").read_text("utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
MINIMAL = 'version: 1\nservice: shop\nchecks: { http.success_rate: { pass: "> 99 %" } }\n'


def read(block: str) -> Config:
    return parse((block if "version:" in block else MINIMAL + block).encode(), "docs", {}, date(2026, 1, 15))


@pytest.mark.parametrize("block", BLOCKS, ids=[f"{n}" for n in range(len(BLOCKS))])
def test_every_example_loads(block: str) -> None:
    assert read(block).checks


def test_every_section_has_an_example() -> None:
    assert {line.split(":")[0] for block in BLOCKS for line in block.splitlines() if line[0] != " "} == {
        "version", "service", "checks", "load", "decision", "evidence", "database", "probes", "target",
        "waivers", "attested", "baseline", "proxies", "drills", "restore",
    }  # fmt: skip


def keys(schema: dict[str, Any]) -> Iterator[str]:
    for key, below in schema.get("properties", {}).items():
        yield key
        yield from keys(below)
    for below in schema.get("patternProperties", {}).values():
        yield from keys(below)
    if isinstance(schema.get("additionalProperties"), dict):
        yield from keys(schema["additionalProperties"])


def test_every_key_is_explained() -> None:
    schema = json.loads(Path("docs/thresholds.schema.json").read_text("utf-8"))
    assert {key for key in keys(schema) if f"`{key}`" not in TEXT} == set()


def test_the_defaults_in_the_tables_are_those_of_the_code() -> None:
    load, rule, database, probes = LoadSection(), DecisionRule(), Database(), Probes()
    rows = {
        "users": f"{load.users} |",
        "ramp_up": f"{show(load.ramp_up_s)} |",
        "duration": f"{show(load.duration_s)} |",
        "timeout": f"{show(load.timeout_s)} |",
        "ready_score": f"{rule.ready_score:g} |",
        "floor_score": f"{rule.floor_score:g} |",
        "min_coverage": f"{rule.min_coverage:.0%} |",
        "confidence": f"{Config('s', ()).confidence:.0%} |",
        "statement_timeout": f"{show(database.statement_timeout_s)} |",
        "path": f"`{probes.health.path}` |",
        "profile": f"`{probes.security.profile}` |",
    }
    for key, default in rows.items():
        assert any(line.endswith(default) for line in TEXT.splitlines() if f"| `{key}` |" in line), key


def test_what_the_document_says_is_refused_is_refused() -> None:
    for bad in ("load: { duration: 30 }\n", "extra: 1\n", "load: { users: 1_00 }\n"):
        with pytest.raises(ConfigError):
            read(MINIMAL + bad)
