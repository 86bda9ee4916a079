"""The file of the schema lock: written whole, never through a link, and never read without an end."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from readiness.cli import app
from readiness.config.model import Database
from readiness.database.schema.measure import _lock
from readiness.errors import NotMeasured
from tests.database.conftest import Place


def test_the_lock_is_written_in_place_of_a_regular_file_only(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("READINESS_DATABASE_URL", place.reader_url)
    (tmp_path / "precious").write_text("mine\n")
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    monkeypatch.chdir(checkout)
    (checkout / "linked").symlink_to("..")
    (checkout / "schema.lock").symlink_to("../precious")
    os.mkfifo(checkout / "fifo")
    for out in ("schema.lock", "linked/precious", "fifo", "none/schema.lock"):
        done = CliRunner().invoke(app, ["schema", "lock", "--out", out])
        assert done.exit_code == 2, done.output
        assert f"--out {out}: " in done.output
    assert (tmp_path / "precious").read_text() == "mine\n"
    (checkout / "schema.lock").unlink()
    for _ in range(2):
        assert CliRunner().invoke(app, ["schema", "lock"]).exit_code == 0
    assert (checkout / "schema.lock").read_text().startswith("# schema lock")


@pytest.mark.parametrize("kind", ["fifo", "/dev/zero"])
def test_a_lock_that_is_no_regular_file_is_a_reason(tmp_path: Path, kind: str) -> None:
    path = tmp_path / kind
    if kind == "fifo":
        os.mkfifo(path)
    with pytest.raises(NotMeasured, match="only a regular file"):
        _lock(Database(schema_lock=str(path)))
