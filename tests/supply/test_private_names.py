"""docs/reference/private-names.md is whole: what we use and replace in other packages, and where it stands."""

import re

import pytest

from tests.load.isolated import python
from tests.supply.private_names import PRIVATE, ROOT, replaced, sources, text_of, used

PAGE = (ROOT / "docs/reference/private-names.md").read_text()
PARTS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
TESTS = re.findall(r"^### `(.+?)`$", PAGE, re.MULTILINE)
USED = {name: row for name, *row in re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \|$", PARTS["Used"], re.MULTILINE)}
PYTHONS_OWN = {name for name in re.findall(r"`(\w+)`", PARTS["Of Python itself"]) if PRIVATE.match(name)}
REPLACED = set(re.findall(r"^\| `([\w.]+)` \|", PARTS["Replaced"], re.MULTILINE))

CHANGES = """
import json, sys
from tests.supply.private_names import OTHERS
import locust, locust.contrib.fasthttp, locust.rpc.zmqrpc, requests, urllib3.connection, geventhttpclient.connectionpool
from readiness.load.life import listeners
from readiness.load.loading import watched
from readiness.load.locust_clients.http_environment import EnvironmentLookups
from readiness.load.locust_clients.patches import improve
from readiness.load.workers.curve_sockets import install_client, install_server

def snapshot():
    seen = {}
    for name, module in sorted(sys.modules.items()):
        if name.split(".")[0] in OTHERS and module.__name__ == name:
            for key, value in vars(module).items():
                seen[f"{name}.{key}"] = value
                if isinstance(value, type) and value.__module__ == name:
                    seen |= {f"{name}.{key}.{part}": inner for part, inner in vars(value).items()}
    return seen

before = snapshot()
improve()
EnvironmentLookups().install()
listeners.watch(print, print)
install_server("token", "run", print)
install_client("token", 1.0)
with watched():
    after = snapshot()
print(json.dumps([name for name in after if after[name] is not before.get(name, snapshot)]))
"""


def test_every_private_name_of_others_is_in_the_table() -> None:
    found = set().union(*(used(path) for path in sources()))
    assert found == set(USED) | PYTHONS_OWN


@pytest.mark.parametrize("name", USED)
def test_a_private_name_stands_where_the_table_says(name: str) -> None:
    where, why = USED[name]
    for path in re.findall(r"`([\w/.]+)`", where):
        assert re.search(rf"\b{name}\b", text_of(path)), f"{name} is gone from {path}: {why}"


def test_the_tests_that_the_table_names_are_there() -> None:
    assert TESTS
    assert [test for test in TESTS if not (ROOT / test).is_file()] == []


def test_everything_that_is_replaced_is_in_the_table() -> None:
    written = set().union(*(replaced(path) for path in sources()))
    assert written | set(python(CHANGES)) == REPLACED


def test_what_is_patched_has_a_ceiling() -> None:
    import tomllib

    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    for name in ("locust", "geventhttpclient"):
        assert [one for one in wanted if re.fullmatch(rf"{name}>=[\d.]+,<[\d.]+", one)], name
