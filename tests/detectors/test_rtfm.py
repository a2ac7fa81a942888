"""RTFM: published counts and names, the network and its loss against plain numpy."""

import json
import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.made.temporal_networks import convolve, random_bags, randomised
from torch import nn

from oddframe.bags.feature_magnitude import magnitude_losses
from oddframe.bags.snippets import BagShape
from oddframe.detectors.weakly_supervised.rtfm import RTFM, RTFMConfig

KEYS = json.loads((Path(__file__).parents[1] / "published_keys.json").read_text())


def small(crops=3, channels=6, **settings):
    """A small detector with every tensor random, norms' statistics included."""
    torch.manual_seed(0)
    detector = RTFM(RTFMConfig(width=8, **settings), BagShape(crops, channels))
    return randomised(detector)


def bags(videos=2, crops=3, time=9, channels=6, seed=0):
    return random_bags(videos, crops, time, channels, seed)


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize(("channels", "expected"), [(2048, 24_718_849), (1024, 12_658_177)])
def test_parameters_are_those_published(channels, expected):
    with torch.device("meta"):
        detector = RTFM(RTFMConfig(), BagShape(10, channels))
    assert count(detector) == expected


def test_parameters_of_each_part():
    with torch.device("meta"):
        detector = RTFM(RTFMConfig(), BagShape(10, 2048))
    network = detector.Aggregate
    for branch in (network.conv_1, network.conv_2, network.conv_3):
        assert count(branch) == 3_147_264
    assert count(network.conv_4) == 1_048_576
    assert count(network.non_local) == 526_592
    assert count(network.conv_5) == 12_587_008
    assert count(detector.fc1) + count(detector.fc2) + count(detector.fc3) == 1_114_881


def normalise(values, name, x):
    """Batch normalisation with the stored statistics."""
    mean, variance = values[f"{name}.running_mean"], values[f"{name}.running_var"]
    scaled = (x - mean[:, None]) / np.sqrt(variance[:, None] + 1e-5)
    return scaled * values[f"{name}.weight"][:, None] + values[f"{name}.bias"][:, None]


def relu(array):
    return np.maximum(array, 0)


def by_hand(values, crop):
    """Features ``(time, channels)`` and scores of one crop of one video."""
    x = crop.T
    parts = [
        normalise(
            values,
            f"Aggregate.conv_{number}.2",
            relu(convolve(values, f"Aggregate.conv_{number}.0", x, dilation)),
        )
        for number, dilation in ((1, 1), (2, 2), (3, 4))
    ]
    reduced = relu(convolve(values, "Aggregate.conv_4.0", x))
    theta, phi, g = (
        convolve(values, f"Aggregate.non_local.{name}", reduced) for name in ("theta", "phi", "g")
    )
    attended = g @ (theta.T @ phi / x.shape[1]).T
    output = convolve(values, "Aggregate.non_local.W.0", attended)
    parts.append(normalise(values, "Aggregate.non_local.W.1", output) + reduced)
    fused = relu(convolve(values, "Aggregate.conv_5.0", np.concatenate(parts)))
    features = (normalise(values, "Aggregate.conv_5.2", fused) + x).T
    hidden = features
    for layer in ("fc1", "fc2"):
        hidden = relu(hidden @ values[f"{layer}.weight"].T + values[f"{layer}.bias"])
    logits = hidden @ values["fc3.weight"].T + values["fc3.bias"]
    return features, 1 / (1 + np.exp(-logits[:, 0]))


def test_the_network_is_the_one_described():
    detector, features = small().double().eval(), bags().double()
    values = {key: value.numpy() for key, value in detector.state_dict().items()}
    output = detector(features)
    assert output.features.shape == (2, 3, 9, 6)
    for video in range(2):
        crops = [by_hand(values, crop) for crop in features[video].numpy()]
        for crop, (expected, _) in enumerate(crops):
            found = output.features[video, crop].detach().numpy()
            np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
        norms = [[math.sqrt(sum(v * v for v in row)) for row in crop] for crop, _ in crops]
        np.testing.assert_allclose(
            output.magnitudes[video].detach(), np.mean(norms, axis=0), rtol=1e-5
        )
        scores = np.mean([scores for _, scores in crops], axis=0)
        np.testing.assert_allclose(output.scores[video].detach(), scores, rtol=1e-5)


def squares(rows):
    return sum((b - a) ** 2 for row in rows for a, b in pairwise(row))


def expected_terms(output, config, videos, k):
    """Loss terms from the network's output, in loops."""
    features, magnitudes, scores = (part.detach().numpy().astype(float) for part in output)
    crops = features.shape[1]
    best = [sorted(range(len(row)), key=lambda t: -row[t])[:k] for row in magnitudes]
    entropy, gaps = 0.0, []
    for video in range(2 * videos):
        score = np.mean([scores[video][t] for t in best[video]])
        entropy -= math.log(score if video >= videos else 1 - score) / (2 * videos)
    for crop in range(crops):
        for video in range(videos):
            low, high = features[video, crop], features[videos + video, crop]
            if config.loss == "paper":
                size_low = np.mean([np.linalg.norm(low[t]) for t in best[video]])
                size_high = np.mean([np.linalg.norm(high[t]) for t in best[videos + video]])
                gaps.append(max(0.0, config.margin - (size_high - size_low)))
            else:
                size_low = np.linalg.norm(np.mean([low[t] for t in best[video]], axis=0))
                size_high = np.linalg.norm(np.mean([high[t] for t in best[videos + video]], axis=0))
                gaps.append((abs(config.margin - size_high) + size_low) ** 2)
    normal, anomalous = scores[:videos], scores[videos:]
    sparsity, smoothness = {
        "official": (np.sqrt((anomalous**2).sum()), squares([anomalous.ravel()])),
        "thesis": (np.sqrt((normal**2).sum()), squares(scores)),
        "paper": (anomalous.sum() / videos, squares(anomalous) / videos),
    }[config.loss]
    return {
        "classification": entropy,
        "magnitude": 0.0001 * np.mean(gaps),
        "sparsity": 0.008 * sparsity,
        "smoothness": 0.0008 * smoothness,
    }


@pytest.mark.parametrize("loss", ["official", "thesis", "paper"])
@pytest.mark.parametrize(("time", "k", "taken"), [(32, 0, 3), (8, 2, 2), (2, 0, 2)])
def test_losses(loss, time, k, taken):
    detector = small(loss=loss, k=k).eval()
    normal, anomalous = bags(4, time=time), bags(4, time=time, seed=1) * 2
    terms = detector.losses("network", {"normal": normal, "anomalous": anomalous})
    output = detector(torch.cat([normal, anomalous]))
    expected = expected_terms(output, detector.config, 4, taken)
    expected["loss"] = sum(expected.values())
    assert {name: value.item() for name, value in terms.items()} == pytest.approx(
        expected, rel=1e-4
    )


@pytest.mark.parametrize("loss", ["official", "thesis", "paper"])
def test_one_pair_of_bags_trains_every_parameter(loss):
    detector = small(loss=loss, dropout=0.0).train()
    batch = {"normal": bags(1, time=32), "anomalous": bags(1, time=32, seed=1)}
    detector.losses("network", batch)["loss"].backward()
    for name, parameter in detector.named_parameters():
        # A norm over the batch right after it takes this bias away again.
        if name != "Aggregate.non_local.W.0.bias":
            assert parameter.grad.abs().max() > 1e-9, name


def test_dropout_is_where_it_was_published():
    detector, widths = small().train(), []
    hook = lambda _, inputs, __: widths.append(inputs[0].shape[-1])  # noqa: E731
    for module in detector.modules():
        if isinstance(module, nn.Dropout):
            assert module.p == 0.7
            module.register_forward_hook(hook)
    output = detector(bags(4, time=32))
    assert widths == [6, 8, 2]  # the features, then both hidden layers of the classifier
    # Of 2304 numbers; the standard deviation of the share is 0.0095.
    dropped = output.features == 0
    assert dropped.float().mean().item() == pytest.approx(0.7, abs=0.05)
    norms = output.features.norm(dim=3).mean(dim=1)
    torch.testing.assert_close(output.magnitudes, norms)  # magnitudes come after it


@pytest.mark.parametrize(("dropout", "same"), [(0.7, False), (0.0, True)])
def test_training_masks_the_magnitudes_that_select(dropout, same):
    config = RTFMConfig(dropout=dropout)
    output = small().eval()(torch.cat([bags(8, time=32), bags(8, time=32, seed=1)]))
    torch.manual_seed(0)
    best = magnitude_losses(config, output, 8, training=False)["classification"]
    drawn = magnitude_losses(config, output, 8, training=True)["classification"]
    assert torch.equal(best, drawn) is same


def test_defaults_and_first_weights():
    config = RTFMConfig()
    assert (config.learning_rate, config.weight_decay, config.batch_size) == (0.001, 0.0005, 32)
    assert (config.dropout, config.margin, config.loss) == (0.7, 100, "official")
    torch.manual_seed(0)
    detector = RTFM(RTFMConfig(width=8), BagShape(3, 6))
    gate = detector.Aggregate.non_local.W[1]
    assert not gate.weight.any()
    assert not gate.bias.any()
    for layer in detector.modules():
        if isinstance(layer, nn.Conv1d | nn.Linear):
            assert layer.bias is None or not layer.bias.any()
            taps = math.prod(layer.weight.shape[2:])
            bound = (6 / (taps * sum(layer.weight.shape[:2]))) ** 0.5
            assert 0.6 * bound < layer.weight.abs().max() <= bound


def test_training_separates_odd_segments_from_the_rest():
    torch.manual_seed(0)
    detector = RTFM(RTFMConfig(width=64, margin=10.0), BagShape(2, 32)).train()
    optimiser = detector.optimisers()["network"]
    random = np.random.default_rng(0)

    def draw(videos, odd):
        bag = random.normal(0, 1, (videos, 2, 32, 32)).astype(np.float32)
        if odd:
            bag[:, :, 10:16, :6] += 3
        return torch.from_numpy(bag)

    for _ in range(30):
        batch = {"normal": draw(8, False), "anomalous": draw(8, True)}
        optimiser.zero_grad()
        detector.losses("network", batch)["loss"].backward()
        optimiser.step()
    with torch.no_grad():
        scores = detector.eval().snippet_scores(draw(10, True))
        calm = detector.snippet_scores(draw(10, False))
    assert scores[:, 10:16].mean() > scores[:, :8].mean() + 0.2
    assert scores[:, 10:16].mean() > calm.mean() + 0.2


def test_names_and_shapes_are_those_published_for_xd_violence():
    with torch.device("meta"):
        state = RTFM(RTFMConfig(), BagShape(5, 1024)).state_dict()
    assert {name: list(tensor.shape) for name, tensor in state.items()} == KEYS["rtfm-xd"]


def test_a_prefix_and_given_crops_are_understood():
    plain = small().state_dict()
    detector = RTFM.from_published({f"module.{k}": v for k, v in plain.items()}, crops=7)
    assert detector.shape == BagShape(7, 6, 32)
    features = bags(1)[0].transpose(0, 1).numpy()
    np.testing.assert_array_equal(
        detector.score_snippets(features), small().score_snippets(features)
    )
