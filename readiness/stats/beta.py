"""The regularised incomplete beta function and its inverse: everything that exact binomial bounds need.

Source: continued fraction of Lentz's method, Press et al., Numerical Recipes (3rd ed.), §6.4. Written here because
nothing else of SciPy (70 MB) would be used; tests compare it with exact sums of binomial probabilities.
"""

import math

_TINY = 1e-300
_MAX_TERMS = 100_000


def cumulative(x: float, a: float, b: float) -> float:
    """I_x(a, b), the Beta(a, b) distribution function at x, for a, b > 0."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    if x < (a + 1) / (a + b + 2):
        return math.exp(log_front) * _fraction(x, a, b) / a
    return 1 - math.exp(log_front) * _fraction(1 - x, b, a) / b


def inverse(probability: float, a: float, b: float) -> float:
    """The x with I_x(a, b) = probability, to 12 digits: Newton's method, kept between bounds that close in."""
    low, high, x = 0.0, 1.0, a / (a + b)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    for _ in range(100):
        off = cumulative(x, a, b) - probability
        low, high = (low, x) if off > 0 else (x, high)
        if off == 0 or high - low <= 1e-12 * high:
            break
        log_density = log_front + (a - 1) * math.log(x) + (b - 1) * math.log1p(-x)
        step = x - off * math.exp(-log_density) if log_density > -700 else -1.0
        following = step if low < step < high else (low + high) / 2
        if abs(following - x) <= 1e-12 * x:
            return following
        x = following
    return x


def _fraction(x: float, a: float, b: float) -> float:
    """Lentz's method; a denominator of zero is one of _TINY. Written out, because a judgement asks 20,000 times."""
    c = 1.0
    d = 1 - (a + b) * x / (a + 1)
    d = 1 / (d if abs(d) > _TINY else _TINY)
    result = d
    for m in range(1, _MAX_TERMS):
        at = a + 2 * m
        even = m * (b - m) * x / ((at - 1) * at)
        odd = -(a + m) * (a + b + m) * x / (at * (at + 1))
        d, c = 1 + even * d, 1 + even / c
        d = 1 / (d if abs(d) > _TINY else _TINY)
        c = c if abs(c) > _TINY else _TINY
        result *= d * c
        d, c = 1 + odd * d, 1 + odd / c
        d = 1 / (d if abs(d) > _TINY else _TINY)
        c = c if abs(c) > _TINY else _TINY
        step = d * c
        result *= step
        if abs(step - 1) < 1e-14:
            break
    return result
