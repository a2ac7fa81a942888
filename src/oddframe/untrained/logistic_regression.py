"""Logistic regression with an l2 penalty, solved exactly: as liblinear's ``-s 0``, to its digits.

Both functions minimise ``w'w / 2 + sum_i c_i log(1 + exp(-y_i x_i'w))`` by Newton's method: the one
in as many dimensions as there are rows (``w = X'a``), the other in as many as there are columns.
There is no bias; a column of ones is one, which is penalised as the others are.
"""

from __future__ import annotations

import numpy as np

from oddframe.numerics.logistic import logistic

_MOST_STEPS = 100
_CLOSE = 1e-9
_NO_GAIN = 1e-13
"""Twice what a step takes from the loss, at the last one."""


def fit_in_rows(gram: np.ndarray, signs: np.ndarray, costs: np.ndarray) -> np.ndarray:
    """Coefficients of the rows, for several problems of few rows at once.

    Args:
        gram: ``(problems, rows, rows)``, inner products of the rows, ``XX'``.
        signs: ``(rows,)``, the labels, 1 or -1.
        costs: ``(rows,)``, ``c``.

    Returns:
        ``a``, ``(problems, rows)``: the decision of the rows is ``gram @ a``, ``w`` is ``X'a``.
    """
    found = np.zeros(gram.shape[:2])
    decided = np.zeros_like(found)
    loss = _losses(found, decided, signs, costs)
    one = np.eye(gram.shape[1])
    for _ in range(_MOST_STEPS):
        odds = logistic(-signs * decided)
        left = found - costs * signs * odds
        if np.abs(left).max() < _CLOSE * costs.max():
            break
        curved = costs * odds * (1 - odds)
        step = np.linalg.solve(one + curved[:, :, None] * gram, -left[..., None])[..., 0]
        moved = (gram @ step[..., None])[..., 0]
        size = np.ones((len(gram), 1))
        while True:
            tried = _losses(found + size * step, decided + size * moved, signs, costs)
            worse = tried > loss + 1e-12 * np.abs(loss)
            if not worse.any() or size.min() < 1e-6:
                break
            size[worse] /= 2
        found, decided, loss = found + size * step, decided + size * moved, tried
    return found


def _losses(
    found: np.ndarray, decided: np.ndarray, signs: np.ndarray, costs: np.ndarray
) -> np.ndarray:
    """What is minimised, of each problem."""
    penalty = (found * decided).sum(axis=1) / 2
    return penalty + (costs * np.logaddexp(0, -signs * decided)).sum(axis=1)


def fit_in_columns(
    rows: np.ndarray, signs: np.ndarray, costs: np.ndarray, start: np.ndarray
) -> np.ndarray:
    """Weights of the columns, for many rows of few columns.

    Args:
        rows: ``X``, ``(rows, columns)``.
        signs: ``(rows,)``, the labels, 1 or -1.
        costs: ``(rows,)``, ``c``.
        start: ``(columns,)``, weights to begin with; those of a problem that hardly differs save
            most of the steps.

    Returns:
        ``w``, ``(columns,)``.
    """
    found = start
    decided = rows @ found
    loss = _loss(found, decided, signs, costs)
    inverse, before = None, np.inf
    for _ in range(_MOST_STEPS):
        odds = logistic(-signs * decided)
        slope = found - rows.T @ (costs * signs * odds)
        if inverse is None:
            curved = rows * np.sqrt(costs * odds * (1 - odds))[:, None]
            bend = curved.T @ curved
            bend[np.diag_indices_from(bend)] += 1
            inverse = np.linalg.inv(bend)
        step = -(inverse @ slope)
        moved, size = rows @ step, 1.0
        while True:
            tried = _loss(found + size * step, decided + size * moved, signs, costs)
            if tried <= loss + 1e-12 * abs(loss) or size < 1e-6:
                break
            size /= 2
        found, decided, loss = found + size * step, decided + size * moved, tried
        gain = float(-slope @ step)
        if gain < _NO_GAIN and size == 1:
            break
        # The curvature takes nearly all the time, and hardly changes where steps are small.
        if size < 1 or gain > before / 10:
            inverse = None
        before = gain
    return found


def _loss(found: np.ndarray, decided: np.ndarray, signs: np.ndarray, costs: np.ndarray) -> float:
    """What is minimised."""
    return float(found @ found / 2 + costs @ np.logaddexp(0, -signs * decided))
