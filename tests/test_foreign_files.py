"""Reading files that somebody else may have put there."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from readiness.text.foreign_files import Missing, NotReadable, open_to_append, read_bytes, read_text


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file in it, beside a file that is nobody's business."""
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "count.sql").write_text("select 1")
    (tmp_path / "secret").write_text("precious")
    return tmp_path / "inside"


def test_a_regular_file_is_read_whole(folder: Path) -> None:
    assert read_text(folder / "count.sql", 8) == "select 1"
    assert read_text(folder / "count.sql", 8, below=folder) == "select 1"


def test_a_file_that_is_too_large_is_refused_also_when_its_size_says_nothing(folder: Path) -> None:
    for path in (folder / "count.sql", Path("/proc/self/environ")):
        with pytest.raises(NotReadable, match="is larger than 7 bytes"):
            read_bytes(path, 7)


def test_what_is_no_regular_file_is_refused_at_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(folder / "fifo")
    monkeypatch.chdir(folder)  # the path of a socket must be short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        for path, kind in (
            (folder / "fifo", "is a FIFO"),
            (folder, "is a folder"),
            (Path("/dev/zero"), "is a device"),
            (folder / "socket", "cannot be read"),
        ):
            with pytest.raises(NotReadable, match=kind):
                read_bytes(path, 1000)


def test_a_name_that_is_none_and_a_text_that_is_none_are_refused(folder: Path) -> None:
    (folder / "latin").write_bytes(b"\xe4")
    with pytest.raises(NotReadable, match="not UTF-8"):
        read_text(folder / "latin", 10)
    for name in ("a\0b", "\ud800"):
        for below in (None, folder):
            with pytest.raises(NotReadable, match="not the name of a file"):
                read_text(folder / name, 10, below=below)
    with pytest.raises(Missing, match="there is no such file"):
        read_text(folder / "none", 10)
    with pytest.raises(Missing, match="there is no such file"):
        read_text(folder / "none", 10, below=folder)


@pytest.mark.parametrize("name", ["../secret", "link", "linked/secret", "/etc/passwd", "sub/../../secret", ".", ".."])
def test_nothing_outside_the_folder_is_read(folder: Path, name: str) -> None:
    (folder / "link").symlink_to("../secret")
    (folder / "linked").symlink_to("..")
    (folder / "sub").mkdir()
    with pytest.raises(NotReadable, match="outside the folder"):
        read_text(folder / name, 1000, below=folder)


def test_a_link_that_stays_inside_and_a_folder_that_is_a_link_are_no_trouble(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "link").symlink_to("../count.sql")
    (folder.parent / "name").symlink_to("inside")
    assert read_text(folder / "sub" / "link", 100, below=folder) == "select 1"
    assert read_text(folder.parent / "name" / "count.sql", 100, below=folder.parent / "name") == "select 1"


def test_links_that_lead_to_each_other_are_refused(folder: Path) -> None:
    (folder / "one").symlink_to("two")
    (folder / "two").symlink_to("one")
    for below in (None, folder):
        with pytest.raises(NotReadable):
            read_text(folder / "one", 10, below=below)


def test_every_descriptor_is_closed(folder: Path) -> None:
    before = os.listdir("/proc/self/fd")  # noqa: PTH208
    for path in (folder, folder / "count.sql", Path("/dev/zero")):
        for most in (3, 100):
            for below in (None, folder):
                try:
                    read_text(path, most, below=below)
                except NotReadable:
                    continue
    assert len(os.listdir("/proc/self/fd")) == len(before)  # noqa: PTH208


def test_a_line_is_added_to_a_regular_file_only(folder: Path) -> None:
    for _ in range(2):
        handle = open_to_append(folder / "history")
        os.write(handle, b"line\n")
        os.close(handle)
    assert (folder / "history").read_text() == "line\nline\n"
    (folder / "link").symlink_to("../secret")
    with pytest.raises(OSError, match="symbolic"):
        open_to_append(folder / "link")
    with pytest.raises(NotReadable, match="device"):
        open_to_append(Path("/dev/null"))
