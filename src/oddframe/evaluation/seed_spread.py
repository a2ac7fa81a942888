"""The spread of one number over trainings that differ in their seed alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from oddframe.numerics.quantiles import student_quantile


@dataclass(frozen=True)
class SeedSpread:
    """A number over seeds.

    Attributes:
        n: how many seeds.
        mean: mean of their values.
        standard_deviation: that of one seed's value, estimated with ``n - 1``; None with one seed.
        low, high: 95 % interval of the mean over all seeds there could be, by Student's t with
            ``n - 1`` degrees of freedom, that of a share cut at 0 and 1; None with one seed.
    """

    n: int
    mean: float
    standard_deviation: float | None = None
    low: float | None = None
    high: float | None = None

    @classmethod
    def of(cls, values: Sequence[float], *, share: bool) -> SeedSpread:
        """From at least one value per seed.

        Args:
            values: one per seed.
            share: whether they lie between 0 and 1 by nature, and so does their mean. Student's t
                knows nothing of that: over two or three seeds its interval easily reaches beyond.
        """
        n, mean = len(values), float(np.mean(values))
        if n == 1:
            return cls(n, mean)
        deviation = float(np.std(values, ddof=1))
        reach = student_quantile(n - 1, 0.975) * deviation / n**0.5
        low, high = mean - reach, mean + reach
        if share:
            low, high = max(low, 0.0), min(high, 1.0)
        return cls(n, mean, deviation, low, high)
