"""thresholds.yaml -> Config, or one ConfigError with every mistake, each with its line and path."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from readiness.config.baseline import baseline_form, implied, with_run
from readiness.config.checks import DeclaredNames, checks_form
from readiness.config.database import database_form, read_files
from readiness.config.drill_notes import peak_per_s
from readiness.config.drills import MAX_DRILL_RATE_PER_S, Drill, drills_form
from readiness.config.form import MAX_PROBLEMS, Complaint, Form, Problem, Wrong, described, section
from readiness.config.model import (
    Check,
    Config,
    Limit,
    OnFail,
    Operator,
)
from readiness.config.probes import probes_form
from readiness.config.proxies import proxies_form
from readiness.config.restore import RESTORE, restore_form
from readiness.config.scalars import flag_form, sentence_form, whole_form
from readiness.config.sections import Hosts, decision_form, evidence_form, load_form, target_form
from readiness.config.tls import with_files
from readiness.config.tree import MAX_BYTES, Node, Table, Unreadable, compose
from readiness.config.trust import Trust
from readiness.config.variables import Variables
from readiness.config.waivers import attested_form, waivers_form
from readiness.errors import ConfigError
from readiness.metrics.baseline import BASELINE_PREFIX
from readiness.metrics.drills import RECOVERY
from readiness.metrics.restore import CONTENT
from readiness.metrics.service import STARTER_METRIC, STARTER_TITLE
from readiness.text import clean, foreign_files

LONGEST_PROBLEM = 600
_SMALLEST = """    version: 1
    service: my-service
    checks:
      http.success_rate: { pass: "> 99 %", on_fail: block }"""
_NO_TRUST = Trust()


def load(path: Path, environ: Mapping[str, str], today: date | None = None, trust: Trust = _NO_TRUST) -> Config:
    """The configuration in the file at `path`; `${NAME}` in values is taken from `environ`, as far as `trust` goes.

    `path` is the user's own word; every file that the content names must be below its folder. `today` is the day by
    which waivers expire; without it, today in UTC.

    Raises ConfigError when the file cannot be read or anything in it is wrong.
    """
    name = str(path)
    try:
        data = foreign_files.read_bytes(path, MAX_BYTES)
    except foreign_files.Missing:
        raise ConfigError(
            f"{name}: there is no such file; name one with --thresholds FILE, or write it. The smallest:",
            "",
            *_SMALLEST.splitlines(),
        ) from None
    except foreign_files.NotReadable as error:
        raise ConfigError(f"{name}: {error}") from None
    config = parse(data, name, environ, today, trust)
    if config.baseline is not None:
        config = replace(config, baseline=with_run(config.baseline, name))
    files = with_files(config.tls, path.parent, name)
    return replace(config, database=read_files(config.database, path.parent, name), tls=files)


def parse(
    text_bytes: bytes, name: str, environ: Mapping[str, str], today: date | None = None, trust: Trust = _NO_TRUST
) -> Config:
    """The configuration in `text_bytes`; `name` is the file as the user gave it. Raises ConfigError."""
    try:
        root = compose(text_bytes)
    except Unreadable as error:
        raise ConfigError(f"{name}:{error.line}: {error}" if error.line else f"{name}: {error}") from error
    if root is None:
        raise ConfigError(f"{name}: is empty; it needs version, service and checks (see docs/reference/thresholds.md)")
    if not isinstance(root, Table):
        raise ConfigError(f"{name}:{root.line}: must be a mapping with version, service and checks")
    variables = Variables(environ, trust)
    ready = variables.node(root, "")
    problems = list(variables.problems)
    try:
        config = document(_names(ready), today or datetime.now(UTC).date()).read(ready, "")
    except Wrong as wrong:
        hidden = {(problem.line, problem.path) for problem in problems}
        problems += [problem for problem in wrong.problems if (problem.line, problem.path) not in hidden]
        raise ConfigError(*_lines(problems, name, variables)) from wrong
    if problems:
        raise ConfigError(*_lines(problems, name, variables))
    return replace(
        config,
        file=name,
        sha256=hashlib.sha256(text_bytes).hexdigest(),
        secrets=tuple(dict.fromkeys([*variables.values, *trust.values(environ)])),
    )


def document(names: DeclaredNames, today: date) -> Form[Config]:
    """The form of the whole file."""
    return section(
        _config,
        {
            "version": ("version", whole_form(least=1, most=1)),
            "service": ("service", sentence_form(100)),
            "load": ("load", load_form()),
            "decision": ("decision", decision_form()),
            "evidence": ("confidence", evidence_form()),
            "checks": ("checks", checks_form(names)),
            "database": ("database", database_form(names.countable)),
            "probes": ("probes", probes_form()),
            "target": ("target", target_form()),
            "baseline": ("baseline", baseline_form()),
            "waivers": ("waivers", waivers_form(names.checks, today)),
            "attested": ("attested", attested_form(today)),
            "proxies": ("proxies", proxies_form()),
            "drills": ("drills", drills_form(names.proxies)),
            "restore": ("restore", restore_form()),
            "starter_limits": (
                "starter_limits",
                described(flag_form(), "Nobody chose these limits yet: a run is CONDITIONAL at best."),
            ),
        },
        required=("version", "service", "checks"),
    )


_HOSTS = Hosts()


def _config(version: int, target: Hosts = _HOSTS, **given: Any) -> Config:
    del version  # 1 is the only one, its form says so
    config = Config(allowed_hosts=target.allowed_hosts, tls=target.tls, **given)
    checks, baseline, drills = config.checks, config.baseline, config.drills
    if config.starter_limits and all(check.metric != STARTER_METRIC for check in checks):
        checks += (Check(STARTER_METRIC, None, STARTER_TITLE, Limit(Operator.EQUAL, 1.0, "== 1")),)
    if baseline is not None:
        checks += implied(baseline, checks)
        if not any(check.metric.startswith(BASELINE_PREFIX) for check in checks):
            raise Complaint("is never used: give it worse_by, or a check such as baseline.latency.p95", "baseline")
    blocking = {check.key for check in checks if check.on_fail is OnFail.BLOCK and check.not_applicable is None}
    if blocking and blocking <= {waiver.check for waiver in config.waivers}:
        raise Complaint("every blocking check is waived, so nothing could stop a release; leave one", "waivers")
    for check in checks:
        drill = drills.get(check.scope or "") if check.metric == RECOVERY else None
        most_ms = max((limit.value for limit in (check.pass_limit, check.warn_limit) if limit), default=0.0)
        if drill is not None and most_ms >= drill.after_s * 1000:
            raise Complaint(
                f"{check.scope}: is over {drill.after_s:g} s after its fault, and {check.key} asks for "
                f"{most_ms / 1000:g} s: give it a longer `after`",
                "drills",
            )
    for name, one in drills.items():
        if (peak := peak_per_s(one, config.load)) > MAX_DRILL_RATE_PER_S:
            raise Complaint(
                f"{name}: would send {peak:,g} /s, and a drill sends at most {MAX_DRILL_RATE_PER_S:,g} /s; give it a "
                "lower rate, or fewer times",
                "drills",
            )
    if config.restore is not None:
        _restored(checks, drills)
    return replace(config, checks=checks)


def _restored(checks: tuple[Check, ...], drills: Mapping[str, Drill]) -> None:
    """Raises Complaint for a restore of which nobody asks what it brought back."""
    if RESTORE in drills:
        raise Complaint("the section restore has this name in the report; give the drill another one", "drills.restore")
    if not any(check.metric in CONTENT for check in checks):
        raise Complaint(f"nothing asks what was restored; add a check such as {CONTENT[0]}", RESTORE)


def _names(root: Node) -> DeclaredNames:
    """What the file declares, found before the sections that use it are read."""

    def keys(*path: str) -> frozenset[str] | None:
        node: Node = root
        for part in path:
            found = [value for key, value in node.pairs if key.text == part] if isinstance(node, Table) else []
            if not found:
                return None
            node = found[0]
        return frozenset(key.text for key, _ in node.pairs) if isinstance(node, Table) else None

    countable = (keys("database", "counts") or frozenset()) | (keys("database", "queries") or frozenset())
    invariants = keys("database", "invariants") or frozenset()
    custom = (keys("probes", "custom") or frozenset()) | (keys("probes", "prometheus", "queries") or frozenset())
    return DeclaredNames(
        countable,
        invariants,
        custom,
        keys("load", "scenarios"),
        keys("baseline") is not None,
        keys("checks") or frozenset(),
        keys("proxies") or frozenset(),
        keys("drills") or frozenset(),
        keys(RESTORE) is not None,
    )


def _lines(problems: list[Problem], name: str, variables: Variables) -> list[str]:
    """One line each, by line of the file; none shows a value that came from the environment."""
    ordered = sorted(dict.fromkeys(problems), key=lambda problem: problem.line)
    lines = [
        f"{name}:{p.line}: {p.path + ': ' if p.path else ''}{clean(variables.hide(p.text), LONGEST_PROBLEM)}"
        for p in ordered[:MAX_PROBLEMS]
    ]
    if len(ordered) > MAX_PROBLEMS:
        lines.append(f"{name}: and more mistakes")
    return lines
