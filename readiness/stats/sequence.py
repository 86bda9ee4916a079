"""Bounds for a share that stay valid however often one looks: a run may end as soon as they prove something.

A test martingale for "the share is p0 or more" is the likelihood ratio of a smaller share, mixed over a Beta(1/2, 1/2)
prior cut at p0; under every share it tests against it expects no growth, so it ever exceeds 1/alpha with probability
alpha at most (Ville's inequality). Source: Robbins, Ann. Math. Stat. 41 (1970); Howard, Ramdas, McAuliffe & Sekhon,
Ann. Stat. 49 (2021); for quantiles through the share over a limit: Howard & Ramdas, Bernoulli 28 (2022).
"""

from __future__ import annotations

import math

from readiness.stats import beta

PRIOR = 0.5


def proves_below(k: float, n: float, share: float, confidence: float) -> bool:
    """Whether k hits of n, at whatever n one stopped, prove a share below `share` (0 < share < 1)."""
    return n > 0 and _log_growth(k, n, share, below=True) >= -math.log(1 - confidence)


def proves_above(k: float, n: float, share: float, confidence: float) -> bool:
    """Whether k hits of n, at whatever n one stopped, prove a share above `share` (0 < share < 1)."""
    return n > 0 and _log_growth(k, n, share, below=False) >= -math.log(1 - confidence)


def upper(k: float, n: float, confidence: float) -> float:
    """The smallest share that the hits are proven to be below; 1.0 when there is none."""
    return _edge(k, n, confidence, below=True)


def lower(k: float, n: float, confidence: float) -> float:
    """The largest share that the hits are proven to be above; 0.0 when there is none."""
    return _edge(k, n, confidence, below=False)


def samples_needed(share: float, confidence: float) -> int:
    """Events without a single hit that prove a share below `share`: 74 for 5 % at 95 %."""
    most = 1
    while not proves_below(0, most, share, confidence):
        most *= 2
    least = most // 2
    while most - least > 1:
        middle = (least + most) // 2
        least, most = (least, middle) if proves_below(0, middle, share, confidence) else (middle, most)
    return most


def _log_growth(k: float, n: float, share: float, *, below: bool) -> float:
    a, b = k + PRIOR, n - k + PRIOR
    cut, prior = beta.cumulative(share, a, b), beta.cumulative(share, PRIOR, PRIOR)
    if not below:
        cut, prior = 1 - cut, 1 - prior
    if cut <= 0:
        return -math.inf
    mixture = _log_beta(a, b) + math.log(cut) - _log_beta(PRIOR, PRIOR) - math.log(prior)
    return mixture - k * math.log(share) - (n - k) * math.log1p(-share)


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _edge(k: float, n: float, confidence: float, *, below: bool) -> float:
    if n <= 0:
        return 1.0 if below else 0.0
    proves = proves_below if below else proves_above
    outer, inner = (1.0, k / n) if below else (0.0, k / n)
    for _ in range(40):
        middle = (outer + inner) / 2
        if 0 < middle < 1 and proves(k, n, middle, confidence):
            outer = middle
        else:
            inner = middle
    return outer
