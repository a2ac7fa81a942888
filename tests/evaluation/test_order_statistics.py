"""Exact order statistics by digits, against sorting."""

import numpy as np
import pytest

from oddframe.evaluation.order_statistics import values_at_ranks

VALUES = {
    "normal": lambda g: g.normal(size=2000),
    "few": lambda g: g.integers(-2, 3, 2000).astype(float),
    "one": lambda g: np.full(1, -7.5),
    "many orders": lambda g: g.choice([-1, 1], 2000) * np.exp(20 * g.normal(size=2000)),
    "two zeros and ends": lambda g: np.array([0.0, -0.0, 3e38, -3e38, 1e-42, -1e-42, 0.0]),
    "beyond float32": lambda g: 1e9 + g.normal(size=2000) / 64,
}


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("values", VALUES)
def test_they_are_those_of_the_sorted_numbers(values, kind):
    numbers = VALUES[values](np.random.default_rng(0)).astype(kind)
    ranks = sorted({0, len(numbers) // 3, len(numbers) // 2, len(numbers) - 1})
    parts = np.array_split(numbers, 3)
    found = values_at_ranks(lambda: parts, lambda count: [r for r in ranks if r < count], kind)
    assert found.dtype == kind
    assert found.tolist() == np.sort(numbers)[::-1][ranks].tolist()
