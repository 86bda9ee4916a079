"""What the load's connections say: a hidden dead address is a doubt, what explains itself is a note."""

from __future__ import annotations

from typing import Any

from readiness.judge.connections import doubts, notes
from readiness.measurements.connections import NO_WAY, AddressSeen, Connections, merge_connections
from readiness.measurements.run import Ledger, Load


def load(*addresses: AddressSeen, failed: dict[str, int] | None = None, **counts: Any) -> Load:
    ledger = Ledger(1000, 1000 - sum((failed or {}).values()), failed or {}, 0, 0)
    return Load(
        "closed", 5, None, 0.0, 9.0, 9.0, ledger, (), (), connections=Connections(addresses=addresses, **counts)
    )


ALIVE = AddressSeen("192.0.2.1", 10)


def test_a_dead_address_that_another_stood_in_for_is_a_doubt() -> None:
    found = load(ALIVE, AddressSeen("192.0.2.2", 0, {"connect_refused": 4}))
    assert doubts(found) == (
        "192.0.2.2, an address of the target, took no connection (4 × connect_refused; 0 came about): the next one was "
        "tried instead, but not every client does that",
    )
    assert notes(found) == ()


def test_refusals_that_stand_in_the_ledger_are_not_hidden() -> None:
    both = (AddressSeen("192.0.2.1", 3, {"connect_refused": 4}), AddressSeen("192.0.2.2", 3, {"connect_refused": 4}))
    assert doubts(load(*both, failed={"connect_refused": 4})) == ()


def test_what_is_ours_is_no_doubt_about_an_address() -> None:
    found = load(ALIVE, AddressSeen("2001:db8::1", 0, {NO_WAY: 9}))
    assert doubts(found) == ()
    assert notes(found) == ("no load went to 2001:db8::1, an address of the target: this machine has no way to it",)
    assert doubts(load(ALIVE, AddressSeen("192.0.2.2", 1, {"local_ports": 9}))) == ()


def test_the_other_half_of_localhost_is_a_note() -> None:
    half = AddressSeen("::1", 0, {"connect_refused": 4})
    assert doubts(load(half, AddressSeen("127.0.0.1", 9))) == ()
    assert "::1" in notes(load(half, AddressSeen("127.0.0.1", 9)))[0]
    assert doubts(load(AddressSeen("127.0.0.2", 0, {"connect_refused": 4}), AddressSeen("127.0.0.1", 9)))
    assert doubts(load(half, ALIVE))


def test_an_address_without_its_turn_is_told() -> None:
    assert "fewer connections" in notes(load(ALIVE, AddressSeen("192.0.2.2", 0)))[0]


def test_second_tries_are_told_and_answers_too_many_are_a_doubt() -> None:
    assert "30 requests (3 %) were sent a second time" in notes(load(resent_unread=29, resent_unclear=1))[0]
    assert "2 connections got bytes" in doubts(load(unasked=2))[0]


def test_several_engines_are_one() -> None:
    one = Connections(1, 2, 3, (ALIVE, AddressSeen("192.0.2.2", 0, {"reset": 1})), {"stream=True": 2})
    other = Connections(1, 0, 0, (ALIVE, AddressSeen("192.0.2.2", 2, {"reset": 1, NO_WAY: 1})), {"stream=True": 1})
    seen = merge_connections([one, other])
    assert (seen.resent, seen.unasked) == (4, 3)
    assert seen.addresses == (AddressSeen("192.0.2.1", 20), AddressSeen("192.0.2.2", 2, {"reset": 2, NO_WAY: 1}))
    assert seen.sent_by_locust == {"stream=True": 3}
