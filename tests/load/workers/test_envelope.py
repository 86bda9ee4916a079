"""A message belongs to one run and has one place in it; anything else is told apart."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.load.workers.envelope import Envelope, Rejected, SequenceOrder, read, write


@given(payload=st.binary(max_size=200), run_id=st.text(max_size=20), seq=st.integers(0, 2**40))
def test_what_was_written_is_read_again(payload: bytes, run_id: str, seq: int) -> None:
    envelope = Envelope(run_id, seq, payload)
    assert read(write(envelope)) == envelope


@given(garbage=st.binary(max_size=300))
def test_garbage_is_rejected_and_never_an_exception_of_another_kind(garbage: bytes) -> None:
    with suppress(Rejected):
        read(garbage)


@pytest.mark.parametrize("header", ["[]", "[1, 2]", '["run", true]', '["run", -1]', "{}", "[" * 5000])
def test_a_header_of_another_kind_is_rejected(header: str) -> None:
    with pytest.raises(Rejected):
        read(len(header).to_bytes(4, "big") + header.encode())


def test_a_repeated_message_is_rejected_and_a_missing_one_is_told() -> None:
    order = SequenceOrder()
    order.check("worker-1", 0)
    with pytest.raises(Rejected, match="second time"):
        order.check("worker-1", 0)
    order.check("worker-1", 1)
    with pytest.raises(Rejected, match="2 messages before it are missing"):
        order.check("worker-1", 4)
    order.check("worker-2", 0)
