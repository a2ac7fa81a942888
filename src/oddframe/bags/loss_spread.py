"""The spread of a loss over random pairings of bags."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Spread:
    """A loss term over random pairings.

    Attributes:
        mean: mean loss over the pairings.
        standard_deviation: that of one pairing's loss, estimated with ``n - 1``.
        standard_error: that of the mean, ``standard_deviation / sqrt(n)``.
        low, high: the lowest and the highest.
    """

    mean: float
    standard_deviation: float
    standard_error: float
    low: float
    high: float

    @classmethod
    def of(cls, values: list[float]) -> Spread:
        """From at least two losses."""
        deviation = float(np.std(values, ddof=1))
        error = deviation / len(values) ** 0.5
        return cls(float(np.mean(values)), deviation, error, min(values), max(values))


@dataclass(frozen=True)
class LossSpreads:
    """What ``losses`` found.

    Attributes:
        repeats: number of random pairings.
        splits: split to loss term to its spread.
        path: the file with the same numbers.
    """

    repeats: int
    splits: dict[str, dict[str, Spread]]
    path: Path

    def table(self) -> str:
        """The numbers for a person."""
        lines = [
            f"{self.repeats} random pairings of normal and anomalous bags, eval mode",
            f"{'split':<6} {'term':<16} {'mean':>12} {'std. dev.':>12} {'std. error':>12}",
        ]
        for split, terms in self.splits.items():
            for term, spread in terms.items():
                numbers = (spread.mean, spread.standard_deviation, spread.standard_error)
                shown = " ".join(f"{number:>12.6f}" for number in numbers)
                lines.append(f"{split:<6} {term:<16} {shown}")
        return "\n".join([*lines, f"written: {self.path}"])
