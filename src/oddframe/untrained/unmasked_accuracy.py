"""How well newer frames can be told from older ones, while what tells them apart is taken away.

Unmasking, from authorship verification, brought to video by Ionescu et al. (ICCV 2017), as the
public code of Liu, Li and Póczos (BMVC 2018) computes it.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from oddframe.untrained.logistic_regression import fit_in_rows

ZeroRows = Literal["half", "newer", "constant"]
_NOTHING = 1e-10
"""A row that keeps less of its squared norm than this, but for rounding, has nothing left."""


def unmasked_accuracy(
    rows: np.ndarray,
    signs: np.ndarray,
    costs: np.ndarray,
    *,
    rounds: int,
    dropped: int,
    zero_rows: ZeroRows = "half",
) -> np.ndarray:
    """Mean accuracy of telling rows apart, over rounds that each take features away.

    In each round rows are scaled to norm 1, a logistic regression without a bias is fitted to them
    and judged on them, and half of ``dropped`` features of the greatest weight and half of the
    least go. A row that is all zero is on neither side, which takes a rule (``zero_rows``).

    Args:
        rows: float64 ``(problems, rows, features)``, several problems with the same labels.
        signs: ``(rows,)``, 1 for the newer ones, -1 for the older ones.
        costs: ``(rows,)``, what an error on each costs.
        rounds: how many.
        dropped: features that go in a round; even.
        zero_rows: ``half``: such a row is half right, so that rows that say nothing have an
            accuracy of 0.5; ``newer``: it is taken for a newer one, as by liblinear, which the
            public code calls; ``constant``: it has the same in every feature, which is what
            ``normr`` of the MATLAB of that code (R2017a) makes of it before liblinear sees it.

    Returns:
        ``(problems,)``, 0 to 1.
    """
    if zero_rows == "constant":
        return _accuracy(rows.copy(), signs, costs, None, rounds, dropped)
    right = np.full(len(signs), 0.5) if zero_rows == "half" else (signs > 0).astype(float)
    found = np.full(len(rows), right.mean())
    tellable = rows.any(axis=(1, 2))
    if tellable.any():
        found[tellable] = _accuracy(rows[tellable], signs, costs, right, rounds, dropped)
    return found


def _accuracy(
    rows: np.ndarray,
    signs: np.ndarray,
    costs: np.ndarray,
    right: np.ndarray | None,
    rounds: int,
    dropped: int,
) -> np.ndarray:
    """As :func:`unmasked_accuracy`, where ``right`` says how right a row of zeros is.

    Without it such a row becomes, in ``rows``, the same in every feature that is left.
    """
    products = rows @ rows.transpose(0, 2, 1)
    whole = np.diagonal(products, axis1=1, axis2=2).copy()
    gone = np.zeros((len(rows), rows.shape[2]), bool)
    problems = np.arange(len(rows))[:, None]
    total = np.zeros(len(rows))
    for _ in range(rounds):
        squares = np.diagonal(products, axis1=1, axis2=2)
        is_left = squares > _NOTHING * whole
        if right is None and not is_left.all():
            _make_constant(rows, products, whole, gone, ~is_left)
            squares = np.diagonal(products, axis1=1, axis2=2)
            is_left = np.ones_like(is_left)
        scales = np.where(is_left, 1 / np.sqrt(np.where(is_left, squares, 1)), 0)
        gram = products * scales[:, :, None] * scales[:, None, :]
        found = fit_in_rows(gram, signs, costs)
        decided = (gram @ found[..., None])[..., 0] * signs
        told = decided > 0 if right is None else np.where(is_left, decided > 0, right)
        total += told.mean(axis=1)
        weights = ((found * scales)[:, None, :] @ rows)[:, 0]
        half = dropped // 2
        most = np.argpartition(np.where(gone, np.inf, -weights), half)[:, :half]
        least = np.argpartition(np.where(gone, np.inf, weights), half)[:, :half]
        going = np.concatenate([most, least], axis=1)
        gone[problems, going] = True
        columns = rows.transpose(0, 2, 1)[problems, going]
        products = products - columns.transpose(0, 2, 1) @ columns
    return total / rounds


def _make_constant(
    rows: np.ndarray, products: np.ndarray, whole: np.ndarray, gone: np.ndarray, empty: np.ndarray
) -> None:
    """Put ones into rows that have nothing left, with all that follows from it.

    Args:
        rows: ``(problems, rows, features)``; changed in place, as are the next two.
        products: of the rows, without the features that are gone.
        whole: their squared norms at first.
        gone: features that were taken away, bool ``(problems, features)``.
        empty: which rows have nothing left, bool ``(problems, rows)``.
    """
    for problem in np.flatnonzero(empty.any(axis=1)):
        left = ~gone[problem]
        rows[problem, empty[problem]] = left
        seen = rows[problem] * left
        products[problem] = seen @ seen.T
        whole[problem, empty[problem]] = left.sum()
