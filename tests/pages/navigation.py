"""The navigation of the documentation site, from docs/index.md, so that there is one list of pages."""

from __future__ import annotations

import re

HEADING = re.compile(r"^## ([^:\n]+).*?\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
PAGE = re.compile(r"^- \[([^\]]+)\]\(([^)]+\.md)\)", re.MULTILINE)


def navigation(index: str) -> str:
    """`nav` of mkdocs.yml: section by section, each page with the words of its link."""
    lines = ["nav:", "  - Start: index.md"]
    for heading, body in HEADING.findall(index):
        lines += [
            f"  - {heading}:",
            *(f'      - "{title.replace("`", "")}": {path}' for title, path in PAGE.findall(body)),
        ]
    return "\n".join(lines) + "\n"
