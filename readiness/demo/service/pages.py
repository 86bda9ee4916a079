"""The HTML pages. Every value is escaped here; markers for scenarios are `data-` attributes, not prose."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

STYLE = """\
body { font: 16px/1.5 system-ui, sans-serif; max-width: 42rem; margin: 3rem auto; padding: 0 1rem; color: #1c2430; }
label, input, button { display: block; font: inherit; }
input { margin: 0 0 1rem; padding: .4rem; width: 18rem; max-width: 100%; }
[role=alert] { color: #9b1c1c; }
dt { color: #52606d; } dd { margin: 0 0 .75rem; font-size: 1.5rem; }
"""


def front_page() -> str:
    """What the service is."""
    return _page("Bag tracker", '<p>Tracks every bag of the hub.</p><p><a href="/login">Log in</a></p>')


def login_page(csrf_token: str, *, message: str | None = None) -> str:
    """The log-in form; `message` says why the last attempt failed."""
    alert = "" if message is None else f'<p role="alert" data-login="failed">{escape(message)}</p>'
    return _page(
        "Log in",
        f"""{alert}<form method="post" action="/login">
<input type="hidden" name="csrf_token" value="{escape(csrf_token)}">
<label for="username">Name</label><input id="username" name="username" autocomplete="username" required>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button>Log in</button></form>""",
    )


def dashboard_page(user_name: str, display_name: str, numbers: Mapping[str, int]) -> str:
    """The dashboard of a logged-in user."""
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{value:,}</dd>" for name, value in numbers.items())
    return _page(
        "Dashboard",
        f'<p data-user="{escape(user_name)}">Logged in as {escape(display_name)}</p><dl>{rows}</dl>',
    )


def error_page(title: str, text: str) -> str:
    """An error."""
    return _page(title, f'<p role="alert">{escape(text)}</p><p><a href="/">Bag tracker</a></p>')


def _page(title: str, body: str) -> str:
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title><link rel="stylesheet" href="/style.css"></head>
<body><h1>{escape(title)}</h1>
{body}
</body></html>
"""
