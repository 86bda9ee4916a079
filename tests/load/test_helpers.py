"""What scenario files get from `readiness.scenario`: rows of files, values of answers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.load.http.running import names, results
from tests.load.isolated import python

USES = """
import json, sys, importlib.util
import locust
from readiness.load.csv_rows import hand_out

folder, given = sys.argv[1] if len(sys.argv) > 1 else "", json.load(sys.stdin)
spec = importlib.util.spec_from_file_location("shop", given["file"])
told = []
for shard, shards in given["parts"]:
    hand_out(shard, shards)
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        one = []
        told.append(one)
        for _ in range(given["times"]):
            one.append(module.USERS.take()["name"])
    except ValueError as error:
        told.append(f"{type(error).__name__}: {error}")
print(json.dumps(told))
"""

PLAIN = """from readiness.scenario import User, constant, rows, task

USERS = rows("users.csv")


class Shop(User):
    wait_time = constant(0.1)

    def on_start(self):
        print("TAKEN", USERS.take()["name"])

    @task
    def quit(self):
        self.environment.runner.quit()
"""


@pytest.mark.parametrize("check", names("extracting"))
def test_values_of_answers(check: str) -> None:
    assert results("extracting")[check] is None, results("extracting")[check]


@pytest.mark.parametrize("check", names("logging_in"))
def test_tokens(check: str) -> None:
    assert results("logging_in")[check] is None, results("logging_in")[check]


def taken(folder: Path, order: str, parts: list[tuple[int, int]], times: int) -> list[object]:
    """What `times` calls of take() give in each part; what ends them."""
    file = folder / "shop.py"
    file.write_text(f'from readiness.scenario import rows\n\nUSERS = rows("users.csv"{order})\n')
    found: list[object] = python(USES, {"file": str(file), "parts": parts, "times": times})
    return found


def test_each_process_of_a_run_takes_rows_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text("name,password\n" + "".join(f"u{n},p\n" for n in range(7)))
    first, second, third = taken(tmp_path, "", [(0, 3), (1, 3), (2, 3)], 2)
    assert (first, second, third) == (["u0", "u3"], ["u1", "u4"], ["u2", "u5"])
    assert taken(tmp_path, ', order="in order"', [(0, 1)], 9) == [[*(f"u{n}" for n in range(7)), "u0", "u1"]]
    (drawn,) = taken(tmp_path, ', order="random"', [(0, 1)], 30)
    assert isinstance(drawn, list)
    assert len(drawn) == 30


def test_rows_that_are_all_taken_are_told_with_file_and_count(tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text("\ufeffname\r\n\r\nu0\r\nu1\r\n")
    (_, one), (_, many) = taken(tmp_path, "", [(0, 1)], 3), taken(tmp_path, "", [(1, 2)], 2)
    assert "users.csv: all 2 rows are taken" in str(one)
    assert 'order="random"' in str(one)
    assert "process 2 of 2 takes every 2th row, so the file needs 2 rows more than users" in str(many)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "users.csv: there is no such file"),
        ("", "users.csv: is empty"),
        ("name\n", "users.csv: has a header line and no rows"),
        ("name;password\nu;p\n", "users.csv:1: the columns are separated by ';': use commas"),
        ("name,name\nu,p\n", "users.csv:1: two columns are called 'name'"),
        ("name,\nu,p\n", "users.csv:1: a column has no name"),
        ("name,password\nu,p\nv\n", "users.csv:3: 1 values, and the header line names 2 columns"),
        ('name\n"u\n', "users.csv:2: is not CSV"),
        ("name\n" + "x" * (32 << 20), "users.csv: is larger than 32 MiB"),
    ],
)
def test_a_file_that_is_not_usable_is_told_by_name_and_line(tmp_path: Path, text: str | None, told: str) -> None:
    if text is not None:
        (tmp_path / "users.csv").write_text(text)
    (found,) = taken(tmp_path, "", [(0, 1)], 1)
    assert str(found).startswith(f"RowsError: {told}"), found


def test_a_wrong_order_is_told(tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text("name\nu\n")
    (found,) = taken(tmp_path, ', order="shuffled"', [(0, 1)], 1)
    assert 'say "unique", "random" or "in order"' in str(found)


def test_the_helpers_work_under_plain_locust(tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text("name\nu0\nu1\n")
    file = tmp_path / "locustfile.py"
    file.write_text(PLAIN)
    argv = [sys.executable, "-m", "locust", "-f", str(file), "--headless", "-u", "1", "-t", "20s", "--host", "http://x"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert "TAKEN u0" in done.stdout, done.stderr
