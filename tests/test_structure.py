"""One list per kind of thing, and each list is compared with its folder."""

import ast
import re
from graphlib import TopologicalSorter
from pathlib import Path

from typer.core import TyperGroup
from typer.main import get_command

from readiness.cli import app
from readiness.measurements.run import FAILURE_CLASSES
from readiness.metrics.catalogue import CATALOGUE
from readiness.report import FORMATS
from tests.licences import LOCKS
from tests.slow import SLOW

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "readiness").rglob("*.py"))
MAX_LINES = 330


def modules(folder: str, *, but: set[str]) -> set[str]:
    return {path.stem for path in (ROOT / folder).glob("*.py")} - {"__init__", *but}


def test_every_report_format_has_a_module_and_every_command_a_file() -> None:
    assert {fmt.module.rpartition(".")[2] for fmt in FORMATS.values()} <= modules("readiness/report", but=set())
    text = (ROOT / "readiness/cli/__init__.py").read_text()
    registered = set(re.findall(r"^app\.(?:command|add_typer)\(.*\b(\w+)\.\w+[,)]", text, re.MULTILINE))
    command = get_command(app)
    assert isinstance(command, TyperGroup)
    assert {"tryout" if name == "try" else name for name in command.commands} == registered
    assert registered <= modules("readiness/cli", but=set())


def test_metric_names_are_unique_and_every_metric_says_why_and_how_to_fix_it() -> None:
    names = [metric.name for metric in CATALOGUE]
    assert len(names) == len(set(names))
    assert all(metric.meaning and metric.why and metric.fix and metric.area for metric in CATALOGUE)


def test_failure_classes_are_unique() -> None:
    assert len(FAILURE_CLASSES) == len(set(FAILURE_CLASSES))


def test_a_source_file_is_one_idea_long_and_says_what_it_is() -> None:
    texts = {str(path.relative_to(ROOT)): path.read_text() for path in SOURCES}
    long = {name: lines for name, text in texts.items() if (lines := len(text.splitlines())) > MAX_LINES}
    assert long == {}, f"{MAX_LINES} lines is the most: move an idea into a file of its own"
    unsaid = [name for name, text in texts.items() if text.strip() and not ast.get_docstring(ast.parse(text))]
    assert unsaid == [], "a module begins with a line that says what it is"


def test_no_lock_names_a_host_or_an_address() -> None:
    locks = sorted((ROOT / "requirements").glob("*.lock"))
    assert {lock.stem for lock in locks} == set(LOCKS)
    assert not [lock.name for lock in locks if "://" in lock.read_text()]


def test_scenarios_of_the_example_file_exist() -> None:
    from readiness.config.load import load

    config = load(ROOT / "thresholds.yaml", {})
    assert set(config.load.scenarios) == modules("scenarios", but=set())


COMMANDS = "a command and what it runs"
STAGES = "one subject as the file, the run, the verdict and the report have it"
DEMO = "the demo's part and the probe of it, or the two demo services"
PARTS = "one subject in two clients, formats or processes"
SAME_NAMES = {
    **dict.fromkeys(("capacity", "compare", "judge", "lint", "reading", "run", "starter"), COMMANDS),
    **dict.fromkeys(("tryout", "trust", "worker"), COMMANDS),
    "calls": "one request of a user, as its source describes it and as Locust's clients send it",
    "exchange": "a request with its answer, as it was recorded and as `readiness try` shows it",
    "files": "the files of a command: what it writes, and what it removes first",
    "next_steps": "what to do next, after `readiness init` and after a run",
    **dict.fromkeys(("baseline", "checks", "connections", "database", "drills", "early_stop", "endpoints"), STAGES),
    **dict.fromkeys(("generator_health", "invariants", "key_numbers", "kubernetes", "limits", "load_steps"), STAGES),
    **dict.fromkeys(("moments", "monitoring", "outlook", "proxies", "release", "request_invariants"), STAGES),
    **dict.fromkeys(("restore", "score", "self_reports", "steadiness", "timeline", "traces"), STAGES),
    **dict.fromkeys(("waivers", "writes"), STAGES),
    **dict.fromkeys(("app", "cache", "circuit_breaker", "passwords", "pool", "prometheus", "rate_limit"), DEMO),
    **dict.fromkeys(("console", "html", "json", "markdown", "sheet"), "one format of verdict, comparison and capacity"),
    **dict.fromkeys(("counters", "errors", "failures", "settings", "tls"), PARTS),
}
"""File names that stand in two folders, and why they mean the same there."""
SAME_CONSTANTS = {"MOST_BYTES": "of each reader of `init`: the most that is read of its source"}
"""Public names that stand in two modules, and why they mean the same there."""


def test_a_file_name_in_two_folders_means_the_same_in_both() -> None:
    files = [path.stem for path in SOURCES if not path.stem.startswith("__")]
    assert {name for name in files if files.count(name) > 1} == set(SAME_NAMES), "a name is missing, or stands once now"


def test_a_public_class_or_constant_name_stands_for_one_thing() -> None:
    places: dict[str, list[str]] = {}
    for path in SOURCES:
        for node in ast.parse(path.read_text()).body:
            for name in _names(node):
                if len(name) > 1 and name[0].isupper():
                    places.setdefault(name, []).append(str(path.relative_to(ROOT)))
    assert {name: files for name, files in places.items() if len(files) > 1 and name not in SAME_CONSTANTS} == {}


def test_no_file_imports_itself_by_way_of_others() -> None:
    """Late imports count too, and those for types: whoever reads one file of a circle has to read all of them."""
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in SOURCES}
    arrows: dict[str, set[str]] = {}
    for name, path in names.items():
        found = set()
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Import(names=imported):
                    found |= {alias.name for alias in imported}
                case ast.ImportFrom(module=str(module), names=imported):
                    found |= {
                        f"{module}.{alias.name}" if f"{module}.{alias.name}" in names else module for alias in imported
                    }
        arrows[name] = (found & names.keys()) - {name}
    TopologicalSorter(arrows).prepare()  # a CycleError names the circle


def _names(node: ast.stmt) -> list[str]:
    match node:
        case ast.ClassDef(name=name):
            return [name]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case ast.Assign(targets=targets):
            return [part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)]
        case _:
            return []


def test_every_slow_test_is_there_and_named_once() -> None:
    assert list(SLOW) == sorted(set(SLOW))
    for entry in SLOW:
        file, _, name = entry.partition("::")
        assert not name or file not in SLOW, f"{entry} stands twice"
        assert f"def {name or 'test_'}" in (ROOT / file).read_text(), entry


def test_each_folder_of_tests_says_what_it_is_about() -> None:
    for path in (ROOT / "tests").rglob("__init__.py"):
        assert ast.get_docstring(ast.parse(path.read_text())), path
