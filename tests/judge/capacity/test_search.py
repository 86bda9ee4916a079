"""The search brackets the truth of a service that behaves, ends for every service, and claims only what was proven."""

import math
import random
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.judge.capacity.attempt import Attempt, TrialFinding
from readiness.judge.capacity.search import (
    _CLOSE,
    MAX_ATTEMPTS,
    MAX_PROOFS,
    Hold,
    Range,
    SearchAnswer,
    answer,
    next_step,
)
from readiness.judge.verdict import Latency


def attempt(hold: Hold, finding: TrialFinding, failures: int = 0) -> Attempt:
    none = Latency(*[None] * 7)
    return Attempt(hold.height, hold.proof, finding, "", 6.0, 100, failures, 10.0, none, 0.2)


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
    assert found.high_proof or beyond is TrialFinding.GENERATOR
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
    assert found.low is None or last[found.low].finding not in (TrialFinding.BROKEN, TrialFinding.LEANS_BROKEN)
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
    assert found == SearchAnswer(320, 640, TrialFinding.LEANS_KEPT, high_proof=True)
    assert [one.height for one in done if one.proof] == [640, 640, 453, 320]


def test_an_end_that_only_looks_broken_is_held_again_and_may_move_up() -> None:
    def service(hold: Hold) -> TrialFinding:
        if hold.proof:
            return TrialFinding.KEPT if hold.height <= 100 else TrialFinding.BROKEN
        return TrialFinding.KEPT if hold.height < 64 else TrialFinding.LEANS_BROKEN  # unlucky holds

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


def test_an_open_proof_takes_nothing_away_from_one_that_was_kept() -> None:
    """Seen at a service of four workers: 38 users were proven, a second hold of them stayed open: "unknown"."""
    trials = [(4, TrialFinding.KEPT), (8, TrialFinding.KEPT), (16, TrialFinding.KEPT), (32, TrialFinding.KEPT)]
    trials += [(60, TrialFinding.BROKEN), (44, TrialFinding.LEANS_KEPT), (51, TrialFinding.BROKEN)]
    trials += [(47, TrialFinding.BROKEN)]
    done = [attempt(Hold(height, proof=False), finding) for height, finding in trials]
    done += [attempt(Hold(44, proof=True), TrialFinding.LEANS_KEPT)] * 2
    done += [attempt(Hold(38, proof=True), TrialFinding.KEPT), attempt(Hold(41, proof=False), TrialFinding.LEANS_KEPT)]
    assert next_step(done, Range(1, 60, whole=True)) == Hold(41, proof=True), "38 users need no second proof"
    for finding in (TrialFinding.LEANS_KEPT, TrialFinding.GENERATOR, TrialFinding.UNTRUSTED):
        assert answer([*done, attempt(Hold(38, proof=True), finding)]).low == 38
    assert answer([*done, attempt(Hold(38, proof=True), TrialFinding.BROKEN)]).low is None


def test_an_end_that_broke_in_a_trial_is_held_for_proof_and_may_move_up() -> None:
    def service(hold: Hold) -> TrialFinding:
        if not hold.proof and 70 < hold.height < 90:
            return TrialFinding.BROKEN  # the machine was busy
        return TrialFinding.KEPT if hold.height <= 100 else TrialFinding.BROKEN

    found, _ = search(Range(1, 160, whole=True), service)
    assert found.low is not None
    assert found.low > 70, "a trial of seconds is no end"


def test_what_broke_above_an_open_load_is_the_end_of_the_answer() -> None:
    done = [attempt(Hold(84, proof=True), TrialFinding.KEPT)]
    done += [attempt(Hold(92, proof=True), TrialFinding.LEANS_KEPT)] * 2
    done += [attempt(Hold(height, proof=False), TrialFinding.BROKEN) for height in (200, 141, 109)]
    assert answer(done) == SearchAnswer(84, 109, TrialFinding.BROKEN, undecided=92)


def test_a_target_that_does_not_recover_ends_the_search_and_lower_loads_are_not_blamed() -> None:
    down = False
    done: list[Attempt] = []
    heights = Range(1, 400, whole=False)
    while isinstance(step := next_step(done, heights), Hold):
        down = down or step.height > 150
        done.append(attempt(step, TrialFinding.BROKEN if down else TrialFinding.KEPT, failures=100 if down else 0))
    assert [one.height for one in done] == [25, 50, 100, 200, 141, 25]
    assert step == SearchAnswer(None, 200, TrialFinding.BROKEN, no_recovery=True)


def test_what_was_proven_before_the_target_went_down_stays() -> None:
    done = [attempt(Hold(50, proof=False), TrialFinding.KEPT), attempt(Hold(50, proof=True), TrialFinding.KEPT)]
    done += [attempt(Hold(height, proof=False), TrialFinding.BROKEN, failures=100) for height in (100, 70, 50)]
    assert answer(done) == SearchAnswer(50, 100, TrialFinding.BROKEN, no_recovery=True)


def test_a_proof_that_fails_where_a_look_was_lucky_is_no_lost_target() -> None:
    def service(hold: Hold) -> TrialFinding:
        return TrialFinding.KEPT if hold.height <= (90 if hold.proof else 100) else TrialFinding.BROKEN

    found, done = search(Range(1, 160, whole=True), service)
    assert not found.no_recovery
    assert [one.height for one in done].count(10) == 2, "one trial of the smallest load, and the search goes on"
