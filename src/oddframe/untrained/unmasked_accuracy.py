"""How well newer frames can be told from older ones, while what tells them apart is taken away.

Unmasking, from authorship verification, brought to video by Ionescu et al. (ICCV 2017), as the
public code of Liu, Li and Póczos (BMVC 2018) computes it.
"""

from __future__ import annotations

import numpy as np

from oddframe.untrained.logistic_regression import fit_in_rows

_NOTHING = 1e-10
"""A row that keeps less of its squared norm than this, but for rounding, has nothing left."""


def unmasked_accuracy(
    rows: np.ndarray, signs: np.ndarray, costs: np.ndarray, rounds: int, dropped: int
) -> np.ndarray:
    """Mean accuracy of telling rows apart, over rounds that each take features away.

    In each round rows are scaled to norm 1, a logistic regression without a bias is fitted to them
    and judged on them, and half of ``dropped`` features of the greatest weight and half of the
    least go. A row that is all zero has no side: it counts as half right, so rows that say nothing
    have an accuracy of 0.5, whatever there is of each kind. (liblinear takes it for the class that
    it saw second.)

    Args:
        rows: ``(problems, rows, features)``, several problems with the same labels.
        signs: ``(rows,)``, 1 for the newer ones, -1 for the older ones.
        costs: ``(rows,)``, what an error on each costs.
        rounds: how many.
        dropped: features that go in a round; even.

    Returns:
        ``(problems,)``, 0 to 1.
    """
    products = rows @ rows.transpose(0, 2, 1)
    whole = np.diagonal(products, axis1=1, axis2=2).copy()
    gone = np.zeros((len(rows), rows.shape[2]), bool)
    problems = np.arange(len(rows))[:, None]
    total = np.zeros(len(rows))
    for _ in range(rounds):
        squares = np.diagonal(products, axis1=1, axis2=2)
        is_left = squares > _NOTHING * whole
        scales = np.where(is_left, 1 / np.sqrt(np.where(is_left, squares, 1)), 0)
        gram = products * scales[:, :, None] * scales[:, None, :]
        found = fit_in_rows(gram, signs, costs)
        decided = (gram @ found[..., None])[..., 0] * signs
        total += np.where(is_left, decided > 0, 0.5).mean(axis=1)
        weights = ((found * scales)[:, None, :] @ rows)[:, 0]
        half = dropped // 2
        most = np.argpartition(np.where(gone, np.inf, -weights), half)[:, :half]
        least = np.argpartition(np.where(gone, np.inf, weights), half)[:, :half]
        going = np.concatenate([most, least], axis=1)
        gone[problems, going] = True
        columns = rows.transpose(0, 2, 1)[problems, going]
        products = products - columns.transpose(0, 2, 1) @ columns
    return total / rounds
