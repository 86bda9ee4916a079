"""Notes on scenario files: names with ids in them, answers that nobody checks."""

from __future__ import annotations

from pathlib import Path

import pytest

from readiness.config.scenario_notes import notes, refuse_broken
from readiness.errors import ConfigError

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


@pytest.mark.parametrize("path", ["/items/12", "/items/12?x=1", "/items/0190f3f0-7c1e-7b3a-8f4e-0123456789ab/scan"])
def test_an_id_that_stands_in_a_path_is_told(tmp_path: Path, path: str) -> None:
    (found,) = of(tmp_path, f'assert self.client.get("{path}").ok')
    assert found.startswith("shop.py:7: the path has an id in it")
    for name in ("/v2/items", "/items/7", "/items/facade"):
        assert of(tmp_path, f'assert self.client.get("{name}").ok') == ()
    assert of(tmp_path, f'assert self.client.get("{path}", name="/items/{{id}}").ok') == ()


def test_what_is_no_python_is_told_with_its_line_before_any_file_runs(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.py", tmp_path / "bad.py"
    good.write_text("raise SystemExit('it ran')\n")
    bad.write_text("x = 1\ndef (\n")
    refuse_broken([str(good)])
    with pytest.raises(ConfigError, match=r"bad\.py:2: SyntaxError: invalid syntax"):
        refuse_broken([str(good), str(bad)])


BY_STATUS = """self.client.post("/log-in", json={})
with self.client.get("/a", catch_response=True) as answer:
    if answer.status_code != 200:
        answer.failure("not 200")
with self.client.get("/b", catch_response=True) as b:
    if "user" not in b.text:
        b.failure("nobody is logged in")
c = self.client.get("/c")
c.raise_for_status()
d = self.client.get("/d")
check(d)
self.client.delete("/e")
return self.client.get("/f")"""


def test_requests_whose_answers_nobody_looks_at_are_told_with_their_lines(tmp_path: Path) -> None:
    found, by_hand = of(tmp_path, BY_STATUS)
    assert found.startswith("shop.py:7, 14: only the status of these answers is checked")
    assert by_hand.startswith("shop.py:8: the scenario checks the status of these answers alone")
    assert "catch_response" not in by_hand
    (found,) = of(tmp_path, "\n".join(['self.client.get("/a")'] * 9))
    assert found.startswith("shop.py:7, 8, 9, 10, 11, 12, 13, 14 and others: ")
    assert of(tmp_path, "pass") == ()
    assert of(tmp_path, 'json_value(self.client.get("/a"), "id")') == ()
    assert of(tmp_path, "this is no Python") == ()


ASKED = 'with self.client.post("/a", catch_response=True) as r:\n    '


@pytest.mark.parametrize(
    "check",
    [
        "if r.status_code != 201: r.failure('no')",
        "if r.status_code != HTTPStatus.CREATED: r.failure('no')",
        "if r.status_code not in (201, 202): r.failure('no')",
        "if not r.status_code == 302: r.failure('no')",
        "if r.status_code == 200 or not r.ok: raise ValueError",
        "if r.status_code // 100 != 3: r.failure('no')",
        "if r.status_code == 201: r.success()\n    else: r.failure('no')",
        "if r.status_code == 201: pass\n    elif r.status_code < 300: r.failure('no')",
        "r.success() if r.status_code == 201 else r.failure('no')",
        "assert r.status_code == 201",
    ],
)
def test_where_a_200_fails_nothing_is_said_of_it(tmp_path: Path, check: str) -> None:
    assert of(tmp_path, ASKED + check) == ()


@pytest.mark.parametrize(
    "check",
    [
        "if r.status_code == 302: r.success()",
        "if r.status_code >= 400: r.failure('no')",
        "if r.status_code != WANTED: r.failure('no')",
        "if r.status_code == 200: pass\n    elif r.status_code != 201: r.failure('no')",
        "if not r.ok: r.failure('no')",
        "if r.status_code in (1, [2]) or r.status_code < 'a': r.failure('no')",
    ],
)
def test_a_status_that_is_checked_by_hand_is_said_to_be_so(tmp_path: Path, check: str) -> None:
    (found,) = of(tmp_path, ASKED + check)
    assert "shop.py:7: the scenario checks the status of these answers alone" in found


@pytest.mark.parametrize(
    "task", ["    # Switched off, because it writes.\n", "    @task(0)\n", "    @task(weight=0)\n"]
)
def test_nothing_is_said_of_the_answers_of_a_task_that_is_switched_off(tmp_path: Path, task: str) -> None:
    file = tmp_path / "shop.py"
    file.write_text(HEAD.replace("    @task\n", task) + '        self.client.get("/a")\n')
    assert notes([str(file)]) == ()
