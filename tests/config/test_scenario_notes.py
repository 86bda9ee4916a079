"""Notes on scenario files: names with ids in them, answers that nobody looks at."""

from __future__ import annotations

from pathlib import Path

import pytest

from readiness.config.scenario_notes import notes

HEAD = "from locust import HttpUser, task\n\n\nclass Shop(HttpUser):\n    @task\n    def look(self):\n"


def of(tmp_path: Path, body: str) -> tuple[str, ...]:
    file = tmp_path / "shop.py"
    file.write_text(HEAD + "".join(f"        {line}\n" for line in body.splitlines()))
    return notes([str(file)])


@pytest.mark.parametrize(
    "call",
    [
        'self.client.get(f"/items/{item}")',
        'self.client.get("/items/" + item)',
        'self.client.get("/items/%s" % item)',
        'self.client.get("/items/{}".format(item))',
        'self.client.request("GET", f"/items/{item}")',
        'self.client.get("/items", name=f"/items/{item}")',
    ],
)
def test_a_name_that_changes_is_told_with_its_line(tmp_path: Path, call: str) -> None:
    (found,) = of(tmp_path, f"assert {call}.ok")
    assert found.startswith("shop.py:7: ")
    assert "so each is counted apart" in found


@pytest.mark.parametrize(
    "call",
    [
        'self.client.get("/items/7")',
        'self.client.get(f"/items/{item}", name="/items/{id}")',
        'self.client.get(f"/search?q={word}")',
        'self.client.get("/search?q=" + word)',
        'self.client.get(f"{BASE}/items")',
        "self.client.get(path)",
    ],
)
def test_a_name_that_stays_is_not(tmp_path: Path, call: str) -> None:
    assert of(tmp_path, f"assert {call}.ok") == ()


def test_answers_that_nobody_looks_at_are_told_once(tmp_path: Path) -> None:
    (found,) = of(tmp_path, 'self.client.get("/a")\nself.client.get("/b")')
    assert found.startswith("shop.py: no answer is looked at")
    assert of(tmp_path, "pass") == ()
    assert of(tmp_path, 'json_value(self.client.get("/a"), "id")') == ()
    assert of(tmp_path, "this is no Python") == ()
