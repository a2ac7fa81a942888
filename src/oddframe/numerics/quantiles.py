"""Quantiles of the beta, the gamma and Student's t distribution.

Each is the root of a distribution function, which is a series or a continued fraction: Press et
al., "Numerical Recipes", 3rd edition, 6.2 and 6.4. The factor before these is written with the
deviance, as in Loader, "Fast and accurate computation of binomial probabilities", 2000: of a count
of a million the logarithms of gamma functions would lose half of their digits to each other.
"""

from __future__ import annotations

import math
from collections.abc import Callable

Tails = Callable[[float], tuple[float, float, float]]
"""From a value to the probability below it, that above it, and the density."""

_LEAST = 1e-300
_CLOSE = 5e-16
_MOST_TERMS = 100_000
_MOST_STEPS = 400


def gamma_quantile(shape: float, share: float) -> float:
    """The value below which so large a share of a gamma distribution of scale 1 lies.

    Args:
        shape: its shape, which is its mean, above 0.
        share: between 0 and 1, both excluded.
    """

    def tails(value: float) -> tuple[float, float, float]:
        # Of a Poisson count, as the density times the scale.
        front = math.exp(-_stirling(shape) - _deviance(shape, value))
        front /= math.sqrt(2 * math.pi * shape)
        density = front * shape / value
        if value < shape + 1:
            below = front * _gamma_series(shape, value)
            return below, 1 - below, density
        above = front * shape * _gamma_fraction(shape, value)
        return 1 - above, above, density

    high = shape + 1
    while tails(high)[1] > 1 - share:
        high *= 2
    return _root(tails, share, high)


def beta_quantile(first: float, second: float, share: float) -> float:
    """The value below which so large a share of a beta distribution lies.

    Args:
        first, second: its parameters, above 0.
        share: between 0 and 1, both excluded.
    """
    return _root(lambda value: _beta_tails(first, second, value), share, 1.0)


def student_quantile(degrees: float, share: float) -> float:
    """The value below which so large a share of Student's t distribution lies.

    Args:
        degrees: its degrees of freedom, above 0 and not necessarily whole.
        share: between 0 and 1, both excluded.
    """
    if share == 0.5:
        return 0.0
    both, half = 2 * min(share, 1 - share), degrees / 2
    # t^2 / (t^2 + degrees) and what is left of 1 are beta distributed: of the two the smaller.
    if _beta_tails(half, 0.5, 0.5)[0] < both:
        part = beta_quantile(0.5, half, 1 - both)
        square = degrees * part / (1 - part)
    else:
        part = beta_quantile(half, 0.5, both)
        square = degrees * (1 - part) / part
    return math.copysign(math.sqrt(square), share - 0.5)


def _root(tails: Tails, share: float, high: float) -> float:
    """Where the probability below is the share: between 0 and ``high``, by Newton's method.

    It goes by the logarithm of the smaller tail, which is nearly straight, and halves the interval
    that is left wherever a step would lead out of it.
    """
    low, value, lower = 0.0, high / 2, share < 0.5
    for _ in range(_MOST_STEPS):
        below, above, density = tails(value)
        tail, wanted = (below, share) if lower else (above, 1 - share)
        over = (tail > wanted) == lower
        low, high = (low, value) if over else (value, high)
        middle = low + (high - low) / 2
        step = math.nan
        if tail > 0 and density > 0:
            slope = density / tail
            gap = math.log(wanted / tail)
            # Of a lower tail the logarithm is straight in that of the value.
            step = value * math.expm1(gap / (slope * value)) if lower else -gap / slope
        found = value + step
        if not low < found < high:
            found = middle
        if abs(found - value) <= 4e-16 * value or not low < found < high:
            return found
        value = found
    return value


def _beta_tails(first: float, second: float, value: float) -> tuple[float, float, float]:
    total, rest = first + second, 1 - value
    if not 0 < value < 1:
        return float(value >= 1), float(value <= 0), 0.0
    # Of a binomial count, as the density times a scale.
    power = _stirling(total) - _stirling(first) - _stirling(second)
    power -= _deviance(first, total * value) + _deviance(second, total * rest)
    front = math.exp(power) * math.sqrt(total / (2 * math.pi * first * second))
    density = front * first * second / total / (value * rest)
    if value * (total + 2) < first + 1:
        below = front * second / total * _beta_fraction(first, second, value)
        return below, 1 - below, density
    above = front * first / total * _beta_fraction(second, first, rest)
    return 1 - above, above, density


def _stirling(count: float) -> float:
    """Logarithm of ``gamma(count + 1)`` over Stirling's formula for it."""
    if count < 16:
        formula = (count + 0.5) * math.log(count) - count + math.log(2 * math.pi) / 2
        return math.lgamma(count + 1) - formula
    square = count * count
    series = 1 / 360 - (1 / 1260 - (1 / 1680 - 1 / 1188 / square) / square) / square
    return (1 / 12 - series / square) / count


def _deviance(count: float, mean: float) -> float:
    """``count log(count / mean) + mean - count``, also where the two are nearly the same."""
    apart = (mean - count) / count
    near = abs(apart) < 0.5
    return count * (apart - (math.log1p(apart) if near else math.log(mean / count)))


def _gamma_series(shape: float, value: float) -> float:
    total = term = 1.0
    for number in range(1, _MOST_TERMS):
        term *= value / (shape + number)
        total += term
        if term < _CLOSE * total:
            break
    return total


def _gamma_fraction(shape: float, value: float) -> float:
    whole = value + 1 - shape
    over = 1 / _LEAST
    under = result = 1 / whole
    for number in range(1, _MOST_TERMS):
        part = -number * (number - shape)
        whole += 2
        under = 1 / _not_none(part * under + whole)
        over = _not_none(whole + part / over)
        change = under * over
        result *= change
        if abs(change - 1) < _CLOSE:
            break
    return result


def _beta_fraction(first: float, second: float, value: float) -> float:
    total = first + second
    over = 1.0
    under = result = 1 / _not_none(1 - total * value / (first + 1))
    for number in range(1, _MOST_TERMS):
        twice = first + 2 * number
        even = number * (second - number) * value / ((twice - 1) * twice)
        odd = -(first + number) * (total + number) * value / (twice * (twice + 1))
        change = 1.0
        for part in (even, odd):
            under = 1 / _not_none(1 + part * under)
            over = _not_none(1 + part / over)
            change = under * over
            result *= change
        if abs(change - 1) < _CLOSE:
            break
    return result


def _not_none(number: float) -> float:
    """The number, or one that can be divided by where it is 0."""
    return number if abs(number) > _LEAST else _LEAST
