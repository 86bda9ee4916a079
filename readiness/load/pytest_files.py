"""A scenario file of pytest tests, as Locust takes one that has no User class: each test is the task of a user.

A test gets `session` or `fastsession` of Locust's plugin for pytest, or another fixture that takes the user. As under
Locust what requests raise only ends that turn of the test, and anything else ends its user; here it is told as well.
"""

from __future__ import annotations

import inspect
import sys
from types import ModuleType
from typing import Any

from locust import User, constant
from locust.exception import CatchResponseError
from locust.user.task import LOCUST_STATE_STOPPING
from requests.exceptions import RequestException


class UserOfTest(User):
    """Runs one test, again and again."""

    abstract = True
    wait_time = constant(0)
    functions: tuple[Any, ...] = ()
    """Tests of the same name (of several classes), as pytest collected them."""

    def on_start(self) -> None:
        """Make the fixture of each test, for this user."""
        self._fixtures = [next(function.fixture_of_user(self)) for function in self.functions]

    def _turn(self) -> None:
        for function, fixture in zip(self.functions, self._fixtures, strict=True):
            try:
                function.obj(fixture)
            except Exception as error:
                known = isinstance(error, CatchResponseError | ConnectionError | RequestException)
                if known and not isinstance(error, ValueError):  # a URL without a scheme, and its like
                    continue
                self._state = LOCUST_STATE_STOPPING
                raise

    tasks = [_turn]  # noqa: RUF012 - as Locust has it


def classes_of_tests(module: ModuleType, path: str) -> list[type[User]]:
    """A user class for each test of the file, by its name. Raises ValueError for one that cannot be a task."""
    found: dict[str, list[Any]] = {}
    for function in _collected(module, path):
        found.setdefault(function.name, []).append(function)
    return [type(name, (UserOfTest,), {"functions": tuple(tests)}) for name, tests in found.items()]


def _collected(module: ModuleType, path: str) -> list[Any]:
    """What Locust collects (locust.util.load_locustfile); pytest takes the module that is there already."""
    import pytest  # hundreds of modules, for the few files that need them
    from _pytest.config import Config

    sys.modules.setdefault(path.rpartition("/")[2].removesuffix(".py"), module)
    config = Config.fromdictargs({}, ["-q", "-s", "-p", "no:cacheprovider", "--import-mode=append", path])
    config._do_configure()
    session: Any = pytest.Session.from_config(config)
    config.hook.pytest_sessionstart(session=session)
    session.perform_collect()
    config.hook.pytest_collection_modifyitems(session=session, config=config, items=session.items)
    tests: list[Any] = [item for item in session.items if isinstance(item, pytest.Function)]
    for test in tests:
        names = list(inspect.signature(test.obj).parameters)
        fixtures = session._fixturemanager.getfixturedefs(names[0], test) if len(names) == 1 else None
        if not fixtures:
            raise ValueError(
                f"{test.name}({', '.join(names)}): a test that is a user's task has one parameter, `session`, "
                "`fastsession` or another fixture that takes the user"
            )
        test.fixture_of_user = fixtures[0].func
    return tests
