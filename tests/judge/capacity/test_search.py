"""The search brackets the truth of a service that behaves, ends for every service, and claims only what was proven."""

import math
import random
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.judge.capacity.attempt import Attempt, TrialFinding
from readiness.judge.capacity.search import _CLOSE, MAX_ATTEMPTS, MAX_PROOFS, Hold, Range, SearchAnswer, next_step
from readiness.judge.verdict import Latency


def attempt(hold: Hold, finding: TrialFinding) -> Attempt:
    none = Latency(*[None] * 7)
    return Attempt(hold.height, hold.proof, finding, "", 6.0, 100, 0, 10.0, none, 0.2)


def search(heights: Range, service: Callable[[Hold], TrialFinding]) -> tuple[SearchAnswer, list[Attempt]]:
    done: list[Attempt] = []
    while isinstance(step := next_step(done, heights), Hold):
        assert heights.least <= step.height <= heights.most
        done.append(attempt(step, service(step)))
        assert len(done) <= MAX_ATTEMPTS
    return step, done


@st.composite
def ranges(draw: st.DrawFn) -> Range:
    most = draw(st.integers(1, 100_000))
    if draw(st.booleans()):
        return Range(float(min(draw(st.integers(1, 10)), most)), float(most), whole=True)
    return Range(min(1.0, most / 16), float(most), whole=False)


@given(
    ranges(),
    st.floats(0, 1.3),
    st.sampled_from([TrialFinding.BROKEN, TrialFinding.LEANS_BROKEN, TrialFinding.GENERATOR]),
)
@settings(max_examples=150, deadline=None)
def test_the_capacity_of_a_service_that_breaks_once_lies_in_the_bracket(
    heights: Range, share: float, beyond: TrialFinding
) -> None:
    capacity = share * heights.most
    found, done = search(heights, lambda hold: TrialFinding.KEPT if hold.height <= capacity else beyond)
    assert len(done) <= 20
    assert sum(one.proof for one in done) <= 3
    if capacity < heights.least:
        assert found.low is None
        assert found.high == heights.least
        return
    assert found.low is not None
    assert found.low <= capacity
    if capacity >= heights.most:
        assert (found.low, found.high) == (heights.most, None)
        return
    assert found.high is not None
    assert found.high_finding is beyond
    assert capacity < found.high
    assert found.high / found.low <= _CLOSE * 1.01 or (heights.whole and found.high - found.low <= 1)


@given(ranges(), st.integers(0, 2**32), st.floats(0.02, 1.0))
@settings(max_examples=150, deadline=None)
def test_a_service_of_chance_never_gets_a_claim_without_its_proof(heights: Range, seed: int, share: float) -> None:
    chance = random.Random(seed)

    def service(hold: Hold) -> TrialFinding:
        inside = 1 / (1 + math.exp(8 * (hold.height / (share * heights.most) - 1)))
        weights = [inside, inside, 1 - inside, 1 - inside, 0.05, 0.05]
        return chance.choices(list(TrialFinding), weights)[0]

    found, done = search(heights, service)
    assert sum(one.proof for one in done) <= MAX_PROOFS
    proven = [one.height for one in done if one.proof and one.finding is TrialFinding.KEPT]
    assert found.low is None or found.low in proven
    last = {one.height: one for one in done if one.proof}
    assert found.low is None or last[found.low].finding is TrialFinding.KEPT
    if found.high is not None and found.low is not None:
        assert found.high > found.low
        assert found.high in {one.height for one in done}


def test_what_never_gets_enough_requests_is_no_answer() -> None:
    found, done = search(Range(10, 160, whole=True), lambda _: TrialFinding.LEANS_KEPT)
    assert found.low is None
    assert found.high_finding is TrialFinding.LEANS_KEPT
    assert sum(one.proof for one in done) == MAX_PROOFS


def test_what_stays_open_at_the_top_is_proven_lower_down() -> None:
    def service(hold: Hold) -> TrialFinding:
        return TrialFinding.KEPT if hold.height <= 400 else TrialFinding.LEANS_KEPT

    found, done = search(Range(10, 640, whole=True), service)
    assert found == SearchAnswer(320, 640, TrialFinding.LEANS_KEPT)
    assert [one.height for one in done if one.proof] == [640, 640, 453, 320]


def test_an_end_that_only_looks_broken_is_held_again_and_may_move_up() -> None:
    def service(hold: Hold) -> TrialFinding:
        if hold.proof:
            return TrialFinding.KEPT if hold.height <= 100 else TrialFinding.BROKEN
        return TrialFinding.KEPT if hold.height < 64 else TrialFinding.LEANS_BROKEN  # unlucky looks

    found, done = search(Range(1, 160, whole=True), service)
    assert found.low is not None
    assert found.low >= 64
    assert sum(one.proof for one in done) <= MAX_PROOFS


def test_a_height_that_fails_its_proof_is_left_for_a_lower_one() -> None:
    def service(hold: Hold) -> TrialFinding:
        limit = 90 if hold.proof else 100
        return TrialFinding.KEPT if hold.height <= limit else TrialFinding.BROKEN

    found, _ = search(Range(1, 160, whole=True), service)
    assert found.low is not None
    assert found.high is not None
    assert 80 <= found.low <= 90 < found.high <= 100


def test_when_proofs_fail_one_after_the_other_the_last_goes_where_a_look_was_proof_already() -> None:
    def service(hold: Hold) -> TrialFinding:
        if hold.height <= 400:
            return TrialFinding.KEPT
        return TrialFinding.BROKEN if hold.proof or hold.height > 1000 else TrialFinding.LEANS_KEPT

    found, done = search(Range(10, 1600, whole=True), service)
    assert found.low == 400
    proofs = [one.height for one in done if one.proof]
    assert len(proofs) == MAX_PROOFS
    assert proofs[-1] == 400
    assert found.high == proofs[-2]
