"""The artefacts of a run before it has an answer: yesterday's must not outlive its start."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from readiness.cli.artefacts import write_reports, write_run
from readiness.cli.preparation import local_provenance
from readiness.config.model import Config
from readiness.errors import ConfigError
from readiness.measurements.provenance import Target
from readiness.measurements.run import Run
from readiness.report import Format
from readiness.report.placeholder import UNFINISHED, placeholder
from readiness.report.writing import RUN_FILE, remove_stale


class Files:
    """The artefacts of this run before it has an answer."""

    def __init__(
        self, out: Path, formats: Sequence[Format], run_id: str, config: Config, target: str, secrets: Sequence[str]
    ) -> None:
        self._out = out
        self._formats = formats
        self._run_id = run_id
        self._config = config
        self._target = Target(target, target)
        self._secrets = secrets
        self._started_at = datetime.now(UTC).isoformat(timespec="milliseconds")

    def replace_yesterday(self, reason: str = UNFINISHED) -> None:
        """Put an INCONCLUSIVE answer in place of every file of an earlier run.

        Raises ConfigError when that is not possible: a green report of yesterday must not outlive this start.
        """
        provenance = local_provenance()
        verdict = placeholder(
            self._run_id,
            self._config.service,
            reason,
            target=self._target,
            provenance=provenance,
            started_at=self._started_at,
            config=self._config,
        )
        run = Run(
            self._run_id,
            self._config.service,
            self._started_at,
            self._started_at,
            self._target,
            provenance,
            {},
            "",
            None,
            (),
            doubts=(reason,),
        )
        kept = frozenset({RUN_FILE, *(fmt.file_name for fmt in self._formats)})
        problems = list(remove_stale(self._out, kept))
        problem = write_run(run, self._out, self._secrets)
        problems += [problem] if problem else []
        problems += write_reports(verdict, None, self._formats, self._out, self._secrets)[1]
        if problems:
            raise ConfigError(*(f"--out {self._out}: {problem}" for problem in problems))
