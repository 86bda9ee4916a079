"""The artefacts of a run before it has an answer: yesterday's must not outlive its start."""

from __future__ import annotations

from datetime import UTC, datetime

from readiness.cli.artefacts import Artefacts, write_reports
from readiness.cli.preparation import local_provenance
from readiness.config.model import Config
from readiness.errors import ConfigError
from readiness.measurements.provenance import Target
from readiness.measurements.run import Run
from readiness.report.placeholder import UNFINISHED, placeholder
from readiness.report.writing import RUN_FILE, remove_stale


class Files:
    """The artefacts of this run before it has an answer."""

    def __init__(self, artefacts: Artefacts, run_id: str, config: Config, target: str) -> None:
        self._artefacts = artefacts
        self._run_id = run_id
        self._config = config
        self._target = Target(target, target)
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
        kept = frozenset({RUN_FILE, *(fmt.file_name for fmt in self._artefacts.formats)})
        problems = list(remove_stale(self._artefacts.out, kept))
        problem = self._artefacts.write_run(run)
        problems += [problem] if problem else []
        problems += write_reports(verdict, None, self._artefacts)[1]
        if problems:
            raise ConfigError(*(f"--out {self._artefacts.out}: {problem}" for problem in problems))
