"""What every HTML page of ours shares: the templates, and one style sheet that its own policy names by hash."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache

from markupsafe import Markup

from readiness.report.templates import TEMPLATES, templates

_COMMAND = re.compile(r"`([^`\n]+)`")


def page(template: str, **values: object) -> str:
    """The page of a template, with `style` and `style_hash` beside the values."""
    style = _style()
    rendered: str = (
        templates(quoted=quoted).get_template(template).render(style=Markup(style), style_hash=hash_of(style), **values)
    )
    return rendered


def hash_of(style: str) -> str:
    """The style sheet's hash as a content security policy writes it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()


def quoted(text: str) -> str:
    """`text` with a command that stands between backticks in quotation marks: text makes no element."""
    return _COMMAND.sub(r"“\1”", text)


@cache
def _style() -> str:
    """The style sheet as it stands between the style tags, newlines included: the hash covers all of it."""
    return "\n" + (TEMPLATES / "report.css").read_text(encoding="utf-8")
