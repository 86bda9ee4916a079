"""Documents are true: paths exist, help is the real help, generated pages are what their source says."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests import pages, published
from tests.pages import decisions

ROOT = Path(__file__).parent.parent
WIDTH = 120
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "tests/FAULTS.md"])
PATHS = re.compile(r"`((?:readiness|tests|docs|scenarios|benchmarks|reports/example|requirements|\.ci)/[\w./-]*[\w/])`")
LINKS = re.compile(r"\]\((?!https?:)([^)]+)\)")


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub and the site make them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", heading).strip().lower()) for heading in headings}


def test_every_path_and_link_in_a_document_exists() -> None:
    assert {page: missing for page in DOCUMENTS if (missing := [*missing_paths(page), *dead_links(page)])} == {}


def missing_paths(page: Path) -> list[str]:
    """Paths of a page that lead to nothing; `x.py` stands for a file to come."""
    names = PATHS.findall(page.read_text())
    return [n for n in names if not (ROOT / n).exists() and "/x.py" not in n and not n.endswith("test_x.py")]


def dead_links(page: Path) -> list[str]:
    """Links of a page that lead to no file, or to no heading of it."""
    dead = []
    for link in LINKS.findall(page.read_text()):
        name, _, anchor = link.partition("#")
        there = page.parent / name if name else page
        if not there.exists() or (anchor and anchor not in anchors(there)):
            dead.append(link)
    return dead


@pytest.mark.parametrize("path", pages.WRITTEN)
def test_what_a_program_writes_is_what_the_code_says(path: str) -> None:
    assert (ROOT / path).read_text() == pages.WRITTEN[path](), "run: python -m tests.pages"


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        (kind, path)
        for kind in ("report", "run")
        for path in (*ROOT.glob(f"reports/example/*/{kind}.json"), *(ROOT / "tests/golden").glob(f"*{kind}.json"))
    ],
    ids=lambda value: value if isinstance(value, str) else value.parent.name,
)
def test_the_schemas_accept_every_example(kind: str, path: Path) -> None:
    published.validate(kind, json.loads(path.read_text()))


@pytest.mark.parametrize("kind", ["report", "run"])
def test_the_schemas_refuse_an_unknown_key_and_a_value_of_another_type(kind: str) -> None:
    example = json.loads((ROOT / f"reports/example/ready/{kind}.json").read_text())
    for change in ({"decison": "READY"}, {"service": 1}, {"schema": "readiness.report/0"}):
        with pytest.raises(published.Invalid):
            published.validate(kind, example | change)


def test_the_readmes_help_is_the_real_help() -> None:
    block = re.search(r"<!-- help -->\n```\n(.*?)```\n<!-- /help -->", (ROOT / "README.md").read_text(), re.DOTALL)
    assert block is not None
    real = subprocess.run(
        [sys.executable, "-m", "readiness", "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "", "COLUMNS": "80", "TERMINAL_WIDTH": "80", "LANG": "C.UTF-8"},
    ).stdout
    assert block.group(1).split() == real.split()


def test_the_readmes_first_screen_is_the_two_commands_and_a_picture() -> None:
    first = (ROOT / "README.md").read_text().splitlines()[:20]
    text = "\n".join(first)
    assert "make demo" in text
    assert "make test" in text
    assert "docs/report.png" in text


def test_every_decision_record_says_context_decision_and_consequences() -> None:
    for record in decisions.records():
        text = record.read_text()
        assert len(text.splitlines()) <= 40
        assert all(f"**{word}.**" in text for word in ("Context", "Decision", "Consequences")), record.name


def test_the_index_of_the_documents_leads_to_every_page() -> None:
    index = ROOT / "docs/index.md"
    linked = {(index.parent / link).resolve() for link in LINKS.findall(index.read_text())}
    pages = set((ROOT / "docs").rglob("*.md")) - set(decisions.records())
    assert pages - linked - {index} == set(), "add the page to docs/index.md, then run: python -m tests.pages"
    site = (ROOT / "mkdocs.yml").read_text()
    missing = {str(page.relative_to(ROOT / "docs")) for page in pages} - set(
        re.findall(r": (\S+\.md)$", site, re.MULTILINE)
    )
    assert missing == set(), "one link a line in docs/index.md, at its begin"


def test_no_line_of_a_document_is_longer_than_120_characters() -> None:
    lines = ((page, n, line) for page in DOCUMENTS for n, line in enumerate(page.read_text().splitlines(), 1))
    assert [(page, n) for page, n, line in lines if len(line) > WIDTH] == []


def test_yaml_in_a_document_is_yaml() -> None:
    for page in DOCUMENTS:
        for block in re.findall(r"```yaml\n(.*?)```", page.read_text(), re.DOTALL):
            assert [part for part in yaml.safe_load_all(block) if part is not None], page
