"""A draft becomes Python that a person could have committed, whatever stands in its texts."""

from __future__ import annotations

import ast
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.init.code import method_names, python
from readiness.init.draft import Body, Call, Column, Extract, Extracted, Scenario, Task, Text, Variable
from readiness.init.literals import literal
from readiness.init.names import RESERVED, class_name, module
from tests.init.checked import refuse_foreign_code, refuse_unformatted

HOSTILE = (
    'a" + __import__("os").system("id") + "',
    "'''", '"""', "\\", 'x\\"', "line\nbreak\r\nother", "tab\tand\x00nul", "{1/0}", "{{", "}", "{self.client}",
    "# noqa", "type: ignore", "fmt: off", "%s %(x)s", "\u202eevil\u202c", "\u200bhidden", "a\u2028b", "\ud800",
    "ünïcödé straße", "中文路径", "😀", "import os; os.system('x')", "__import__", "class", "None", "run", "client",
    "self", "0", "", " ", "-", "ruff: noqa", "a" * 400, "word " * 80, "\N{COMBINING ACUTE ACCENT}" * 50, "ﬁ", "K",
    "if True:\n    pass\n", "@task", "f'{x}'", "http://user:secret@host/" + "p" * 200, "os", "quote", "response",
    "json_value", "\x85next", "\\N{DIGIT ONE}", "\\u0022", "$(id)", "`id`", "<script>", "json", "type", "list", "match",
    "_", "__init__",
)  # fmt: skip


def everywhere(words: str) -> Scenario:
    """A scenario that has `words` in every place that takes a text of a source."""
    texts: list[Text] = [
        (words,),
        ("/x/", Extracted("bag"), words),
        (words, Variable(words, words), "?", Column("rows.csv", words)),
    ]
    call = Call(
        method="GET",
        path=("/", words, Extracted("bag")),
        name=words,
        query=((words, texts[0]), ("fixed", (words,))),
        headers=((words, texts[2]),),
        body=Body("json", json={words: [words, {"x": 1.5, "y": None}]}, replaced=(((words, 0), texts[1]),)),
        expected=(200, 302),
        extracts=(Extract("bag", "json", words), Extract("form", "form", words)),
        comment=words,
        same=((words, texts[1]),),
        think_s=0.25,
    )
    kept: Text = (Extracted("c"), words, Extracted("place"))
    form = Call(words, texts[1], words, body=Body("form", fields=((words, kept), (words, texts[2]))))
    parts = Call(
        words, texts[0], words, basic=(kept, texts[2]),
        body=Body("multipart", fields=((words, kept), (words, texts[2]), (words, (words,))), types=("", words, "a/b")),
    )  # fmt: skip
    text = Call(
        "POST",
        texts[0],
        "name",
        body=Body("text", text=texts[2]),
        extracts=(Extract("c", "cookie", words), Extract("place", "header", "Location")),
    )
    return Scenario(
        name=words,
        tasks=(
            Task(words, (call, form, parts), summary=words),
            Task(words, (text,), weight=3, enabled=False, off_because=words, summary=words),
        ),
        headers=((words, texts[2]), ("Authorization", (words,))),
        cookies=((words, texts[0]),),
        basic=(texts[0], texts[2]),
        on_start=(Call("GET", ("/",), "/", extracts=(Extract("bag", "header", words),)),),
        summary=words,
    )


@pytest.mark.parametrize("words", HOSTILE)
def test_no_text_of_a_source_becomes_code(words: str) -> None:
    name = module(words, ())
    refuse_foreign_code(python(everywhere(words), name, words))


def test_what_comes_of_hostile_texts_is_formatted_and_has_no_complaint(tmp_path: Path) -> None:
    for number, words in enumerate(HOSTILE):
        name = module(words, ())
        (tmp_path / f"{name}_{number}.py").write_text(python(everywhere(words), name, words), encoding="utf-8")
    refuse_unformatted(tmp_path)


@settings(max_examples=80, deadline=None)
@given(st.text(st.characters(), max_size=200) | st.text(st.sampled_from("\"'\\{}\n #a "), max_size=130))
def test_no_text_whatsoever_becomes_code(words: str) -> None:
    refuse_foreign_code(python(everywhere(words), module(words, ()), words))


def test_whatever_the_texts_the_file_is_formatted(tmp_path: Path) -> None:
    dice = random.Random(38)
    letters = "\"'\\{}\n #abcdefghi .:/?=&%ßé中\u0301\u202e"
    for number in range(120):
        words = "".join(dice.choices(letters, k=dice.choice((3, 20, 60, 90, 110, 130, 200))))
        (tmp_path / f"m{number}.py").write_text(python(everywhere(words), "m", words), encoding="utf-8")
    refuse_unformatted(tmp_path)


@given(st.text(st.characters()))
def test_a_literal_is_the_text_itself(text: str) -> None:
    assert ast.literal_eval(literal(text)) == text
    assert literal(text).isprintable()


def test_names_are_identifiers_of_their_own_and_none_that_locust_or_the_user_class_has() -> None:
    ask = "from readiness.scenario import User; print(*(name for name in dir(User) if name[0] != '_'))"
    told = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True).stdout.split()
    assert "wait_time" in told
    assert set(told) <= RESERVED
    tasks = tuple(Task(words, (Call("GET", ("/",), "/"),)) for words in (*HOSTILE, *HOSTILE))
    names = method_names(Scenario("x", tasks))
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() and name.isascii() and name not in RESERVED for name in names)


def test_a_file_takes_no_modules_name_and_a_class_not_that_of_its_base() -> None:
    assert module("calendar", ()) == "calendar_scenario"
    assert module("bags", {"bags"}) == "bags_2"
    assert class_name("user") == "UserScenario"


def test_a_value_comes_from_the_task_that_brings_it() -> None:
    bring = Task("list bags", (Call("GET", ("/bags",), "/bags", extracts=(Extract("bag_id", "json", "[0].id"),)),))
    take = Task("one bag", (Call("GET", ("/bags/", Extracted("bag_id")), "/bags/{id}"),))
    text = python(Scenario("bags", (take, bring)), "bags", "a test")
    assert 'self.client.get(f"/bags/{quote(self.bag_id)}", name="/bags/{id}")' in text
    assert "        if not self.bag_id:\n            self.list_bags()\n            if not self.bag_id:\n" in text


def test_a_start_that_writes_is_not_sent_again_for_a_value_that_it_did_not_bring_but_a_log_in_is() -> None:
    def start(name: str, body: Body) -> str:
        call = Call("POST", (name,), name, body=body, extracts=(Extract("made", "json", "id"),))
        take = Task("one", (Call("GET", ("/orders/", Extracted("made")), "/orders/{id}"),))
        return python(Scenario("orders", (take,), on_start=(call,)), "orders", "a test")

    password: Text = (Variable("READINESS_PASSWORD", "a password"),)
    log_in = Body("form", fields=(("password", password),))
    for text in (start("/orders", Body("json", json={})), start("/sign-up", log_in)):
        assert "self.on_start()" not in text
        assert "        if not self.made:\n            return  # on_start did not get it" in text
    assert "            self.on_start()\n            if not self.made:\n" in start("/login", log_in)


def test_tasks_that_wait_for_each_other_do_not_call_each_other() -> None:
    def task(name: str, takes: str, brings: str) -> Task:
        return Task(name, (Call("GET", ("/", Extracted(takes)), "/", extracts=(Extract(brings, "json", "x"),)),))

    text = python(Scenario("round", (task("one", "b", "a"), task("other", "a", "b"))), "round", "a test")
    assert "self.one()" not in text
    assert "self.other()" not in text
