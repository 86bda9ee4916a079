"""A token is as good as its chance: what a machine drew is taken, what a person thought of is not."""

import secrets

import pytest

from readiness.load.workers.token import curve_secret, problem

GUESSABLE = [
    "",
    " " * 16,
    " " * 64,
    "aaaaaaaaaaaaaaaa",
    "a" * 64,
    "0" * 32,
    "password12345678",
    "passwordpasswordpasswordpassword",
    "Password1Password1Password1Password1",
    "correct-horse-battery-staple",
    "a-token-that-both-sides-know",
    "0123456789abcdef0123456789abcdef",
    "abcdefghijklmnopqrstuvwxyzABCDEF0123456789",
    "deadbeefdeadbeefdeadbeefdeadbeef",
    "9f1c2ab47d3e8056",
    "Ab3dEf6hIj9lMn2pQr5t",
    "9f1c2ab47d3e8056c4b1e7f0a2d9638 ",
    "ä" * 40,
    "11223344556677889900aabbccddeeff",
    "00112233445566778899aabbccddeeff",
    "0102030405060708090a0b0c0d0e0f10",
    "correct-horse-battery-staple-1A",
    "Correct_HORSE_battery_staple_42",
    secrets.token_hex(600),
]


@pytest.mark.parametrize("token", GUESSABLE)
def test_a_token_that_could_be_guessed_is_refused_without_being_repeated(token: str) -> None:
    said = problem(token)
    assert said is not None
    assert "secrets.token_hex(16)" in said
    assert len(token) < 8 or token not in said


def test_what_a_machine_draws_is_taken() -> None:
    for _ in range(2000):
        assert problem(secrets.token_hex(16)) is None
        assert problem(secrets.token_hex(32).upper()) is None
        assert problem(f"aZ3{secrets.token_urlsafe(32)}") is None


def test_each_token_has_a_key_of_its_own() -> None:
    keys = {curve_secret(secrets.token_hex(16)) for _ in range(100)}
    assert len(keys) == 100
    assert {len(key) for key in keys} == {32}
