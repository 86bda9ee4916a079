"""A recording of a browser becomes what one user does, and no secret of it is written anywhere."""

from __future__ import annotations

import json

import pytest

from readiness.errors import ConfigError
from readiness.init import shared
from readiness.init.draft import Body, Call, Draft, Extract, Extracted, Task, Variable
from readiness.init.sources import har
from tests.init.sources.recordings import ORIGIN, api, entry, form
from tests.init.sources.recordings import har as recording

CSRF = "Zm9vYmFyMTIzNDU2Nzg5MA"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.c2hvcA.c2ln"
SESSION = "s3cr3ts3ssi0n"
SECRETS = (CSRF, TOKEN, SESSION, "hunter2", "4111111111111111", "bob@shop.example")


def shop() -> Draft:
    """Home, log-in with a form, a list, one of it, a payment, the payment's own page."""
    titles = {"p0": "Shop", "p1": "Log in", "p2": "Orders", "p3": "Order 17"}
    cookie = ("Set-Cookie", f"sessionid={SESSION}; HttpOnly")
    log_in = f"csrf={CSRF}&email=bob%40shop.example&password=hunter2"
    listed = json.dumps({"items": [{"id": 17}], "token": TOKEN})
    session = {"Cookie": f"sessionid={SESSION}", "X-Xsrf": "c00kieABC123"}
    paid = '{"order_id":17,"card_number":"4111111111111111"}'
    page = form(("csrf", CSRF))
    entries = [
        entry("GET", "/", page="p0"),
        entry("GET", "/static/app.js", at_s=0.1, page="p0", kind="script", media="text/javascript"),
        entry("GET", "https://cdn.example/x.png", at_s=0.1, page="p0", kind="image", media="image/png"),
        entry("POST", "https://stats.example/t", at_s=0.2, page="p0", kind="xhr", sent="{}"),
        entry("GET", "/login", at_s=4, page="p1", answer=page, answered=[("Set-Cookie", "xsrf=c00kieABC123")]),
        entry("POST", "/login", at_s=9, page="p2", status=302, sent=log_in, answered=[("Location", "/orders"), cookie]),
        entry("GET", "/orders", at_s=9.1, page="p2"),
        api("GET", "/api/orders", 9.2, "p2", listed, headers=session),
        api("GET", "/api/orders/17?full=1", 20, "p3", headers={"Authorization": f"Bearer {TOKEN}"}),
        api(
            "POST",
            "/api/orders/17/pay",
            22,
            "p3",
            "{}",
            paid,
            answered=[("Location", "/api/payments/9911")],
            status=201,
        ),
        api("GET", "/api/payments/9911/status", 23.5, "p3"),
        entry("GET", "/logout", at_s=30, page="p3"),
    ]
    return har.read(recording(*entries, titles=titles), "shop.har")


def calls(draft: Draft) -> dict[str, Call]:
    (scenario,) = draft.scenarios
    return {f"{call.method} {call.name}": call for task in scenario.tasks for call in task.calls}


def test_the_log_in_happens_once_with_its_form_and_must_redirect_as_it_did() -> None:
    (scenario,) = shop().scenarios
    page, log_in, landing = scenario.on_start
    assert page.extracts[0] == Extract("csrf", "form", "csrf")
    assert log_in.body == Body(
        "form",
        fields=(
            ("csrf", (Extracted("csrf"),)),
            ("email", (Variable("READINESS_VAR_USERNAME", "name of the user who logs in"),)),
            ("password", (Variable("READINESS_PASSWORD", "password of the user who logs in"),)),
        ),
    )
    assert (log_in.follows, log_in.expected) == (False, (302,)), "a form that comes back with 200 is no log-in"
    assert (landing.name, landing.expected) == ("/orders", (200,))
    assert "GET /orders" not in calls(shop()), "the page behind the log-in is not asked for again"


def test_values_that_come_back_are_taken_from_the_answer_that_brought_them() -> None:
    found = calls(shop())
    assert Extract("order_id", "json", "items[0].id") in found["GET /api/orders"].extracts
    assert found["GET /api/orders/{id}"].path == ("/api/orders/", Extracted("order_id"))
    assert found["GET /api/orders/{id}"].headers == (("Authorization", ("Bearer ", Extracted("order_token"))),)
    pay = found["POST /api/orders/{id}/pay"]
    assert pay.body is not None
    assert pay.body.replaced[0] == (("order_id",), (Extracted("order_id"),))
    assert found["GET /api/orders"].headers[0] == ("X-Xsrf", (Extracted("xsrf"),)), "a cookie, sent back as a header"
    assert found["GET /api/payments/{id}/status"].path == (Extracted("location"), "/status")
    assert pay.extracts == (Extract("location", "header", "Location"),)


def test_pages_that_need_each_other_are_one_task_and_the_others_are_their_own() -> None:
    (scenario,) = shop().scenarios
    assert [task.name for task in scenario.tasks] == ["Shop", "Orders"]
    assert [call.think_s for call in scenario.tasks[1].calls] == [0.0, 10.8, 2.0, 1.5]
    assert scenario.think_s == (4.0, 10.8)


def test_what_is_not_the_users_is_left_out_and_told() -> None:
    draft = shop()
    assert draft.target == ORIGIN
    assert draft.notes[0] == (
        "left out: 1 of static files; 1 to https://cdn.example; 1 to https://stats.example; "
        "1 of log-outs, after which no task would work"
    )
    assert shared.notes(draft)[0].startswith("1 request writes (POST /api/orders/{id}/pay)")
    assert "all users have one account" in shared.notes(draft)[1]


def test_no_secret_of_the_recording_stands_in_the_draft() -> None:
    shown = repr(shop())
    assert not [secret for secret in SECRETS if secret in shown]


def test_a_secret_that_no_answer_explains_is_a_variable_wherever_it_stands() -> None:
    key = "k3y-0f-the-sh0p-31415926"
    draft = har.read(
        recording(
            entry("GET", f"/api/a?api_key={key}", headers={"X-Api-Key": key}),
            entry(
                "GET", f"/api/b/{key}/c?next=/x/{key}", at_s=9, sent="", headers={"Cookie": "session=0123456789abcdef0"}
            ),
        ),
        f"{key}.har",
    )
    assert key not in repr(draft)
    one, two = (task.calls[0] for task in draft.scenarios[0].tasks)
    variable = one.query[0][1][0]
    assert isinstance(variable, Variable)
    assert variable.name == "READINESS_SECRET_API_KEY"
    assert two.path == ("/api/b/", variable, "/c")
    assert two.query == (("next", ("/x/", variable)),)
    (cookie,) = (value for name, value in draft.scenarios[0].headers if name == "Cookie")
    assert isinstance(cookie[0], Variable)
    assert "0123456789abcdef0" not in repr(draft)


def test_a_value_that_is_equal_by_accident_is_left_as_it_is() -> None:
    answer = '{"page": 1, "total": 2026, "name": "red", "active": true}'
    draft = har.read(
        recording(
            entry("GET", "/api/list", answer=answer, media="application/json"),
            entry("GET", "/api/2026/red?page=1", at_s=9),
        ),
        "x.har",
    )
    assert [task.calls[0].extracts for task in draft.scenarios[0].tasks] == [(), ()]


def test_a_token_of_a_meta_element_is_kept_anew_with_each_page() -> None:
    first, second = "AAAAtoken1111111", "BBBBtoken2222222"
    draft = har.read(
        recording(
            entry("GET", "/a", page="a", answer=f"<head><meta name='csrf-token' content='{first}'></head>"),
            entry("POST", "/a/save", page="a", at_s=1, kind="xhr", sent="x=1", headers={"X-CSRF-Token": first}),
            entry("GET", "/b", page="b", at_s=9, answer=f'<meta content="{second}" name="csrf-token">'),
            entry("POST", "/b/save", page="b", at_s=10, kind="xhr", sent="x=1", headers={"X-CSRF-Token": second}),
            titles={"a": "A", "b": "B"},
        ),
        "x.har",
    )
    (task,) = draft.scenarios[0].tasks
    assert [call.extracts for call in task.calls] == [(Extract("csrf_token", "meta", "csrf-token"),), ()] * 2
    assert task.calls[3].headers == (("X-CSRF-Token", (Extracted("csrf_token"),)),)


def test_an_address_that_only_a_redirect_tells_is_taken_from_it() -> None:
    draft = har.read(
        recording(
            entry("POST", "/cart", status=303, sent="sku=a", answered=[("Location", "/carts/55"), ("X-A", "b")]),
            entry("GET", "/carts/55", at_s=0.1),
            entry("GET", "/carts/55/address", at_s=5),
        ),
        "x.har",
    )
    (task,) = draft.scenarios[0].tasks
    post, cart, address = task.calls
    assert (post.follows, post.expected) == (False, (303,))
    assert post.extracts == (Extract("location", "header", "Location"),)
    assert cart.path == (Extracted("location"),)
    assert address.path == (Extracted("location"), "/address")


def test_without_pages_a_pause_begins_a_new_task_and_the_same_page_twice_weighs_two() -> None:
    entries = [entry("GET", "/a", at_s=0), entry("GET", "/api/x", at_s=0.2, kind="xhr"), entry("GET", "/b", at_s=10)]
    draft = har.read(recording(*entries, entry("GET", "/b", at_s=60, kind="xhr")), "x.har")
    assert [(task.name, task.weight, len(task.calls)) for task in draft.scenarios[0].tasks] == [
        ("a", 1, 2),
        ("b", 2, 1),
    ]
    assert draft.scenarios[0].think_s == (9.8, 30.0), "a pause is never longer than half a minute"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "x.har: is not a HAR file: "),
        (b'{"log": {"entries": 3}}', "x.har: is not a HAR file: Expected `array`, got `int` - at `$.log.entries`"),
        (b'{"log": {"entries": []}}', "x.har: log.entries: none of 0 is a request"),
        (b'{"log": {"entries": [{"request": {"method": "GET", "url": 3}}]}}', "x.har: log.entries[0]: Expected `str`"),
        (b'{"log": {"entries": [{"request": {"method": "GET", "url": "ftp://x/"}}]}}', "none of 1 is a request"),
        (b'{"log": {"entries": [{"request": {"method": "GET", "url": "http://[x/"}}]}}', "none of 1 is a request"),
        (b'{"log": ' * 100_000, "x.har: is not a HAR file: "),
        (b'{"log": {"entries": [' + b"[" * 100_000, "x.har: is not a HAR file: "),
        (recording(entry("GET", "/x", status=500)), "nothing is left of 1: 1 that failed in the recording"),
    ],
)
def test_what_is_no_recording_is_refused_with_place_and_reason(data: bytes, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        har.read(data, "x.har")
    assert said in str(refused.value)


def test_hostile_texts_stay_texts() -> None:
    path = "/a\"'\\\n{x}\x1b[31m"
    draft = har.read(
        recording(
            entry("GET", path, page="p", headers={'X-"\n': "a\r\nb"}),
            entry("POST", "/j", page="p", at_s=1, sent="[" * 200 + "]" * 200, sent_media="application/json"),
            entry("GET", "/h", page="p", at_s=2, answer="<input " * 50_000 + "<meta name=" * 50_000),
            titles={"p": "\x1b[2J__import__('os')"},
        ),
        "x.har",
    )
    (task,) = draft.scenarios[0].tasks
    assert isinstance(task, Task)
    assert "\x1b" not in task.name
    assert "nested deeper" in task.calls[1].comment
    assert any("entry 2: the JSON body is nested deeper" in note for note in draft.notes)


def test_half_a_character_where_a_browser_cut_a_text_refuses_nothing() -> None:
    data = recording(
        entry("GET", "/a", answer="cut \ud83d", kind="\udc00x"), entry("GET", "/b", at_s=9, answer="\U0001f600")
    )
    assert len(har.read(data, "x.har").scenarios[0].tasks) == 2


def test_a_har_file_is_recognised_by_its_beginning() -> None:
    assert har.recognises(recording(entry("GET", "/")))
    assert har.recognises(b'\xef\xbb\xbf\n{\n  "log": {"version": "1.2", "creator": {}')
    assert not har.recognises(b'{"openapi": "3.1.0"}')
    assert not har.recognises(b'{"log": "x", "ts": 1}\n')


def test_a_form_in_parts_is_sent_in_parts_and_its_file_is_told() -> None:
    upload = entry("POST", "/photos", sent="…", sent_media="multipart/form-data; boundary=b", status=201,
                   headers={"Content-Type": "multipart/form-data; boundary=b"})  # fmt: skip
    upload["request"]["postData"]["params"] = [
        {"name": "title", "value": "a bag", "contentType": "text/plain"},
        {"name": "photo", "fileName": "bag.png", "contentType": "image/png"},
    ]
    draft = har.read(recording(upload), "shop.har")
    (call,) = draft.scenarios[0].tasks[0].calls
    assert call.body == Body("multipart", fields=(("title", ("a bag",)),), types=("text/plain",))
    assert call.headers == ()
    assert "entry 1: the recording does not hold the file of the form field photo: sent without it" in draft.notes
