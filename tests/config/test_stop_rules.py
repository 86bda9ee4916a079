"""How a load may end before its time."""

import pytest

from readiness.config.load import parse
from readiness.config.model import LoadSection
from readiness.config.override import override
from readiness.errors import ConfigError


def load_of(section: str) -> LoadSection:
    return parse(
        f'version: 1\nservice: s\nload: {section}\nchecks: {{ latency.p95: {{ pass: "< 1 s" }} }}\n'.encode(),
        "t.yaml",
        {},
    ).load


def test_until_decided_lasts_for_its_most_at_most() -> None:
    assert (
        load_of("{ duration: until_decided }").until_decided,
        load_of("{ duration: until_decided }").duration_s,
    ) == (
        True,
        300.0,
    )
    assert load_of("{ duration: until_decided, max_duration: 2m }").duration_s == 120.0


def test_rules_that_end_a_load_look_the_bad_way() -> None:
    (rule,) = load_of('{ abort_when: { http.error_rate: "> 50 %" }, abort_after: 5s }').abort_when
    assert (rule.metric, rule.limit.value, rule.for_s) == ("http.error_rate", 50.0, 5.0)


@pytest.mark.parametrize(
    ("section", "sentence"),
    [
        ("{ max_duration: 2m }", "belongs to duration: until_decided"),
        ("{ abort_after: 5s }", "needs abort_when"),
        ('{ abort_when: { http.error_rate: "< 50 %" } }', "limit starts with > or >="),
        ('{ abort_when: { throughput: "< 5 /s" } }', "unknown key"),
        ("{ duration: until_decided, steps: [1, 2], decide_at: 2 }", "cannot be until_decided beside steps"),
    ],
)
def test_what_does_not_fit_is_refused(section: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        load_of(section)


def test_the_flag_sets_and_ends_it() -> None:
    config = parse(b'version: 1\nservice: s\nchecks: { latency.p95: { pass: "< 1 s" } }\n', "t.yaml", {})
    decided = override(config, duration="until_decided")
    assert (decided.load.until_decided, decided.load.duration_s) == (True, 300.0)
    fixed = override(decided, duration="20s")
    assert (fixed.load.until_decided, fixed.load.duration_s) == (False, 20.0)
