"""Nothing in the repository names a section, a row, a record or a file that is not in it."""

import ast
import itertools
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDERS = ("readiness", "scenarios", "benchmarks", "tests", "docs", "requirements", ".ci", ".github")
TEXTS = sorted(
    path
    for path in (*ROOT.glob("*"), *(file for folder in FOLDERS for file in (ROOT / folder).rglob("*")))
    if path.suffix in (".py", ".md", ".yaml", ".yml", ".toml", ".j2", "") and path.is_file() and path.name != ".git"
)
PATHS = re.compile(
    r"(?<![\w./<-])((?:docs|readiness|tests|benchmarks|scenarios|reports/example|requirements)/[\w./-]*\w"
    r"\.(?:md|json|yaml|yml|png|lock)|(?:[a-z_0-9]+/)+[a-z_0-9]+\.py)\b"
)
"""A document by its path; a module by its path, or from `readiness/` or `tests/` on."""
SECTIONS = re.compile(r"(docs/[\w./-]+\.md) §(\d+(?:\.\d+)?)")
HEADINGS = re.compile(r'(docs/[\w./-]+\.md), "([^"]+)"')
RECORDS = re.compile(r"\bdecisions? (\d+)")
BASES = (ROOT, ROOT / "readiness", ROOT / "tests")
PLACEHOLDERS = {"x.py", "test_x.py"}
"""Names that stand for a file to come."""

FAULTS = (ROOT / "tests/FAULTS.md").read_text()
ROWS = dict(re.findall(r"^\| ([A-Z]\d+) \|.*\| ([^|]+) \|$", FAULTS, re.MULTILINE))
FAMILIES = "".join(sorted({code[0] for code in ROWS}))
CODES = re.compile(rf"\b([{FAMILIES}])(\d{{1,2}})(?:(?: to |-)\1(\d{{1,2}}))?\b")
PERCENTILES = {"P50", "P90", "P95", "P99"}
NAMED = re.compile(rf"^test_((?:[{FAMILIES.lower()}]\d{{1,2}}_(?:to_)?)+)")


def test_files_that_are_named_exist() -> None:
    missing = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in TEXTS
        if path.name not in ("CHANGELOG.md", "pyproject.toml")
        for name in PATHS.findall(_said(path))
        if _is_ours(name) and not any((base / name).exists() for base in BASES)
    ]
    assert not missing, "\n".join(missing)


def test_sections_headings_and_records_that_are_named_exist() -> None:
    records = {int(path.name[:4]) for path in (ROOT / "docs/decisions").glob("0*.md")}
    missing = []
    for path in TEXTS:
        text = path.read_text()
        missing += [(path, name, n) for name, n in SECTIONS.findall(text) if n not in _numbers(ROOT / name)]
        missing += [(path, name, title) for name, title in HEADINGS.findall(text) if title not in _titles(ROOT / name)]
        missing += [(path, "decision", n) for n in RECORDS.findall(text) if int(n) not in records]
    assert missing == []


def test_nothing_outside_the_repository_is_named() -> None:
    outside = re.compile(r"\.\./" + r"shared|/work/\w")
    assert [path for path in TEXTS if outside.search(path.read_text())] == []


def test_every_code_of_a_test_is_a_row_and_every_row_stands_in_its_tests() -> None:
    unknown, elsewhere, carried = set(), set(), set()
    for path in sorted((ROOT / "tests").rglob("*.py")):
        named = set(_codes_of_names(path)) - PERCENTILES
        used = named | (set(_codes_of_docstrings(path)) - PERCENTILES)
        unknown |= {(path.name, code) for code in used - ROWS.keys()}
        elsewhere |= {(path.name, code) for code in named & ROWS.keys() if path.name not in ROWS[code]}
        carried |= {(path.name, code) for code in used}
    assert unknown == set()
    assert elsewhere == set()
    rows = {(Path(name).name, code) for code, names in ROWS.items() for name in names.split(", ")}
    assert rows - carried == set(), "a row names a file in which no test says its code"


def test_the_tests_of_a_row_exist() -> None:
    named = {(code, name) for code, names in ROWS.items() for name in names.split(", ")}
    places = (ROOT / "tests/e2e", ROOT / "tests")
    assert {(code, name) for code, name in named if not any((folder / name).is_file() for folder in places)} == set()


def _said(path: Path) -> str:
    """The text of a file; of a test only docstrings and comments, since its data have paths of their own."""
    text = path.read_text()
    if path.suffix != ".py" or ROOT / "tests" not in path.parents:
        return text
    comments = re.findall(r"#.*", text)
    return "\n".join([*comments, *_docstrings(path)])


@cache
def _documented(path: Path) -> tuple[ast.Module | ast.FunctionDef | ast.ClassDef, ...]:
    """What can have a docstring in a file; kept, because three tests read all files of `tests/`."""
    nodes = ast.walk(ast.parse(path.read_text()))
    return tuple(node for node in nodes if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef))


def _docstrings(path: Path) -> Iterator[str]:
    for node in _documented(path):
        yield ast.get_docstring(node) or ""


def _is_ours(name: str) -> bool:
    """Whether a path is one of this repository; users and tests have folders of their own, such as `scenarios/`."""
    first = name.partition("/")[0]
    return (
        first != "scenarios" and Path(name).name not in PLACEHOLDERS and any((base / first).is_dir() for base in BASES)
    )


def _numbers(page: Path) -> set[str]:
    return set(re.findall(r"^#+ (\d+(?:\.\d+)?)\.? ", page.read_text(), re.MULTILINE)) if page.exists() else set()


def _titles(page: Path) -> set[str]:
    return set(re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)) if page.exists() else set()


def _codes_of_docstrings(path: Path) -> Iterator[str]:
    """Codes in docstrings of the tests, `C3 to C10` written out."""
    for text in _docstrings(path):
        for family, first, last in CODES.findall(text):
            yield from (f"{family}{n}" for n in range(int(first), int(last or first) + 1))


def _codes_of_names(path: Path) -> Iterator[str]:
    for node in _documented(path):
        named = NAMED.match(node.name) if isinstance(node, ast.FunctionDef) else None
        if named is None:
            continue
        words = named[1].strip("_").upper().split("_")
        for before, word in itertools.pairwise(["", *words]):
            if word != "TO":
                yield word
            else:
                first, last = before, words[words.index("TO") + 1]
                yield from (f"{first[0]}{n}" for n in range(int(first[1:]), int(last[1:]) + 1))
