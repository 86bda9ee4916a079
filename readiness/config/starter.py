"""Starter limits: what a run is judged by where nobody wrote limits. They never make it READY (`limits.own`)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from readiness.config.load import parse
from readiness.config.model import Config

_FILE = "starter limits"
TEMPLATE = Path(__file__).with_name("starter.yaml")


def config(service: str, paths: Sequence[str], health_path: str | None) -> Config:
    """The starter limits for a load of `paths`; without a health path that check does not apply."""
    reason = "" if health_path else ', not_applicable: "none of the usual paths of a health check answers"'
    text = TEMPLATE.read_text(encoding="utf-8")
    for word, value in (
        ("SERVICE", json.dumps(service)),
        ("HEALTH_NOTE", reason),
        ("HEALTH_PATH", json.dumps(health_path or "/health")),
        ("PAGES", json.dumps([path.partition("?")[0] for path in paths])),
    ):
        text = text.replace(word, value, 1)
    return parse(text.encode(), _FILE, {})
