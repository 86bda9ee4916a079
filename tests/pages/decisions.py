"""docs/decisions/index.md: a line for each record."""

from pathlib import Path

FOLDER = Path(__file__).parent.parent.parent / "docs" / "decisions"
OPENING = """# Decision records

Each record has a context, a decision and its consequences. A record that was replaced says so in its first lines.
Numbers that are missing were never given. `python -m tests.pages` writes this page.

"""


def records() -> list[Path]:
    """Every record, the oldest first."""
    return sorted(FOLDER.glob("0*.md"))


def index() -> str:
    """The page; a record's first line is the text of its link."""
    headings = ((record.read_text().splitlines()[0].removeprefix("# "), record.name) for record in records())
    return OPENING + "".join(f"- [{heading}]({name})\n" for heading, name in headings)
