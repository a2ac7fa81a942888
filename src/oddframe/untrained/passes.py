"""How easily units are told from all that come before them, over several orders of them.

After Del Giorno, Bagnell and Hebert, "A discriminative framework for anomaly detection in large
videos", ECCV 2016. Whatever the order, what is told from all before it is unlike the rest.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from oddframe.numerics.logistic import logistic
from oddframe.untrained.logistic_regression import fit_in_columns


def averaged_probabilities(
    rows: np.ndarray,
    units: np.ndarray,
    random: np.random.Generator,
    *,
    window: int,
    shuffles: int,
    penalty: float,
) -> np.ndarray:
    """How probably each row is a new one, averaged over orders of the units: ``(rows,)``.

    In an order of the units, each ``window`` of them is told from all before them by a logistic
    regression whose two classes weigh the same, and takes what that says of it. A unit that was
    tested in no order has NaN.

    Args:
        rows: ``(rows, columns)`` in the units' own order, the last column ones.
        units: rows of each unit.
        random: draws the orders.
        window: units that are told from those before them at a time.
        shuffles: orders by chance, beside the units' own.
        penalty: weight of the l2 penalty in the logistic regression (1 / C).
    """
    ends = np.cumsum(units)
    total, tests = np.zeros(len(rows)), np.zeros(len(rows))
    own = np.arange(len(units))
    for order in [own, *(random.permutation(own) for _ in range(shuffles))]:
        at = np.concatenate([np.arange(ends[unit] - units[unit], ends[unit]) for unit in order])
        for first, said in _pass(rows[at], np.cumsum(units[order]), window, penalty):
            tested = at[first : first + len(said)]
            total[tested] += said
            tests[tested] += 1
    return np.where(tests > 0, total / np.maximum(tests, 1), np.nan)


def _pass(
    rows: np.ndarray, ends: np.ndarray, window: int, penalty: float
) -> Iterator[tuple[int, np.ndarray]]:
    """For each window of an order its first row, and how probably its rows are new ones."""
    weights = np.zeros(rows.shape[1])
    for end in range(2 * window, len(ends) + 1, window):
        first, last = ends[end - window - 1], ends[end - 1]
        signs = np.full(last, -1.0)
        signs[first:] = 1.0
        share = window / end
        costs = np.where(signs > 0, 1 - share, share) / penalty
        weights = fit_in_columns(rows[:last], signs, costs, weights)
        yield first, logistic(rows[first:last] @ weights)
