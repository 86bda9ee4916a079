"""docs/decisions/index.md, made from the first lines of the records: `python -m tests.decisions`."""

from pathlib import Path

FOLDER = Path(__file__).parent.parent / "docs" / "decisions"
INDEX = FOLDER / "index.md"
OPENING = """# Decision records

Each record has a context, a decision and its consequences. A record that was replaced says so in its first lines.
This page is made by `python -m tests.decisions`.

"""


def records() -> list[Path]:
    return sorted(FOLDER.glob("0*.md"))


def index() -> str:
    """The page: a line for each record, with its heading as the link."""
    headings = ((record.read_text().splitlines()[0].removeprefix("# "), record.name) for record in records())
    return OPENING + "".join(f"- [{heading}]({name})\n" for heading, name in headings)


if __name__ == "__main__":
    INDEX.write_text(index())
