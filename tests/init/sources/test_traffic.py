"""Reads that no load may repeat are known by their names, and no others."""

from __future__ import annotations

import io
import json

import pytest

from readiness.init import shared
from readiness.init.sources import access_log, curl, postman
from readiness.init.sources.openapi.read import read as openapi
from readiness.init.sources.traffic import ending

DELETES, SESSION = "its name says delete", "it ends the session"


@pytest.mark.parametrize(
    ("path", "name", "why"),
    [
        ("/items/deleteAll", "", DELETES),
        ("/items/deleteall", "", DELETES),
        ("/x", "deleteAllItems", DELETES),
        ("/x", "ItemsController_delete", DELETES),
        ("/items/{id}/delete", "", DELETES),
        ("/cart/clear", "", "its name says clear"),
        ("/admin/shutdown", "", "its name says shutdown"),
        ("/admin/shut-down", "", "its name says shutdown"),
        ("/unsubscribe", "", "its name says unsubscribe"),
        ("/session/end", "logoutUser", SESSION),
        ("/user/log_out", "", SESSION),
        ("/userlogout", "", SESSION),
        ("/DEACTIVATE", "", "its name says deactivate"),
        ("/deleted-items", "listDeletedItems", ""),
        ("/clearance", "", ""),
        ("/resettlement", "", ""),
        ("/orders/{cancel_token}", "", ""),
        ("/orders/cancellations", "listCancelReasons", ""),
        ("/products/how-to-remove-stains-from-shirts", "", ""),
        ("/blog/output", "", ""),
        ("/", "", ""),
    ],
)
def test_a_word_of_the_path_or_the_name_says_it(path: str, name: str, why: str) -> None:
    assert ending(path, (name,)) == why


GETS = {
    "/items": {"operationId": "listItems"},
    "/items/deleteAll": {"operationId": "deleteAllItems"},
    "/cart/clear": {},
    "/session/end": {"operationId": "logoutUser"},
}
OFF = {"/items": "", "/items/deleteAll": DELETES, "/cart/clear": "its name says clear", "/session/end": SESSION}


def test_openapi_and_postman_have_them_switched_off_with_the_reason() -> None:
    answers = {"responses": {"200": {"description": "ok"}}}
    document = {"openapi": "3.0.3", "info": {}, "paths": {path: {"get": one | answers} for path, one in GETS.items()}}
    described = openapi(json.dumps(document).encode(), "x.json")
    items = [
        {"name": one.get("operationId", "All"), "request": {"method": "GET", "url": f"http://x.example{path}"}}
        for path, one in GETS.items()
    ]
    collected = postman.read(json.dumps({"info": {"name": "x"}, "item": items}).encode(), "x.json")
    for draft in (described, collected):
        found = {
            task.calls[0].name: ("" if task.enabled else task.off_because)
            for scenario in draft.scenarios
            for task in scenario.tasks
        }
        assert found == OFF
        assert shared.notes(draft) == ()
    assert "switched off, because its name says clear: GET /cart/clear" in collected.notes


def test_a_command_that_a_person_gave_is_warned_of_as_a_write_is() -> None:
    text = "curl http://x.example/a; curl http://x.example/cart/clear; curl 'http://x.example/do.php?action=delete'"
    (told,) = shared.notes(curl.read(text.encode(), "x.sh"))
    assert told == (
        "2 requests write or end something (GET /cart/clear, GET /do.php): load only a system where that does no harm"
    )
    (told,) = shared.notes(curl.read(b"curl 'http://x.example/do.php?logout'", "x.sh"))
    assert told.startswith("1 request writes or ends something (GET /do.php)")
    (told,) = shared.notes(curl.read(b"curl -d a=1 http://x.example/a", "x.sh"))
    assert told.startswith("1 request writes (POST /a)")


def test_of_a_log_they_are_left_out_and_told() -> None:
    line = '192.0.2.1 - - [01/Mar/2026:12:00:{second:02} +0000] "GET {path} HTTP/1.1" 200 512 "-" "Firefox"\n'
    text = "".join(line.format(second=second, path=path) for second in range(30) for path in ("/items", "/cart/clear"))
    draft = access_log.read(io.BytesIO(text.encode()), "access.log")
    assert [task.calls[0].name for task in draft.scenarios[0].tasks] == ["/items"]
    assert "left out because its name says clear: GET /cart/clear (30)" in draft.notes
