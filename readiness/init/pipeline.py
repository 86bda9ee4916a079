"""A pipeline that runs the result: one file for GitHub, GitLab or Jenkins, to be read before it is used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from readiness.errors import ConfigError
from readiness.init.draft import Variable
from readiness.init.limits import SEEN
from readiness.init.names import variable
from readiness.load.workers.hosts import is_loopback
from readiness.text import clean

PipelineKind = Literal["github", "gitlab", "jenkins"]
KINDS: tuple[PipelineKind, ...] = ("github", "gitlab", "jenkins")
CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1  # v7.0.1"
PYTHON = "actions/setup-python@5fda3b95a4ea91299a34e894583c3862153e4b97  # v7.0.0"
UPLOAD = "actions/upload-artifact@bbbca2ddaa5d8feaa63e36b76fdaad77386f024f  # v7.0.0"
_FROM = "what pip installs: git+https://HOST/OWNER/readiness@COMMIT, by commit; no package index has this name"


@dataclass(frozen=True, slots=True)
class Pipeline:
    """One file and what to do with it."""

    path: str
    text: str
    next_step: str


def pipeline(kind: PipelineKind, target: str | None, variables: Sequence[Variable]) -> Pipeline:
    """The file for `kind`. Pure. `target` is a URL without quotes or `$` (see target.py of this package's command)."""
    names = sorted({variable(one.name) for one in variables})
    url = target or "http://127.0.0.1:8000"
    more = [f"--allow-env {name}" for name in names if not name.startswith(SEEN)]
    host = urlsplit(url).hostname or ""
    more += [] if is_loopback(host) else [f"--allow-host {host}"]
    command = " ".join(["readiness run", url, *more])
    return {"github": _github, "gitlab": _gitlab, "jenkins": _jenkins}[kind](command, names)


def _github(command: str, names: Sequence[str]) -> Pipeline:
    secrets = [f"          {name}: ${{{{ secrets.{name} }}}}" for name in names]
    text = f"""\
# Runs `readiness` against a service that this job starts. See docs/how-to/pipeline.md.
name: readiness
on:
  pull_request:
permissions:
  contents: read
jobs:
  readiness:
    runs-on: ubuntu-latest
    timeout-minutes: 15
    steps:
      - uses: {CHECKOUT}
        with: {{ persist-credentials: false }}
      - uses: {PYTHON}
        with: {{ python-version: "3.12" }}
      - name: install
        env:
          # {_FROM}
          READINESS_PACKAGE: ${{{{ vars.READINESS_PACKAGE }}}}
        run: python -m pip install "$READINESS_PACKAGE"
      # Start your service here, and wait until it answers.
      - name: run
{chr(10).join(["        env:", *secrets, ""]) if secrets else ""}        run: {command}
      - if: always()
        uses: {UPLOAD}
        with: {{ name: readiness, path: reports/latest }}
"""
    where = ".github/workflows/readiness.yml"
    return Pipeline(where, text, "put the start of your service in, and the repository variable READINESS_PACKAGE")


def _gitlab(command: str, names: Sequence[str]) -> Pipeline:
    text = f"""\
# A job for `readiness`: include this file in .gitlab-ci.yml. See docs/how-to/pipeline.md.
# Set READINESS_PACKAGE as a CI variable: {_FROM}.
{"".join(f"# Set {name} as a masked CI variable.{chr(10)}" for name in names)}readiness:
  image: python:3.12
  timeout: 15m
  script:
    - python -m pip install --quiet "$READINESS_PACKAGE"
    # Start your service here, or name it under `services:`, and wait until it answers.
    - {command}
  allow_failure:
    exit_codes: [4]                  # CONDITIONAL: the job is orange; remove it to make it red
  artifacts:
    when: always
    paths: [reports/latest]
    reports:
      junit: reports/latest/junit.xml
      codequality: reports/latest/gl-code-quality-report.json
      metrics: reports/latest/metrics.txt
"""
    where = "readiness.gitlab-ci.yml"
    return Pipeline(where, text, f"include {where} in .gitlab-ci.yml, and set the CI variable READINESS_PACKAGE")


def _jenkins(command: str, names: Sequence[str]) -> Pipeline:
    credentials = "".join(f"        {name} = credentials('{name}')\n" for name in names)
    environment = f"    environment {{\n{credentials}    }}\n" if names else ""
    text = f"""\
// Runs `readiness` against a service that this job starts. See docs/how-to/pipeline.md.
// Set READINESS_PACKAGE in Jenkins, {_FROM}.
pipeline {{
    agent any
    options {{
        timeout(time: 15, unit: 'MINUTES')
    }}
{environment}    stages {{
        stage('readiness') {{
            steps {{
                sh 'python3 -m venv .readiness && .readiness/bin/python -m pip install --quiet "$READINESS_PACKAGE"'
                // Start your service here, and wait until it answers.
                sh '.readiness/bin/{command}'
            }}
        }}
    }}
    post {{
        always {{
            archiveArtifacts artifacts: 'reports/latest/**', allowEmptyArchive: true
            junit testResults: 'reports/latest/junit.xml', allowEmptyResults: true
        }}
    }}
}}
"""
    where = "Jenkinsfile.readiness"
    return Pipeline(where, text, f"make a Jenkins job with {where} as its script, and set READINESS_PACKAGE in it")


def kind_of(text: str | None) -> PipelineKind | None:
    """--ci as one of KINDS. Raises ConfigError."""
    found = next((kind for kind in KINDS if kind == text), None)
    if text is not None and found is None:
        raise ConfigError(f"--ci: {clean(text, 40)!r}: give github, gitlab or jenkins")
    return found
