"""gl-code-quality-report.json: GitLab's code quality report, one entry for each check that did not pass.

The fingerprint has no value in it: the same check stays the same finding from run to run, and GitLab keeps only the
first of equal fingerprints.
"""

from __future__ import annotations

from readiness.judge.verdict import Verdict
from readiness.measurements import strict
from readiness.measurements.run import Run
from readiness.report.view.places import places


def render(verdict: Verdict, run: Run | None = None) -> str:
    """The verdict as code quality findings; `run` adds nothing."""
    del run
    return strict.lines(
        [
            {
                "description": place.text,
                "check_name": f"readiness.{place.key}",
                "fingerprint": place.fingerprint,
                "severity": place.gravity.name.lower(),
                "location": {"path": place.file, "lines": {"begin": place.line}},
            }
            for place in places(verdict)
        ]
    )
