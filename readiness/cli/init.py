"""`readiness init`: scenarios, limits and a pipeline from what a service already has."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from readiness.cli.output import read_flag, refusals, say
from readiness.cli.trust import AllowEnv

if TYPE_CHECKING:
    from readiness.init.draft import Draft
    from readiness.init.files import Made

SOURCE_HELP = "OpenAPI, HAR, Postman, .http, cURL command or access log: a file, an address, or - (standard input)."
_SHOWN = 8
"""Lines of a kind on the terminal; the files have all of them."""


def init(
    source: Annotated[str | None, typer.Argument(metavar="[SOURCE]", help=SOURCE_HELP)] = None,
    target: Annotated[str | None, typer.Option(metavar="URL", help="The service that will be loaded.")] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the files go; default here.")] = Path(),
    ci: Annotated[
        str | None, typer.Option("--ci", metavar="KIND", help="A pipeline too: github, gitlab or jenkins.")
    ] = None,
    path: Annotated[
        list[str] | None, typer.Option(metavar="/PATH", help="Without SOURCE: a path that users ask for; repeat it.")
    ] = None,
    login: Annotated[
        str | None, typer.Option(metavar="/PATH", help="Without SOURCE: a page with a form to log in by.")
    ] = None,
    p95: Annotated[
        str | None, typer.Option(metavar="D", help="Time for 95 of 100 answers, such as 500ms; default 1s.")
    ] = None,
    users: Annotated[int | None, typer.Option(metavar="N", min=1, max=1000, help="Users at once; default 10.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over files that stand.")] = False,
    measure: Annotated[
        bool, typer.Option("--measure", help="Then load the target for 30 s, and propose limits from that.")
    ] = False,
    allow_host: Annotated[
        list[str] | None, typer.Option(metavar="HOST", help="A host other than this machine that --measure may load.")
    ] = None,
    allow_env: AllowEnv = None,
) -> None:
    """Write scenarios, thresholds.yaml and a pipeline from what exists; sends nothing unless --measure."""
    from readiness.errors import ConfigError
    from readiness.init import limits
    from readiness.init.base_path import without_base
    from readiness.init.files import THRESHOLDS, Given, files_of
    from readiness.init.pipeline import kind_of
    from readiness.init.write import write

    with refusals():
        kind = kind_of(ci)
        url, p95_ms = _target(target), _milliseconds(p95)
        if measure and url is None and source is not None:
            raise ConfigError("--measure: needs --target URL, the service that is to be measured")
        if source is None:
            url, path, p95_ms = _answers(url, path, p95_ms)
        draft = _draft(source, path, login)
        loaded = _with_base(url, draft)
        if loaded is not None and source is not None:
            loaded, draft = without_base(loaded, draft)
        shown = loaded or _origin(source, draft)
        starters = limits.starters(p95_ms or limits.P95_MS)
        given = Given(
            service=_service(loaded, draft),
            target=loaded,
            load=limits.ProposedLoad(users or limits.USERS, None if users else draft.rate_per_s, draft.arrivals_per_s),
            ci=kind,
            named=shown,
        )
        made = files_of(draft, given, starters)
        if measure and not made.running:
            raise ConfigError(
                "--measure: every task of this source is switched off, so there is nothing to measure: without "
                "--measure the files are written",
                *made.off[:_SHOWN],
            )
        write(out, made.files, force=force)
        _tell(draft, made, out)
        if measure and loaded is not None:
            from readiness.cli.init_measure import measured

            found = measured(out, loaded, starters, scenarios=made.users, allow_hosts=allow_host, allow_env=allow_env)
            write(out, {THRESHOLDS: files_of(draft, given, found).files[THRESHOLDS]}, force=True)
            for one in found:
                say(f"proposed {one.check} {one.limit}: {one.why}", to_stderr=True)
        _next(out, loaded, made, shown)


def _target(given: str | None) -> str | None:
    """--target as files may hold it. Raises ConfigError."""
    import re

    from readiness.errors import ConfigError
    from readiness.run import target

    if given is None:
        return None
    try:
        url = target.parse(given)
    except ConfigError as error:
        raise ConfigError(*(problem.replace("TARGET", "--target", 1) for problem in error.problems)) from None
    if not re.fullmatch(r"https?://[A-Za-z0-9.:\[\]_-]+(?:/[A-Za-z0-9._~/%+-]*)?", url):
        raise ConfigError(f"--target: {url!r}: has a character that a pipeline cannot hold; percent-encode it")
    return url


def _milliseconds(p95: str | None) -> int | None:
    """`500ms`, `1s`, or milliseconds without a unit. Raises ConfigError."""
    from readiness.config import durations

    if p95 is None:
        return None
    given = f"{p95.strip()}ms" if p95.strip().isdecimal() else p95
    return round(1000 * read_flag("--p95", lambda: durations.parse(given, least_s=0.001, most_s=600)))


def _answers(url: str | None, path: list[str] | None, p95_ms: int | None) -> tuple[str | None, list[str], int | None]:
    """Three questions where there is a terminal; flags answer them. Raises ConfigError where nothing answers."""
    from readiness.errors import ConfigError

    if url is not None and path:
        return url, path, p95_ms
    if not (sys.stdin and sys.stdin.isatty() and sys.stdout and sys.stdout.isatty()):
        if url is None:
            raise ConfigError(
                "readiness init: needs a SOURCE (OpenAPI, HAR, Postman, .http, cURL or an access log), or --target URL "
                "with --path /PATH for each page that users ask for"
            )
        return url, path or ["/"], p95_ms
    if url is None:
        url = _target(typer.prompt("1/3  Address of the service", default="http://127.0.0.1:8000"))
    if not path:
        path = typer.prompt("2/3  Paths that its users ask for, with blanks between", default="/").split()
    if p95_ms is None:
        p95_ms = _milliseconds(typer.prompt("3/3  Time within which 95 of 100 answers must come", default="1s"))
    return url, path, p95_ms


def _draft(source: str | None, path: list[str] | None, login: str | None) -> Draft:
    from readiness.errors import ConfigError
    from readiness.init import detect, questions

    if source is None:
        return questions.draft(path or ["/"], login)
    for flag, given in (("--path", path), ("--login", login)):
        if given:
            raise ConfigError(f"{flag}: goes without SOURCE; paths come from the source otherwise")
    if source.startswith(("http://", "https://")):
        from readiness.init.sources.openapi import MOST_BYTES
        from readiness.probes.download import document, shown_address

        return detect.read_bytes(document(source, MOST_BYTES), shown_address(source))
    return detect.read(source)


def _with_base(url: str | None, draft: Draft) -> str | None:
    """--target with the path under which the source's service lies, where the user gave none."""
    from urllib.parse import urlsplit

    path = urlsplit(draft.target or "").path.rstrip("/")
    if url is None or urlsplit(url).path.strip("/") or not path.startswith("/"):  # without a / it would be of the host
        return url
    return _target(url.rstrip("/") + path)


def _origin(source: str | None, draft: Draft) -> str | None:
    """Where the source says that its service lies, else where the source itself came from; only told, never loaded."""
    from urllib.parse import urlsplit

    said = draft.target or ""
    if said.startswith("http") or source is None or not source.startswith(("http://", "https://")):
        return said if said.startswith("http") else None
    parts = urlsplit(source)
    port = f":{parts.port}" if parts.port else ""
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}{port}{said if said.startswith('/') else ''}"


def _service(url: str | None, draft: Draft) -> str:
    """A name for the report: the source's own, else that of the host."""
    from urllib.parse import urlsplit

    return draft.service or urlsplit(url or draft.target or "").hostname or "my-service"


def _tell(draft: Draft, made: Made, out: Path) -> None:
    """What was written, and what was not resolved, on standard error."""
    from readiness.init import shared

    for name in made.files:
        say(f"wrote {out / name}", to_stderr=True)
    _some((*draft.notes, *shared.notes(draft)), "")
    _some(made.off, "switched off: ")


def _some(lines: tuple[str, ...], before: str) -> None:
    from readiness.text import clean

    for line in lines[:_SHOWN]:
        say(f"{before}{clean(line, 300)}", to_stderr=True)
    if len(lines) > _SHOWN:
        say(f"{before}{len(lines) - _SHOWN} more, each with a comment in its file", to_stderr=True)


def _next(out: Path, target: str | None, made: Made, named: str | None) -> None:
    """What to do next, in three lines."""
    from readiness.init.next_steps import steps

    for line in steps(out, target, made, named):
        say(line)
