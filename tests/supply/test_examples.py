"""Every example and workflow: actions pinned by commit, few permissions, and no name installed that is not ours."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent.parent
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
PAGES = [path for path in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]) if path.name != "CHANGELOG.md"]
FILES = [
    *PAGES,
    *sorted(path for folder in (".github", "docs/ci", ".ci") for path in (ROOT / folder).rglob("*") if path.is_file()),
    *(ROOT / name for name in ("Dockerfile", "Makefile", ".pre-commit-config.yaml")),
    *sorted((ROOT / "readiness").rglob("*.py")),
]
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+\b")
INSTALLS = re.compile(r"\b(?:pip3?|pipx|uv|uvx|poetry|pdm)\b[^\n]*?\b(?:install|run|add|download)\b([^\n`]*)")
OURS = re.compile(r"readiness(\[[\w,]*\])?([=<>~!].*)?$")
PACKAGE = re.compile(r"""(?:\bpackage|READINESS_PACKAGE)["']?\s*[:=]\s*["']?([\w.\[\]-]+)["']?""")


def bare_names(text: str) -> list[str]:
    """Commands that would take `readiness` from a package index, and values of `package` that would."""
    found = []
    for command in INSTALLS.finditer(text):
        words = [word.strip("\"'()") for word in command[1].split("#")[0].split()]
        if "--spec" not in words and any(OURS.match(word) for word in words):
            found.append(command[0])
    return found + [value[0] for value in PACKAGE.finditer(text) if OURS.match(value[1])]


@pytest.mark.parametrize(
    "text",
    [
        "pip install readiness", "python3 -m pip install -q 'readiness[demo]'", "pipx run readiness run",
        "uv add readiness",
        "pip install readiness==0.2.0  # the release", 'with: { package: "readiness" }', "READINESS_PACKAGE: readiness",
    ],
)  # fmt: skip
def test_a_bare_name_is_found(text: str) -> None:
    assert bare_names(text)


@pytest.mark.parametrize(
    "text",
    [
        "pip install .", "pip install '.[demo]'", "pip install ./readiness-0.2.0-py3-none-any.whl",
        "pipx run --spec ./readiness-0.2.0-py3-none-any.whl readiness run http://127.0.0.1:8000",
        'package: "./wheels/readiness-0.2.0-py3-none-any.whl"', 'READINESS_PACKAGE: ""',
    ],
)  # fmt: skip
def test_a_wheel_or_a_checkout_is_no_bare_name(text: str) -> None:
    assert not bare_names(text)


def test_no_example_installs_a_name_that_is_not_ours() -> None:
    assert {path: names for path in FILES if (names := bare_names(path.read_text()))} == {}


def test_every_action_of_others_is_pinned_by_its_commit_and_says_its_version() -> None:
    """Also in the pipelines that `readiness init` writes; and it is one version of an action everywhere."""
    pins: dict[str, set[str]] = {}
    for path in FILES:
        text = path.read_text()
        if path.suffix in (".md", ".yml", ".yaml"):
            for used in re.findall(r"^\s*(?:- )?uses:\s*(.+)$", text, re.MULTILINE):
                assert used.startswith("./") or PINNED.match(used), f"{path.relative_to(ROOT)}: {used}"
        for name, rest in re.findall(r"\b((?:actions|github)/[\w-]+(?:/[\w-]+)?)@(\S+ *#? *\S*)", text):
            assert re.fullmatch(r"[0-9a-f]{40}  # v[\d.]+\W?", rest), f"{path.relative_to(ROOT)}: {name}@{rest}"
            pins.setdefault(name, set()).add(rest.strip(' ,"'))
    assert len(pins) >= 5
    assert {name: found for name, found in pins.items() if len(found) > 1} == {}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_has_no_more_rights_than_it_needs(path: Path) -> None:
    check_workflow(yaml.safe_load(path.read_text()), path.name)


def test_a_workflow_in_a_document_has_no_more_rights_than_it_needs() -> None:
    for page in PAGES:
        for block in re.findall(r"```yaml\n(.*?)```", page.read_text(), re.DOTALL):
            for found in yaml.safe_load_all(block) if "jobs:" in block else ():
                if isinstance(found, dict) and "jobs" in found:
                    check_workflow(found, page.name)


def check_workflow(workflow: dict[Any, Any], name: str) -> None:
    """YAML reads the key `on` as true."""
    triggers = workflow["on" if "on" in workflow else True]
    assert "pull_request_target" not in triggers
    assert set(workflow["permissions"].values()) <= {"read"}
    for job in workflow["jobs"].values():
        rights = {**workflow["permissions"], **job.get("permissions", {})}
        written = {right for right, level in rights.items() if level != "read"}
        assert not written or name == "release.yml", f"{name}: {written}"
        for step in job["steps"]:
            assert not re.search(r"\$\{\{[^}]*(github\.event|inputs|head_ref)", step.get("run", ""))
            if "actions/checkout@" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False


def test_only_the_release_writes_and_each_job_only_what_it_is_for() -> None:
    jobs = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text())["jobs"]
    assert {name: job["permissions"] for name, job in jobs.items()} == {
        "build": {"contents": "read"},
        "wheels": {"contents": "read"},
        "collect": {},
        "attest": {"id-token": "write", "attestations": "write"},
        "publish": {"contents": "write"},
    }


def test_issue_forms_and_hooks_are_whole() -> None:
    forms = [path for path in (ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml") if path.name != "config.yml"]
    assert len(forms) == 3
    for path in forms:
        form = yaml.safe_load(path.read_text())
        assert form["name"]
        assert form["description"]
        ids = [part["id"] for part in form["body"]]
        assert len(ids) == len(set(ids))
        for part in form["body"]:
            assert part["type"] in ("textarea", "input", "dropdown")
            assert part["attributes"]["label"]
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert [repo["repo"] for repo in hooks] == ["local"], "nothing is downloaded"
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for hook in hooks[0]["hooks"]:
        words = hook["entry"].split()
        assert words[0].startswith(".venv/bin/") or (words[0] == "make" and words[-1] in targets)
