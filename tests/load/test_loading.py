"""A scenario file that does not come to an end, or starts a load of its own, is refused with its line."""

from pathlib import Path

from tests.load.isolated import python

READ = """
import json, sys
import locust
from readiness.load import loading, locustfiles
from readiness.load.engine_plan import ScenarioFile

said = []
for path in json.load(sys.stdin):
    loading._LONGEST_S = 1.0 if "long" in path else 20.0
    try:
        locustfiles.load_classes((ScenarioFile("shop", path, None),))
    except locustfiles.ScenarioError as error:
        said.append(str(error))
    else:
        said.append("")
from locust.env import Environment
Environment(user_classes=[]).create_local_runner()  # only files are kept from it
print(json.dumps(said))
"""
USERS = """from locust import HttpUser, run_single_user, task
from locust.env import Environment
import time
class Shop(HttpUser):
    @task
    def look(self): pass
"""
FILES = {
    "runner.py": ("Environment(user_classes=[Shop]).create_local_runner()", "a load of its own"),
    "single.py": ("run_single_user(Shop)", "a load of its own"),
    "long_sleep.py": ("time.sleep(60)", "still being read after 1 s"),
    "long_loop.py": ("while True: pass", "still being read after 1 s"),
    "fine.py": ("if __name__ == '__main__': run_single_user(Shop)", None),
}


def test_a_file_that_does_more_than_define_users_is_refused_with_its_line(tmp_path: Path) -> None:
    for name, (line, _) in FILES.items():
        (tmp_path / name).write_text(USERS + line)
    said = python(READ, [str(tmp_path / name) for name in FILES])
    for (name, (_, reason)), text in zip(FILES.items(), said, strict=True):
        if reason is None:
            assert text == "", text
        else:
            assert text.startswith(f"{tmp_path / name}:7: "), text
            assert reason in text


def test_a_package_that_is_installed_elsewhere_is_not_the_users_own_code(tmp_path: Path) -> None:
    """Of the system's Python or the user's: there, a method named `start` is no mistake of the file's."""
    packages = tmp_path / "site-packages"
    packages.mkdir()
    (packages / "plugin.py").write_text(
        "import locust\nclass Base(locust.HttpUser):\n    abstract = True\n"
        "    def start(self, group):\n        return super().start(group)\n"
    )
    file = tmp_path / "shop.py"
    tasks = "class Shop(Base):\n    @locust.task\n    def look(self): pass\n"
    file.write_text(f"import locust, sys\nsys.path.append({str(packages)!r})\nfrom plugin import Base\n{tasks}")
    assert python(READ, [str(file)]) == [""]


def test_a_task_set_may_call_a_task_stop(tmp_path: Path) -> None:
    """As the examples of Locust do; under that name a user is stopped, but no TaskSet."""
    file = tmp_path / "shop.py"
    file.write_text(
        "import locust\nclass Shop(locust.HttpUser):\n    @locust.task\n    class Inside(locust.TaskSet):\n"
        "        @locust.task\n        def stop(self): self.interrupt()\n"
    )
    assert python(READ, [str(file)]) == [""]


def test_a_file_finds_the_packages_that_it_is_part_of(tmp_path: Path) -> None:
    """Locust is run from the folder above, and the file imports the modules beside it by their whole name."""
    folder = tmp_path / "tests_of_shop" / "load"
    folder.mkdir(parents=True)
    (folder / "steps.py").write_text("from tests_of_shop.words import WORD\n")
    (folder.parent / "words.py").write_text("WORD = 'x'\n")
    (folder / "shop.py").write_text(
        "import locust\nfrom tests_of_shop.load.steps import WORD\n"
        "class Shop(locust.HttpUser):\n    @locust.task\n    def look(self): pass\n"
    )
    assert python(READ, [str(folder / "shop.py")]) == [""]


def test_an_error_that_comes_through_a_compiled_package_is_told_with_the_users_line(tmp_path: Path) -> None:
    file = tmp_path / "shop.py"
    file.write_text(
        "import gevent.event\nlater = gevent.event.AsyncResult()\nlater.set_exception(KeyError('x'))\nlater.get()\n"
    )
    assert python(READ, [str(file)]) == [f"{file}:4: KeyError: 'x'"]
