"""Uploads in forms: what a server reads is what the scenario gave, and a name cannot break out of its line."""

from __future__ import annotations

import io
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path

import pytest
import requests

from readiness.load.http.multipart import multipart


def parts(body: bytes, media_type: str) -> list[tuple[object, ...]]:
    """Field, file name, media type and content of each part, read by the standard library."""
    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + media_type.encode() + b"\r\n\r\n" + body)
    return [
        (
            part.get_param("name", header="content-disposition"),
            part.get_filename(),
            part.get_content_type(),
            part.get_payload(decode=True),
        )
        for part in message.iter_parts()
    ]


def test_fields_and_files_arrive_as_they_were_given(tmp_path: Path) -> None:
    picture = tmp_path / "bag.png"
    picture.write_bytes(b"\x89PNG\r\n")
    with picture.open("rb") as opened:
        body, media_type = multipart(
            {"title": "a bag", "tag": ["red", "big"]},
            {"photo": opened, "note": ("note.txt", "seen"), "raw": b"1", "odd": ("x", io.BytesIO(b"2"), "text/csv")},
        )
    assert parts(body, media_type) == [
        ("title", None, "text/plain", b"a bag"),
        ("tag", None, "text/plain", b"red"),
        ("tag", None, "text/plain", b"big"),
        ("photo", "bag.png", "image/png", b"\x89PNG\r\n"),
        ("note", "note.txt", "text/plain", b"seen"),
        ("raw", "raw", "application/octet-stream", b"1"),
        ("odd", "x", "text/csv", b"2"),
    ]


def test_what_has_no_file_name_is_a_field_as_with_requests() -> None:
    given = [("name", (None, "joe")), ("name", (None, "")), ("age", (None, b"5", "application/json"))]
    body, media_type = multipart(None, given)
    stock = requests.Request("POST", "http://127.0.0.1/", files=given).prepare()  # type: ignore[arg-type]
    assert isinstance(stock.body, bytes)
    assert (
        parts(body, media_type)
        == parts(stock.body, str(stock.headers["Content-Type"]))
        == [
            ("name", None, "text/plain", b"joe"),
            ("name", None, "text/plain", b""),
            ("age", None, "application/json", b"5"),
        ]
    )
    assert b"filename" not in body
    assert body.count(b"Content-Type") == 1


def test_names_cannot_break_out_of_their_line() -> None:
    body, _ = multipart({}, {'a"\r\nX-Evil: 1': ('b"\r\n.txt', b"")})
    assert b"\r\nX-Evil" not in body
    assert b'name="a%22%0D%0AX-Evil: 1"; filename="b%22%0D%0A.txt"' in body


def test_what_is_no_file_is_the_scenarios_mistake() -> None:
    for files in ({"a": None}, {"a": 7}, {"a": ("x", ["y"])}):
        with pytest.raises(TypeError, match="give bytes, text or an open file"):
            multipart({}, files)
    with pytest.raises(TypeError, match="must be fields"):
        multipart("a=1", {"a": b""})
    with pytest.raises(ValueError, match="line break"):
        multipart({}, {"a": ("x", b"", "text/plain\r\nX-Evil: 1")})
