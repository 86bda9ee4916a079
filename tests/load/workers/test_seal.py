"""A sealed message is believed only as it was sent: whole, by its sender, for its run, once and in order."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.load.workers.seal import Direction, Order, Rejected, Sealed, key_of, seal, unseal

KEY = key_of("a token of enough characters")
MESSAGE = Sealed("run-1", Direction.TO_MASTER, "worker-1", 0, b"numbers")


@given(payload=st.binary(max_size=200), sender=st.text(max_size=20), seq=st.integers(0, 2**40))
def test_what_was_sealed_comes_out_again(payload: bytes, sender: str, seq: int) -> None:
    message = Sealed("run-1", Direction.TO_WORKER, sender, seq, payload)
    assert unseal(KEY, seal(KEY, message)) == message


@given(data=st.data())
def test_one_changed_bit_anywhere_is_noticed(data: st.DataObject) -> None:
    sealed = bytearray(seal(KEY, MESSAGE))
    place = data.draw(st.integers(0, 8 * len(sealed) - 1))
    sealed[place // 8] ^= 1 << place % 8
    with pytest.raises(Rejected):
        unseal(KEY, bytes(sealed))


@given(garbage=st.binary(max_size=300))
def test_garbage_is_rejected_before_it_is_parsed(garbage: bytes) -> None:
    with pytest.raises(Rejected, match="another token"):
        unseal(KEY, garbage)


def test_another_token_is_rejected_and_a_short_one_is_refused() -> None:
    with pytest.raises(Rejected):
        unseal(key_of("another token of characters"), seal(KEY, MESSAGE))
    with pytest.raises(ValueError, match="at least 16"):
        key_of("short")


def test_a_repeated_message_is_rejected_and_a_missing_one_is_told() -> None:
    order = Order()
    order.check(MESSAGE)
    with pytest.raises(Rejected, match="second time"):
        order.check(MESSAGE)
    order.check(replace(MESSAGE, seq=1))
    with pytest.raises(Rejected, match="2 messages before it are missing"):
        order.check(replace(MESSAGE, seq=4))
    order.check(replace(MESSAGE, sender="worker-2"))
