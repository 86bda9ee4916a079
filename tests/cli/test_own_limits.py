"""Whose limits a command takes: the demo's own, unless a file is named; and what lies here unused is told."""

from pathlib import Path

import pytest

from readiness.cli.capacity_request import CapacityRequest
from readiness.cli.capacity_search import _config
from readiness.cli.preparation import unused_thresholds


def test_a_file_that_the_demo_does_not_use_is_told_and_the_report_names_whose_limits_it_took(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert unused_thresholds(None, "demo") is None
    assert _config(CapacityRequest("demo", max_users="5"), {}).file == "the demo's own thresholds.yaml"
    here = Path("thresholds.yaml")
    here.write_text("version: 1\nservice: s\nload: { users: 5 }\nchecks: { latency.p95: { pass: < 1 s } }\n")
    assert unused_thresholds(None, "demo:legacy") == (
        "thresholds.yaml here is not used: demo has its own (give --thresholds thresholds.yaml to use this one)"
    )
    assert unused_thresholds(here, "demo") is unused_thresholds(None, "http://127.0.0.1:8000") is None
    assert _config(CapacityRequest("demo", max_users="5", thresholds=here), {}).file == "thresholds.yaml"
