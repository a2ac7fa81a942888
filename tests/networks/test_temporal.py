"""Shared blocks against constructions written out by hand."""

import numpy as np
import pytest
import torch
from torch import nn

from oddframe.networks.initialise import xavier_initialise
from oddframe.networks.temporal import NonLocalBlock, select_segments


def brute_force(features, magnitudes, scores, k):
    """Selected features crop after crop, and the mean score of the selected segments."""
    videos, crops, _, _ = features.shape
    best = [sorted(range(len(row)), key=lambda t: -row[t])[:k] for row in magnitudes]
    rows = [[features[v, c, t] for t in best[v]] for c in range(crops) for v in range(videos)]
    return np.array(rows), [np.mean([scores[v, t] for t in best[v]]) for v in range(videos)], best


def bags(videos, crops, time, channels=4):
    random = np.random.default_rng(videos * 100 + crops * 10 + time)
    features = random.normal(0, 1, (videos, crops, time, channels))
    return features, random.uniform(1, 9, (videos, time)), random.uniform(0, 1, (videos, time))


@pytest.mark.parametrize("shape", [(4, 3, 11), (1, 10, 32), (3, 1, 3), (2, 5, 2), (1, 1, 1)])
def test_selection_is_that_of_brute_force_and_crop_major(shape):
    arrays = bags(*shape)
    found = select_segments(*map(torch.from_numpy, arrays), k=3, dropout=0.7, training=False)
    features, scores, indices = brute_force(*arrays, k=min(3, shape[2]))
    assert found.indices.tolist() == indices
    np.testing.assert_array_equal(found.features.numpy(), features)
    np.testing.assert_allclose(found.scores.numpy(), scores)


def test_in_training_a_mask_changes_the_selection():
    features, magnitudes, scores = map(torch.from_numpy, bags(50, 2, 32))
    torch.manual_seed(0)
    drawn = [select_segments(features, magnitudes, scores, 3, 0.7, training=True) for _ in range(2)]
    best = select_segments(features, magnitudes, scores, 3, 0.7, training=False)
    assert not torch.equal(drawn[0].indices, drawn[1].indices)
    kept = torch.mean((drawn[0].indices[:, 0] == best.indices[:, 0]).float())
    # The largest survives with probability 0.3; five standard deviations around it.
    assert 0 < kept < 0.63
    always = select_segments(features, magnitudes, scores, 3, 0.0, training=True)
    assert torch.equal(always.indices, best.indices)


def test_gradients_flow_through_the_selection():
    features, magnitudes, scores = map(torch.from_numpy, bags(2, 2, 6))
    features.requires_grad_()
    scores.requires_grad_()
    found = select_segments(features, magnitudes, scores, 3, 0.0, training=False)
    (found.features.sum() + found.scores.sum()).backward()
    touched = features.grad.any(dim=3).any(dim=1)
    assert touched.sum(dim=1).tolist() == [3, 3]
    assert torch.equal(touched, scores.grad > 0)


def test_non_local_block_is_attention_divided_by_the_length():
    torch.manual_seed(0)
    block = NonLocalBlock(6).double()
    x = torch.randn(2, 6, 9, dtype=torch.float64)
    torch.testing.assert_close(block.eval()(x), x)  # the gain starts at 0
    norm = block.W[1]
    for tensor in (norm.weight, norm.bias, norm.running_mean, norm.running_var):
        nn.init.uniform_(tensor, 0.5, 1.5)
    values = {key: value.numpy() for key, value in block.state_dict().items()}

    def dense(name, row):
        return values[f"{name}.weight"][:, :, 0] @ row + values[f"{name}.bias"][:, None]

    for row, out in zip(x.numpy(), block(x).detach().numpy(), strict=True):
        theta, phi, g = (dense(name, row) for name in ("theta", "phi", "g"))
        y = np.zeros_like(g)
        for i in range(9):
            for j in range(9):
                y[:, i] += (theta[:, i] @ phi[:, j]) / 9 * g[:, j]
        mean, variance = values["W.1.running_mean"], values["W.1.running_var"]
        scale = values["W.1.weight"] / np.sqrt(variance + 1e-5)
        expected = (dense("W.0", y) - mean[:, None]) * scale[:, None]
        np.testing.assert_allclose(out, expected + values["W.1.bias"][:, None] + row)


def test_xavier_initialisation_bounds_weights_and_clears_biases():
    network = nn.Sequential(nn.Conv1d(30, 50, 3), nn.BatchNorm1d(50), nn.Linear(40, 60))
    nn.init.constant_(network[1].weight, 7)
    xavier_initialise(network)
    for layer, fan in ((network[0], 3 * 80), (network[2], 100)):
        bound = (6 / fan) ** 0.5
        assert 0.98 * bound < layer.weight.abs().max() <= bound
        assert not layer.bias.any()
    assert (network[1].weight == 7).all()
