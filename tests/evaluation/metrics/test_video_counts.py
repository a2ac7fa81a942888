"""Sparse counts against SciPy's sparse matrices."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from oddframe.evaluation.metrics.video_counts import VideoCounts, sums_at


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("rows", "videos", "values"), [(40, 30, 0), (40, 30, 60), (7, 3, 50), (1, 1, 1), (60, 90, 2000)]
)
def test_products_are_those_of_scipy(rows, videos, values, kind):
    generator = np.random.default_rng(rows + values)
    row = generator.integers(0, rows, values)
    row[: values // 3] = 0  # a row that knows many videos
    owner = generator.integers(0, videos, values)
    numbers = generator.integers(1, 9, values).astype(np.float32)
    weights = generator.integers(0, 4, (videos, 11)).astype(kind)
    cut = values // 2  # the same pair may come in both
    parts = [
        sums_at(numbers[a:b], row[a:b], owner[a:b], videos) for a, b in ((0, cut), (cut, values))
    ]
    found = VideoCounts.of(parts, rows, videos) @ weights
    expected = csr_matrix((numbers, (row, owner)), shape=(rows, videos)) @ weights
    assert found.dtype == expected.dtype == kind
    assert (found == expected).all()  # whole numbers, so in any order


def test_sums_of_shares_are_as_exact_as_their_own_type():
    generator = np.random.default_rng(0)
    row, owner = generator.integers(0, 20, 500), generator.integers(0, 12, 500)
    shares = generator.random(500)
    weights = generator.integers(0, 4, (12, 5)).astype(np.float32)
    found = VideoCounts.of([sums_at(shares, row, owner, 12)], 20, 12) @ weights
    expected = csr_matrix((shares, (row, owner)), shape=(20, 12)) @ weights
    assert found == pytest.approx(expected, rel=1e-14)
