"""Where the templates and the style sheet are."""

from pathlib import Path

TEMPLATES = Path(__file__).parent
