"""Secrets of a source: found by name or form, and given an environment variable each; their values go nowhere.

A reader asks twice. First it tells every secret that it meets (`Secrets.keep`), then it builds its texts with
`Secrets.text`, which puts the variable wherever a value stands that is known by then, however it got there.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from readiness.init.draft import Text, Variable
from readiness.init.sources.folding import is_random
from readiness.init.sources.values import LONGEST_NAME, Names, words
from readiness.text import clean
from readiness.text.redaction import hidden

PLAIN = "READINESS_VAR_"
"""Begins the variables that are no secrets."""
LEAST_FOUND = 6
"""Shorter values are replaced in their own place alone: `1234` is anywhere."""
LONGEST_SEARCHED = 4_096
"""Of one value: a key stands at its beginning."""
_SECRET_WORDS = """
    password passwd passphrase passcode pwd pass secret token tokens apikey authorization credential credentials jwt otp
    pin cvv cvc ssn iban sid sessionid jsessionid phpsessid signature sig csrf xsrf bearer totp csrftoken authtoken
    accesstoken csrfmiddlewaretoken authenticity cookie
"""
_WORDS = frozenset(_SECRET_WORDS.split())
_PAIRS = ("api key", "access key", "private key", "secret key", "card number", "session id", "auth key", "client key")
_PARTS = ("password", "passwd", "secret", "apikey", "credential")
_MAYBE = frozenset({"key", "code", "state", "nonce", "ticket", "auth", "session", "hash", "sign", "invite", "hmac"})
"""Names that are secret when the value looks so."""
_SHAPES = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]{4,}\.[\w-]*|(?<![A-Za-z0-9])(?:gh[pousr]|github_pat|glpat|xox[abprs]|sk|pk|rk|shpat|dop_v1|npm)[-_]\w[\w-]{12,}"
    r"|A[KS]IA[0-9A-Z]{16}|AIza[\w-]{30,}|SG\.[\w-]{16,}\.[\w-]{16,}|ya29\.[\w-]{20,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----"
)
_USERS = frozenset({"username", "user", "email", "login", "mail", "userid", "account", "identifier", "user name"})
_PERSON = re.compile(r"[^@\s/]{1,64}@[^@\s/]{1,200}\.[A-Za-z]{2,24}")


def is_secret_name(name: str) -> bool:
    """Whether what goes by this name is a secret, whatever it looks like."""
    found = words(name)
    joined = " ".join(found)
    return not _WORDS.isdisjoint(found) or any(pair in joined for pair in _PAIRS) or any(p in joined for p in _PARTS)


def is_password_name(name: str) -> bool:
    """Whether a field of this name takes a password, so that the request is a log-in."""
    return any(word.startswith("passw") or word in ("pwd", "pass", "passphrase", "passcode") for word in words(name))


def is_user_name(name: str) -> bool:
    """Whether a field of this name, beside a password, says who logs in."""
    return " ".join(words(name)) in _USERS or bool({"username", "email", "login"}.intersection(words(name)))


def is_secret(name: str, value: str) -> bool:
    """Whether `value`, which goes by `name`, must not be written down."""
    if not value:
        return False
    if is_secret_name(name) or _SHAPES.search(value[:LONGEST_SEARCHED]):
        return True
    return not _MAYBE.isdisjoint(words(name)) and len(value) >= 8 and is_random(value)


def secrets_by_look(text: str) -> frozenset[str]:
    """Keys of known services and tokens inside a text."""
    return frozenset(match.group() for match in _SHAPES.finditer(text[:LONGEST_SEARCHED]))


def is_personal(value: str) -> bool:
    """An address of a person."""
    return "@" in value and bool(_PERSON.fullmatch(value.strip()))


class Secrets:
    """The secrets of one source, each with its variable."""

    def __init__(self) -> None:
        self._found: dict[str, Variable] = {}
        self._unnamed: dict[str, str] = {}
        self._names = Names()
        self._split: re.Pattern[str] | None = None
        self._forms: dict[str, str] = {}

    def keep(self, name: str, value: str, purpose: str, *, kind: str | None = None) -> Variable:
        """The variable for `value`; the same value has one variable, whatever it is called elsewhere."""
        if value in self._found:
            return self._found[value]
        said = hidden(purpose, frozenset(self._found) | {value}, cuts=False)
        variable = Variable(self._names.unique(kind or variable_name(name)), clean(said, 120))
        self._found[value] = variable
        if value not in self._unnamed:
            self._split = None
        return variable

    def own(self, value: str) -> Variable | None:
        """The variable of a secret that was told before; for the place where it stands alone."""
        return self._found.get(value)

    def hide(self, name: str, value: str) -> None:
        """A secret that needs no variable; it gets one all the same where a text turns out to hold it."""
        if len(value) >= LEAST_FOUND and value not in self._found:
            self._unnamed[value] = name
            self._split = None

    def text(self, raw: str) -> Text:
        """`raw` with a variable where a known secret stands, as it is or percent-encoded."""
        pattern = self._pattern()
        if pattern is None:
            return (raw,)
        parts: list[str | Variable] = []
        done = 0
        for match in pattern.finditer(raw):
            if match.start() > done:
                parts.append(raw[done : match.start()])
            parts.append(self._variable(self._forms[match.group()]))
            done = match.end()
        if done < len(raw) or not parts:
            parts.append(raw[done:])
        return tuple(parts)

    def shown(self, text: object, limit: int = 300) -> str:
        """Outside text as one harmless line without any secret, for a name, a comment or a note."""
        return clean(
            hidden(str(text)[: limit * 20], frozenset(self._found) | frozenset(self._unnamed), cuts=True), limit
        )

    def _variable(self, value: str) -> Variable:
        found = self._found.get(value)
        return found or self.keep(self._unnamed[value], value, f"{clean(self._unnamed[value], 60)} of the source")

    def _pattern(self) -> re.Pattern[str] | None:
        if self._split is None:
            self._forms = {
                form: value
                for value in (*self._found, *self._unnamed)
                if is_telling(value)
                for form in (value, quote(value, safe=""), quote(value))
            }
            if self._forms:
                longest_first = sorted(self._forms, key=lambda form: (-len(form), form))
                self._split = re.compile("|".join(map(re.escape, longest_first)))
        return self._split


def is_telling(value: str) -> bool:
    """Whether `value`, met anywhere in a text, is the secret and not a word: `admin` is a password and a path."""
    return len(value) >= LEAST_FOUND and not (value.isalpha() and len(value) < 10)


def variable_name(name: str) -> str:
    """The environment variable for what is called `name`: scenarios see its beginning (docs/reference/scenarios.md)."""
    if is_password_name(name):
        return "READINESS_PASSWORD"
    found = [word for word in words(name) if word != "x"]
    if not found or {"authorization", "bearer"}.intersection(found) or found in (["token"], ["access", "token"]):
        return "READINESS_TOKEN"
    return f"READINESS_SECRET_{'_'.join(found).upper()[:LONGEST_NAME]}"


def plain_variable(name: str, purpose: str) -> Variable:
    """A variable for what is no secret, and what the source does not tell."""
    return Variable(f"{PLAIN}{'_'.join(words(name)).upper()[:LONGEST_NAME] or 'VALUE'}", clean(purpose, 120))
