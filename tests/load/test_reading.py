"""What is wrong with a scenario file is told with the file and the line that its author wrote."""

from __future__ import annotations

from pathlib import Path

from tests.load.isolated import python

READ = """
import json, sys
import locust
from readiness.load import locustfiles
from readiness.load.engine_plan import ScenarioFile

said = []
for path in json.load(sys.stdin):
    try:
        locustfiles.load_classes((ScenarioFile("shop", path, None),))
    except locustfiles.ScenarioError as error:
        said.append(str(error))
    else:
        said.append("")
print(json.dumps(said))
"""
SHOP = """from {source} import {base}, TaskSet, constant, task
class Shop({base}):
    wait_time = constant(1)
    @task
    def look(self): pass
"""
INSIDE = "    @task\n    class Inside(TaskSet):\n        @task\n        def look(self): pass\n"


METHODS = {
    "a helper named run": ("    def run(self, path):\n        self.client.get(path)\n", "Shop.run"),
    "a task named start": ("    @task\n    def start(self):\n        self.client.get('/')\n", "Shop.start"),
    "a method named client": ("    def client(self):\n        return 1\n", "Shop.client"),
    "a method named environment": ("    def environment(self):\n        return 'test'\n", "Shop.environment"),
    "a property named greenlet": ("    @property\n    def greenlet(self):\n        return 1\n", "Shop.greenlet"),
    "a task named wait": ("    @task\n    def wait(self):\n        self.client.get('/')\n", "Shop.wait"),
    "on_stop wants more": ("    def on_stop(self, why):\n        pass\n", "on_stop(self)"),
    "stop takes nothing": ("    def stop(self):\n        pass\n", "stop(self, force)"),
    "a TaskSet's run": (INSIDE + "        def run(self): pass\n", "Inside.run"),
    "a TaskSet's user": (INSIDE + "        def user(self): pass\n", "Inside.user"),
}


RIGHT = {
    "calls the base": "    def run(self):\n        super().run()\n",
    "takes what it is given": "    def stop(self, force=False):\n        return super().stop(force)\n",
    "starts and ends": "    def on_start(self, how=1): pass\n    def on_stop(self): pass\n",
    "words beside a request": "    def context(self):\n        return {'a': 1}\n",
    "waits": "    def wait_time(self): return 1\n",
    "a word and a client": "    environment_name = 'x'\n    def client_of(self): pass\n",
}
UNREADABLE = {
    "class Shop(:\n": "{0}:1: SyntaxError",
    "x = 1\n  y = 2\n": "{0}:2: IndentationError",
    "import os\nimport nothing_such\n": "{0}:2: ModuleNotFoundError: No module named 'nothing_such': install it",
    "from locust import HttpUserr\n": "{0}:1: ImportError",
    "import os\nKEY = os.environ['NOBODY_SET_IT']\n": "{0}:2: KeyError: 'NOBODY_SET_IT'",
    "import json\nDATA = json.loads('{')\n": "{0}:2: JSONDecodeError",
    "import sys\n\nsys.exit(0)\n": "{0}:3: SystemExit: 0: the file ends the program",
    "from helper import value\n": "{1}/helper.py:3: ZeroDivisionError: division by zero (read by {0})",
    "\nimport broken\n": "{1}/broken.py:1: SyntaxError: invalid syntax (read by {0})",
    "x = 1\n": "{0}: no User class found",
    "from locust import HttpUser, task\nclass Off(HttpUser):\n    weight = 0\n    @task\n    def a(self): pass\n": (
        "{0}: Off: weight 0 means no users, so it would never run"
    ),
}


def test_an_error_while_a_file_is_read_names_the_users_own_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("\n\nvalue = 1 / 0\n")
    (tmp_path / "broken.py").write_text("def\n")
    files = [tmp_path / f"f{number}.py" for number in range(len(UNREADABLE))]
    for file, text in zip(files, UNREADABLE, strict=True):
        file.write_text(text)
    said = python(READ, [str(file) for file in files])
    for file, wanted, text in zip(files, UNREADABLE.values(), said, strict=True):
        assert text.startswith(wanted.format(file, tmp_path)), text


def test_a_name_that_locust_needs_is_refused_with_its_line_and_what_may_be_replaced_is_not(tmp_path: Path) -> None:
    files: list[Path] = []
    needles: list[str] = []
    for base in ("HttpUser", "FastHttpUser", "User"):
        whole = SHOP.format(source="locust" if base != "User" else "readiness.scenario", base=base)
        whole = whole.replace(
            "readiness.scenario import User, TaskSet", "locust import TaskSet\nfrom readiness.scenario import User"
        )
        for text, needle in (*METHODS.values(), *((text, "") for text in RIGHT.values())):
            files.append(tmp_path / f"f{len(files)}.py")
            files[-1].write_text(whole + text)
            needles.append(needle)
    for file, needle, text in zip(files, needles, python(READ, [str(file) for file in files]), strict=True):
        assert (needle in text) if needle else text == "", (file.read_text(), text)
        lines = file.read_text().splitlines()
        if needle:
            place, line = text.split(":")[:2]
            name = needle.partition("(")[0].rpartition(".")[2]
            assert place == str(file)
            assert f"def {name}" in "\n".join(lines[int(line) - 1 : int(line) + 1]), text
