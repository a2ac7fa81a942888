"""Multiple-instance ranking: the network and Eq. 5 to 7 of the paper, written out."""

import numpy as np
import pytest
import torch

from oddframe.bags.snippets import BagShape
from oddframe.detectors import load
from oddframe.detectors.weakly_supervised.sultani import Sultani, SultaniConfig


def detector(channels=6, crops=2, **settings):
    torch.manual_seed(0)
    found = Sultani(SultaniConfig(**settings), BagShape(crops, channels))
    for name, parameter in found.named_parameters():
        if name.endswith("bias"):
            torch.nn.init.uniform_(parameter, -0.5, 0.5)
    return found


def bags(videos=2, crops=2, time=5, channels=6, seed=0):
    values = np.random.default_rng(seed).normal(0, 1, (videos, crops, time, channels))
    return torch.from_numpy(values.astype(np.float32))


def reference(found, features):
    """Scores of ``(crops, time, channels)``: each crop of each snippet by itself."""
    w = [layer.weight.detach().double().numpy() for layer in linears(found)]
    b = [layer.bias.detach().double().numpy() for layer in linears(found)]
    scores = np.zeros(features.shape[1])
    for crop in features.double().numpy():
        for t, x in enumerate(crop):
            if found.config.normalise:
                x = x / np.sqrt((x**2).sum())
            hidden = np.maximum(w[0] @ x + b[0], 0)
            logit = w[2] @ (w[1] @ hidden + b[1]) + b[2]
            scores[t] += 1 / (1 + np.exp(-logit[0])) / len(features)
    return scores


def linears(found):
    return [module for module in found.modules() if isinstance(module, torch.nn.Linear)]


def test_the_layers_of_the_paper():
    # 4096 is the width of the paper's C3D features.
    found = detector(4096)
    assert [tuple(layer.weight.shape) for layer in linears(found)] == [
        (512, 4096),
        (32, 512),
        (1, 32),
    ]
    rates = [module.p for module in found.modules() if isinstance(module, torch.nn.Dropout)]
    assert rates == [0.6, 0.6]
    assert sum(parameter.numel() for parameter in found.parameters()) == 2_114_113


@pytest.mark.parametrize("normalise", [True, False])
def test_the_network_written_out(normalise):
    found = detector(normalise=normalise).eval()
    batch = bags(2, 3, 4)
    with torch.no_grad():
        scores = found.snippet_scores(batch)
    for video in range(2):
        assert scores[video].numpy() == pytest.approx(reference(found, batch[video]), abs=1e-6)


@pytest.mark.parametrize(("videos", "crops"), [(3, 2), (1, 1)])
def test_the_loss_with_loops(videos, crops):
    found = detector(sparsity_weight=0.01, smoothness_weight=0.1, normalise=False).eval()
    normal, anomalous = bags(videos, crops), bags(videos, crops, seed=1)
    terms = found.losses("network", {"normal": normal, "anomalous": anomalous})
    low = [reference(found, bag) for bag in normal]
    high = [reference(found, bag) for bag in anomalous]
    ranking, sparsity, smoothness = [], [], []
    for a in high:
        ranking += [max(0, 1 - max(a) + max(n)) for n in low]
        sparsity.append(sum(a))
        smoothness.append(sum((a[i] - a[i + 1]) ** 2 for i in range(len(a) - 1)))
    expected = {
        "ranking": np.mean(ranking),
        "sparsity": 0.01 * np.mean(sparsity),
        "smoothness": 0.1 * np.mean(smoothness),
    }
    total = terms.pop("loss").item()
    assert {name: term.item() for name, term in terms.items()} == pytest.approx(expected, rel=1e-4)
    assert total == pytest.approx(sum(expected.values()), rel=1e-4)


def test_the_weights_of_the_paper():
    config = load("sultani").CONFIG()
    assert (config.sparsity_weight, config.smoothness_weight) == (8e-5, 8e-5)
    assert (config.batch_size, config.learning_rate) == (30, 0.001)


@pytest.mark.parametrize(
    ("name", "kind"), [("adagrad", torch.optim.Adagrad), ("adam", torch.optim.Adam)]
)
def test_optimisers(name, kind):
    found = detector(optimiser=name, learning_rate=0.5, weight_decay=0.25).optimisers()
    assert type(found["network"]) is kind
    group = found["network"].param_groups[0]
    assert (group["lr"], group["weight_decay"]) == (0.5, 0.25)
    assert len(group["params"]) == 6
