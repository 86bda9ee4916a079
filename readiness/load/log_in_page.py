"""The form of a page by which a person logs in: its fields, and what a browser would send of them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from html.parser import HTMLParser

_MOST_CHARS = 1 << 20
"""A form stands in the beginning of a page, and damaged pages cost the parser more than their length."""
_MOST_FIELDS = 200
_WRITTEN = ("text", "email", "tel", "")
_WHO = ("user", "mail", "login", "name", "account")


@dataclass(slots=True)
class LogInForm:
    """A form with one password."""

    action: str
    """As the page writes it; "" for the page itself."""
    hidden: dict[str, str] = field(default_factory=dict)
    """Fields that are sent as they are: CSRF tokens, where to go next, the button."""
    written: list[str] = field(default_factory=list)
    """Names of text fields."""
    passwords: list[str] = field(default_factory=list)

    @property
    def user(self) -> str | None:
        """The field that says who logs in."""
        by_name = (name for name in self.written if any(word in name.lower() for word in _WHO))
        return next(by_name, self.written[0] if self.written else None)


def log_in_form(page: str) -> LogInForm | None:
    """The first form of an HTML page that has exactly one password field and one for the user; None without one."""
    parser = _Forms()
    with suppress(AssertionError):  # what the parser says of markup that is too damaged for it
        parser.feed(page[:_MOST_CHARS])
    found = (form for form in parser.forms if len(form.passwords) == 1 and form.written)
    return next(found, None)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[LogInForm] = []
        self._inside: LogInForm | None = None
        self._fields = 0
        self._has_button = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Of every element that begins."""
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside, self._has_button = LogInForm(said.get("action", "")), False
            self.forms.append(self._inside)
        elif self._inside is not None and tag in ("input", "button") and said.get("name"):
            self._fields += 1
            if self._fields <= _MOST_FIELDS:
                self._take(self._inside, tag, said)

    def handle_endtag(self, tag: str) -> None:
        """Of every element that ends."""
        if tag == "form":
            self._inside = None

    def _take(self, form: LogInForm, tag: str, said: dict[str, str]) -> None:
        name, value = said["name"], said.get("value", "")
        sort = said.get("type", "submit" if tag == "button" else "").lower()
        if sort == "hidden":
            form.hidden[name] = value
        elif sort == "password":
            form.passwords.append(name)
        elif sort == "submit" and not self._has_button:
            self._has_button = True
            form.hidden[name] = value
        elif tag == "input" and sort in _WRITTEN:
            form.written.append(name)
