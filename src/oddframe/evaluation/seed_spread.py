"""The spread of one number over trainings that differ in their seed alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class SeedSpread:
    """A number over seeds.

    Attributes:
        n: how many seeds.
        mean: over them.
        standard_deviation: of one seed's value, estimated with ``n - 1``; None with one seed.
        low, high: 95 % interval of the mean over all seeds there could be, by Student's t with
            ``n - 1`` degrees of freedom; None with one seed.
    """

    n: int
    mean: float
    standard_deviation: float | None = None
    low: float | None = None
    high: float | None = None

    @classmethod
    def of(cls, values: Sequence[float]) -> SeedSpread:
        """From at least one value per seed."""
        n, mean = len(values), float(np.mean(values))
        if n == 1:
            return cls(n, mean)
        from scipy.special import stdtrit

        deviation = float(np.std(values, ddof=1))
        reach = float(stdtrit(n - 1, 0.975)) * deviation / n**0.5
        return cls(n, mean, deviation, mean - reach, mean + reach)
