"""What `init` read, before it becomes files: plain values only, never a piece of code.

A text of a source stands here as it was read. It becomes code only as a string literal (code.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable that the scenario reads: a secret, or a value that the source does not tell."""

    name: str
    purpose: str
    """For the comment beside it, e.g. "bearer token of securityScheme oauth"."""


@dataclass(frozen=True, slots=True)
class Column:
    """Sample values in a CSV file beside the scenarios, drawn by row."""

    file: str
    """`bags.csv`"""
    name: str


@dataclass(frozen=True, slots=True)
class Extracted:
    """A value that an earlier call of the same user brought, by the name under which it was kept."""

    name: str


GENERATED = {
    "guid": "str(uuid4())",
    "uuid": "str(uuid4())",
    "randomUUID": "str(uuid4())",
    "random.uuid": "str(uuid4())",
    "timestamp": "str(int(time.time()))",
    "isoTimestamp": "datetime.now(UTC).isoformat()",
    "randomInt": "str(uuid4().int % 1001)",
}
"""Dynamic variables of Postman and `.http` files, without their $, and the Python that makes a value of each."""


@dataclass(frozen=True, slots=True)
class Generated:
    """A new value for every request."""

    name: str
    """One of GENERATED."""


Part = str | Variable | Column | Extracted | Generated
"""A piece of a text: as it stands, or by where its value comes from."""
Text = tuple[Part, ...]
"""Joined without anything between: ("/bags/", Extracted("bag_id"), "/scan")."""


def joined(parts: Sequence[Part]) -> Text:
    """Neighbouring strings become one; an empty text is one empty string."""
    found: list[Part] = []
    for part in parts:
        if isinstance(part, str) and found and isinstance(found[-1], str):
            found[-1] += part
        elif part != "":
            found.append(part)
    return tuple(found) or ("",)


@dataclass(frozen=True, slots=True)
class Extract:
    """Keep a value of an answer for later calls."""

    name: str
    """Identifier under which it is kept."""
    where: Literal["json", "form", "header", "meta", "cookie"]
    at: str
    """`items[0].id` for json; the name of an HTML form's field, of a header (of Location the path is kept), of an HTML
    `<meta>`, whose `content` is kept, or of a cookie of the user after the answer (`csrftoken`), percent-decoded."""


@dataclass(frozen=True, slots=True)
class Body:
    """What a call sends: JSON (with texts at its leaves), form fields (urlencoded or in parts), or one text."""

    kind: Literal["json", "form", "multipart", "text"]
    json: Json | None = None
    """Leaves that are not fixed stand in `replaced`."""
    replaced: tuple[tuple[tuple[str | int, ...], Text], ...] = ()
    """Paths into `json` and what stands there instead; where `json` has a number, one is sent."""
    fields: tuple[tuple[str, Text], ...] = ()
    types: tuple[str, ...] = ()
    """Media types of the fields of a form in parts, in their order; empty for a field without one."""
    text: Text = ()


def graphql(body: Body | None) -> str:
    """The document of a GraphQL request; empty for any other body."""
    query = body.json.get("query") if body is not None and isinstance(body.json, dict) else None
    return query if isinstance(query, str) and "{" in query else ""


@dataclass(frozen=True, slots=True)
class Call:
    """One request."""

    method: str
    path: Text
    """With the query string, if it is fixed."""
    name: str
    """Under which it is counted, ids folded: `/bags/{id}`; the method is put before it."""
    query: tuple[tuple[str, Text], ...] = ()
    headers: tuple[tuple[str, Text], ...] = ()
    """An empty text () takes away what other requests of this user have."""
    cookies: tuple[tuple[str, Text], ...] = ()
    """Of this call alone, beside those that the client keeps."""
    body: Body | None = None
    expected: tuple[int, ...] = ()
    """Status codes that are right; none: any below 400."""
    extracts: tuple[Extract, ...] = ()
    think_s: float = 0.0
    """Pause before the call."""
    follows: bool = False
    """The answer is a redirect of the same origin, which the client follows (`allow_redirects=True`): `expected` and
    `extracts` mean the last answer."""
    shows_log_in: bool = False
    """The page to which the recording was led is one by which a person logs in."""
    comment: str = ""
    """One line above it, e.g. what could not be resolved."""
    basic: tuple[Text, Text] | None = None
    """User and password of HTTP Basic, with this request alone (`auth=`)."""
    same: tuple[tuple[str, Text], ...] = ()
    """Places in the JSON answer (as in Extract.at) and what must stand there: the bag that was asked for."""


@dataclass(frozen=True, slots=True)
class Task:
    """Calls that a user makes in this order."""

    name: str
    """Words of the source; code.py makes an identifier of them."""
    calls: tuple[Call, ...]
    weight: int = 1
    enabled: bool = True
    """A write that the source describes stands in the file switched off, and is named."""
    summary: str = ""
    """The source's own words for it, for the docstring."""
    off_because: str = ""
    """Why it is not enabled, behind "because": "it writes"."""


BEARER = "Bearer"
ACCESS_TOKEN = "access_token"
"""Where an OAuth2 answer has its token."""


@dataclass(frozen=True, slots=True)
class LogIn:
    """A request whose answer has a token: it goes with every later request, and is fetched again before it ends."""

    path: str
    body: Body
    token: str = ACCESS_TOKEN
    """Where the JSON answer has it."""
    scheme: str = BEARER
    """The word before it in the header Authorization."""
    basic: tuple[Text, Text] | None = None
    """User and password of HTTP Basic, with this request alone."""


@dataclass(frozen=True, slots=True)
class FormLogIn:
    """A page whose form is filled in with a user name and a password; the session is a cookie."""

    path: str
    username: Text
    password: Text


@dataclass(frozen=True, slots=True)
class Scenario:
    """One file under scenarios/."""

    name: str
    tasks: tuple[Task, ...]
    log_in: LogIn | FormLogIn | None = None
    """Before everything else, for each user."""
    on_start: tuple[Call, ...] = ()
    """Once for each user, e.g. the form of a log-in."""
    headers: tuple[tuple[str, Text], ...] = ()
    """Sent with every request of this user, e.g. Authorization."""
    think_s: tuple[float, float] = (0.5, 1.5)
    basic: tuple[Text, Text] | None = None
    """User and password of HTTP Basic, with every request of this user (`self.client.auth`)."""
    cookies: tuple[tuple[str, Text], ...] = ()
    """Kept by this user's client from its start: an API key that goes as a cookie."""
    summary: str = ""
    """What its user does, for the docstring of the class."""
    ends: str = ""
    """What stops working in the middle of a load, for the head of the file: a token that is not renewed."""


@dataclass(frozen=True, slots=True)
class DataFile:
    """A CSV file beside the scenarios."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """Everything that one source gave."""

    scenarios: tuple[Scenario, ...]
    source: str
    """As the user named it, for the files' first lines; secrets hidden."""
    service: str = ""
    """What the source calls it, for `service` in thresholds.yaml."""
    target: str | None = None
    """Origin that the source names, e.g. `https://api.example.org`; only told, never loaded without the user's word."""
    rate_per_s: float | None = None
    """Busiest minute of a log: becomes load.rate."""
    arrivals_per_s: tuple[tuple[str, float], ...] = ()
    """Arrivals per second over the day of a log, hour by hour: ("13:00", 4.2)."""
    data: tuple[DataFile, ...] = ()
    health_paths: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())
    """What could not be resolved or was left out, each with its place in the source; told on the terminal."""
