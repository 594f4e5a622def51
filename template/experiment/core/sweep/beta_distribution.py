"""The beta distribution's quantiles, which neither Python nor NumPy has.

Template's file: updates replace it.
"""

import math

MOST_TERMS = 400
HALVINGS = 60  # the last one is below what a float can tell apart


def quantile(u: float, a: float, b: float) -> float:
    """Where the share ``u`` of a beta distribution lies below."""
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if share_below(middle, a, b) < u else (low, middle)
    return (low + high) / 2


def share_below(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function, by its continued fraction (DLMF 8.17.22)."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):  # where the fraction converges slowly, its mirror image is fast
        return 1 - share_below(1 - x, b, a)
    log_front = a * math.log(x) + b * math.log1p(-x)
    log_front += math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    return math.exp(log_front) / a * _fraction(x, a, b)


def _fraction(x: float, a: float, b: float) -> float:
    """1 / (1 + d1 / (1 + d2 / (1 + ...))), from the front, as Lentz does it."""
    tiny = 1e-300
    value, front, back = 1.0, 1.0, 0.0
    for term in range(MOST_TERMS):
        part = _coefficient(term, x, a, b)
        back = 1 / ((1 + part * back) or tiny)
        front = (1 + part / front) or tiny
        value *= front * back
        if abs(1 - front * back) < 1e-13:
            break
    return value - 1


def _coefficient(term: int, x: float, a: float, b: float) -> float:
    if term == 0:
        return 1.0
    m = term // 2
    if term % 2 == 0:
        return m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
    return -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
