"""Back the demo's database up and restore it beside itself: `python -I -S backup.py PROGRAMS DATABASE`.

PROGRAMS is the folder of PostgreSQL's programs, DATABASE what is backed up. READINESS_RESTORE_URL says where the server
is and into which database the backup goes: that one is dropped and made anew. Standard library only: `restore` of
thresholds.yaml runs this file by itself.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

_VARIABLE = "READINESS_RESTORE_URL"


def main(programs: Path, database: str) -> str | None:
    """What is wrong; None when it was done."""
    at = urlsplit(os.environ[_VARIABLE])
    scratch = at.path.lstrip("/")
    environment = {
        **os.environ,
        "PGHOST": at.hostname or "",
        "PGPORT": str(at.port),
        "PGUSER": unquote(at.username or ""),
        "PGPASSWORD": unquote(at.password or ""),  # never among the arguments: everybody on a machine can read those
        "PGSSLMODE": "disable",
        "PGOPTIONS": "-c client_min_messages=warning",
    }
    with tempfile.TemporaryDirectory() as folder:
        dump = str(Path(folder) / "dump")
        for program, *words in (
            ("pg_dump", "--format=custom", "--file", dump, database),
            ("dropdb", "--if-exists", "--maintenance-db=postgres", scratch),
            ("createdb", "--maintenance-db=postgres", scratch),
            ("pg_restore", "--exit-on-error", "--dbname", scratch, dump),
        ):
            if not (programs / program).is_file():
                return f"the PostgreSQL of the demo has no {program} in {programs}"
            done = subprocess.run([str(programs / program), *words], env=environment, check=False)
            if done.returncode:
                return f"{program} ended with exit code {done.returncode}"
    return None


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
