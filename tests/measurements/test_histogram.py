"""Histograms: nearest rank within a bucket's width, exact merging, the interchange form of HdrHistogram."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.measurements import hdr
from readiness.measurements.histogram import (
    BUCKETS,
    HIGHEST_US,
    MANY,
    Histogram,
    bucket_of,
    highest_us,
    lowest_us,
    merge,
)

VALUES = st.lists(st.integers(0, HIGHEST_US), min_size=1, max_size=60)


def of(values: list[int]) -> Histogram:
    return Histogram.of_us(np.array(values, np.int64))


@given(st.integers(0, HIGHEST_US))
def test_a_value_lies_in_its_bucket_which_is_at_most_a_thousandth_wide(value: int) -> None:
    bucket = int(bucket_of(np.array([value]))[0])
    assert 0 <= bucket < BUCKETS
    assert lowest_us(bucket) <= value <= highest_us(bucket)
    assert highest_us(bucket) - lowest_us(bucket) <= value / 1000


@given(VALUES, st.floats(0.001, 1))
def test_a_quantile_is_the_nearest_rank_and_never_below_it(values: list[int], q: float) -> None:
    exact = float(np.quantile(np.array(values), round(q, 6), method="inverted_cdf"))
    found = of(values).quantile_ms(round(q, 6))
    assert found is not None
    assert exact <= found * 1000 + 1e-6
    assert found * 1000 <= exact * 1.001 + 1e-6


@given(VALUES, st.integers(0, 80), st.floats(0.001, 1))
def test_failures_are_the_slowest_ranks(values: list[int], failures: int, q: float) -> None:
    slowest = [*map(float, values), *[np.inf] * failures]
    exact = float(np.quantile(np.array(slowest), round(q, 6), method="inverted_cdf"))
    found = of(values).quantile_ms(round(q, 6), infinite=failures)
    if np.isinf(exact):
        assert found is None
    else:
        assert found is not None
        assert exact - 1e-6 <= found * 1000 <= exact * 1.001 + 1e-6


@given(VALUES)
def test_the_figures_of_one_record_are_in_order(values: list[int]) -> None:
    one = of(values)
    quantiles = [one.quantile_ms(q) or 0.0 for q in (0.5, 0.9, 0.95, 0.99, 1.0)]
    assert quantiles == sorted(quantiles)
    assert quantiles[-1] * 1000 == pytest.approx(max(values))
    mean_ms = one.mean_ms
    assert mean_ms is not None
    assert one.min_us / 1000 - 1e-9 <= mean_ms <= one.max_us / 1000 + 1e-9


@pytest.mark.parametrize("size", [MANY - 1, MANY, 5 * MANY])
def test_many_samples_are_counted_like_few(size: int) -> None:
    values = np.random.default_rng(size).lognormal(8, 2, size).astype(np.int64)
    whole = Histogram.of_us(values)
    parts = merge(*(Histogram.of_us(part) for part in np.array_split(values, 50)))
    assert (whole.total, whole.indices.tolist(), whole.counts.tolist()) == (
        size,
        parts.indices.tolist(),
        parts.counts.tolist(),
    )


@given(VALUES, VALUES, VALUES)
def test_merging_is_exact_in_any_order(a: list[int], b: list[int], c: list[int]) -> None:
    whole = of(a + b + c)
    for merged in (merge(of(a), of(b), of(c)), merge(of(c), merge(of(b), of(a)))):
        assert merged.indices.tolist() == whole.indices.tolist()
        assert merged.counts.tolist() == whole.counts.tolist()
        assert (merged.total, merged.sum_us, merged.min_us, merged.max_us) == (
            len(a + b + c),
            sum(a + b + c),
            whole.min_us,
            whole.max_us,
        )


@given(VALUES, st.integers(0, HIGHEST_US), st.booleans())
def test_the_count_over_a_limit_brackets_the_truth(values: list[int], limit_us: int, inclusive: bool) -> None:
    true = sum(value >= limit_us if inclusive else value > limit_us for value in values)
    least, most = of(values).count_over_ms(limit_us / 1000, inclusive=inclusive)
    assert least <= true <= most


@given(VALUES)
def test_the_interchange_form_reads_back(values: list[int]) -> None:
    histogram = of(values)
    back = hdr.decode(hdr.encode(histogram), sum_us=histogram.sum_us, min_us=histogram.min_us, max_us=histogram.max_us)
    assert (back.indices.tolist(), back.counts.tolist()) == (histogram.indices.tolist(), histogram.counts.tolist())


@given(VALUES)
def test_another_implementation_reads_the_same_counts(values: list[int]) -> None:
    hdrh = pytest.importorskip("hdrh.histogram")
    theirs = hdrh.HdrHistogram.decode(hdr.encode(of(values)))
    assert theirs.get_total_count() == len(values)
    assert theirs.get_max_value() >= max(values) * 0.999


@pytest.mark.parametrize("text", ["", "AAAA", "!", "HISTFAAAAAA="])
def test_a_text_that_is_no_histogram_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"histogram|HdrHistogram"):
        hdr.decode(text, sum_us=0, min_us=0, max_us=0)
