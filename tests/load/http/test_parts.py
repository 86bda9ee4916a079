"""Parts of the client that need no server: what they give must be what the plain way gives."""

import json
import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from readiness.load.http.body import json_of

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES)
def test_json_is_what_the_standard_library_reads(value: Any) -> None:
    body = json.dumps(value).encode()
    assert repr(json_of(body)) == repr(json.loads(body))


@given(st.binary(max_size=40) | st.text(alphabet='{}[]",:0123456789.eE+-truefalsn\\u ', max_size=40).map(str.encode))
def test_what_is_no_json_is_the_same_error(body: bytes) -> None:
    def outcome(read: Any) -> str:
        try:
            return repr(read(body))
        except ValueError as problem:
            return f"{type(problem).__name__} {problem}"

    assert outcome(json_of) == outcome(json.loads)


def test_json_keeps_large_numbers_whole_and_reads_what_python_writes() -> None:
    assert json_of(b"18446744073709551617") == 2**64 + 1
    assert math.isnan(json_of(b"[NaN]")[0])
    assert json_of('{"a": 1}'.encode("utf-16")) == {"a": 1}
