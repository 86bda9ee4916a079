"""INFO of a real Valkey, and of what only looks like one."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from threading import Thread

import pytest

from readiness.config.probes import CacheSettings, Custom, Probes
from readiness.demo.valkey import Valkey, start_valkey
from readiness.errors import ConfigError, NotMeasured
from readiness.probes import conclude, observe, redis_info
from readiness.probes.window import Window
from tests.faultd.client import free_port
from tests.probes.conftest import Site, paid

PASSWORD = "c4nary-cache-p4ss"


@pytest.fixture(scope="module")
def valkey() -> Iterator[Valkey]:
    server = start_valkey(password=PASSWORD)
    if server is None:
        pytest.skip("no Valkey on this machine")
    yield server
    server.stop()


def info(url: str, timeout_s: float = 20.0) -> dict[str, str]:
    return asyncio.run(redis_info.info(url, timeout_s=timeout_s))


def refused(url: str, timeout_s: float = 20.0) -> str:
    with pytest.raises(NotMeasured) as error:
        info(url, timeout_s)
    return str(error.value)


@contextmanager
def answering(*replies: bytes) -> Iterator[str]:
    """The URL of a port that answers whatever it hears with one reply after the other, then says nothing more."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with closing(connection), suppress(OSError):
                for reply in replies:
                    connection.recv(4096)
                    connection.sendall(reply)
                while connection.recv(4096):
                    pass

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield f"redis://:{PASSWORD}@127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


def ask(port: int, password: str, *words: str) -> None:
    with closing(socket.create_connection(("127.0.0.1", port), 20)) as one:
        for line in (f"AUTH {password}", " ".join(words)):
            one.sendall(line.encode() + b"\r\n")
            assert one.recv(4096)[:1] in b"+$"


def test_fields_are_those_of_the_server(valkey: Valkey) -> None:
    before = info(valkey.url)
    ask(valkey.port, PASSWORD, "GET nothing")
    after = info(valkey.url)
    assert after["tcp_port"] == str(valkey.port)
    assert after["run_id"] == before["run_id"]
    assert int(after["keyspace_misses"]) - int(before["keyspace_misses"]) == 1
    assert not any(name.startswith("#") for name in after)


def test_a_password_that_is_wrong_or_missing_is_never_repeated(valkey: Valkey) -> None:
    wrong = "wr0ng-p4ss"
    assert refused(f"redis://:{wrong}@127.0.0.1:{valkey.port}") == "INFO: the server refused the password"
    nobody = refused(f"redis://n0body:{wrong}@127.0.0.1:{valkey.port}")
    assert nobody == "INFO: the server refused the password"
    assert "NOAUTH" in refused(f"redis://127.0.0.1:{valkey.port}")
    assert PASSWORD not in repr(redis_info.parse(valkey.url))


def test_a_server_that_is_gone_gives_a_reason() -> None:
    assert refused(f"redis://:{PASSWORD}@127.0.0.1:{free_port()}") == "INFO: connection refused"


@pytest.mark.parametrize(
    ("replies", "reason"),
    [
        ((), "no answer within 0.3 s"),
        ((b"+OK\r\n",), "no answer within 0.3 s"),
        ((b"+OK\r\n", b"$20\r\nshort"), "no answer within 0.3 s"),
        ((b"+OK\r\n", b"$2000000\r\n"), "larger than 1 MiB"),
        ((b"+OK\r\n", b"$-1\r\n"), "larger than 1 MiB"),
        ((b"+OK\r\n", b"$many\r\n"), "ValueError"),
        ((b"+OK\r\n", b"HTTP/1.1 200 OK\r\n"), "the server answered HTTP/1.1 200 OK"),
        ((b"x" * 3_000_000,), "LimitOverrunError"),
    ],
    ids=["silent", "half silent", "cut", "huge", "none", "no length", "HTTP", "endless line"],
)
def test_what_is_no_cache_server_gives_a_reason_in_time(replies: tuple[bytes, ...], reason: str) -> None:
    with answering(*replies) as url:
        said = refused(url, 0.3 if "0.3 s" in reason else 20.0)
    assert reason in said
    assert PASSWORD not in said


@pytest.mark.parametrize(
    "url", ["127.0.0.1", f"http://:{PASSWORD}@h", f"redis://:{PASSWORD}@", f"redis://:{PASSWORD}@h:x"]
)
def test_what_is_no_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ConfigError, match="READINESS_CACHE_URL") as error:
        redis_info.parse(url)
    assert PASSWORD not in str(error.value)


def test_hit_rate_and_custom_metrics_come_from_info(site: Site, valkey: Valkey) -> None:
    settings = Probes(
        cache=CacheSettings(),
        custom={"misses": Custom(info="keyspace_misses", take="delta"), "none": Custom(info="no_such_field")},
    )
    window = Window()
    window.begin()

    def lookups() -> None:
        for _ in range(40):  # until the first reading is there; a process that stands still does not wake up either
            time.sleep(0.01)
        ask(valkey.port, PASSWORD, "SET k v")
        for name in ("k", "k", "k", "other"):
            ask(valkey.port, PASSWORD, f"GET {name}")
        window.end()

    busy = Thread(target=lookups)
    busy.start()
    seen = observe(site.target, settings, {"cache.hit_rate"}, window, paid(window), cache_url=valkey.url)
    busy.join()
    found = conclude(seen, {}, settings, {"cache.hit_rate"}, https=False, load=None, database=None)
    by_metric = {one.metric: one for one in found}
    assert by_metric["cache.hit_rate"].value == 75.0
    assert by_metric["custom.misses"].value == 1.0
    assert by_metric["custom.none"].reason == "INFO has no field no_such_field"
    assert PASSWORD not in repr(found)
