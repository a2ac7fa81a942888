"""Pairs against SciPy's matching; ``test_event_metrics.py`` tries all of few."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_bipartite_matching

from oddframe.evaluation.metrics.matching import most_pairs


@pytest.mark.parametrize("share", [0.0, 0.01, 0.03, 0.1, 1.0])
@pytest.mark.parametrize(("ones", "others"), [(70, 40), (40, 70), (60, 60)])
def test_as_many_as_scipy_finds(ones, others, share):
    suits = np.random.default_rng(ones).random((ones, others)) < share
    expected = int((maximum_bipartite_matching(csr_matrix(suits)) >= 0).sum())
    assert most_pairs([np.flatnonzero(row).tolist() for row in suits]) == expected


def test_a_chain_in_which_all_have_to_change():
    """Each suits the next two, and the last comes to a partner through all of them."""
    chain = 3000
    assert most_pairs([[n, n + 1] for n in range(chain)] + [[0]]) == chain + 1
