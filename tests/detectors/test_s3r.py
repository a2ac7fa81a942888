"""S3R: published counts and names, the network and its loss against plain numpy."""

import json
import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.made.temporal_networks import convolve, random_bags, randomised
from torch import nn

from oddframe.bags.snippets import BagShape
from oddframe.detectors.weakly_supervised.s3r import S3R, UNUSED, S3RConfig
from oddframe.errors import OddframeError
from oddframe.networks.dictionary_learning import code_dictionary, normal_dictionary

KEYS = json.loads((Path(__file__).parents[1] / "published_keys.json").read_text())["s3r"]
SMALLER = {2048: 64, 512: 16, 256: 8, 128: 4}


def small(crops=3, channels=64, slots=5, **settings):
    """A small detector with every tensor random, the dictionary and statistics included."""
    torch.manual_seed(0)
    detector = S3R(S3RConfig(**settings), BagShape(crops, channels))
    detector.dictionary = torch.rand(slots, channels)
    return randomised(detector)


def bags(videos=2, crops=3, time=9, channels=64, seed=0):
    return random_bags(videos, crops, time, channels, seed)


def size(name):
    return math.prod(KEYS[name])


@pytest.mark.parametrize(("channels", "published"), [(2048, 81_436_802), (1024, 20_369_474)])
def test_parameters_are_those_published(channels, published):
    with torch.device("meta"):
        detector = S3R(S3RConfig(), BagShape(10, channels))
    unused = 2 * (channels * channels * 3 + 3 * channels)
    assert sum(p.numel() for p in detector.parameters()) + unused == published
    if channels == 2048:
        assert sum(size(name) for name in UNUSED) == unused == 25_178_112
        for embedding in (detector.video_embedding, detector.macro_embedding):
            assert sum(p.numel() for p in embedding.parameters()) == 23_603_968
        assert sum(p.numel() for p in detector.en_normal.parameters()) == 6_294_528
        assert sum(p.numel() for p in detector.de_normal.parameters()) == 526_464
        for head in (detector.video_classifier, detector.macro_classifier):
            assert sum(p.numel() for p in head.parameters()) == 1_114_881


def relu(array):
    return np.maximum(array, 0)


def sigmoid(array):
    return 1 / (1 + np.exp(-array))


def group_normalise(values, name, x):
    """Eight groups of channels, each over its channels and all times."""
    groups = [
        (part - part.mean()) / math.sqrt(part.var() + 1e-5) for part in np.split(x, 8, axis=0)
    ]
    weight, bias = values[f"{name}.weight"], values[f"{name}.bias"]
    return np.concatenate(groups) * weight[:, None] + bias[:, None]


def dense(values, name, x):
    return x @ values[f"{name}.weight"].T + values[f"{name}.bias"]


def embed(values, name, x):
    """The temporal network on ``(channels, time)``."""
    parts = [
        relu(
            group_normalise(
                values,
                f"{name}.conv_{number}.1",
                convolve(values, f"{name}.conv_{number}.0", x, dilation),
            )
        )
        for number, dilation in ((1, 1), (2, 2), (3, 4))
    ]
    reduced = relu(convolve(values, f"{name}.conv_4.0", x))
    query, key, value = (
        convolve(values, f"{name}.non_local.{part}", reduced) for part in ("query", "key", "value")
    )
    y = convolve(values, f"{name}.non_local.alter.0", value @ (query.T @ key / x.shape[1]).T)
    mean, variance, gain, shift = (
        values[f"{name}.non_local.alter.1.{part}"][:, None]
        for part in ("running_mean", "running_var", "weight", "bias")
    )
    parts.append((y - mean) / np.sqrt(variance + 1e-5) * gain + shift + reduced)
    fused = convolve(values, f"{name}.conv_5.0", np.concatenate(parts))
    return relu(group_normalise(values, f"{name}.conv_5.1", fused)) + x


def by_hand(values, crop):
    """Gated features, scores, macro score and attention of one crop ``(time, channels)``."""
    module = "en_normal.en_normal_module"
    dictionary = values["dictionary"]
    logits = (
        dense(values, f"{module}.query_embedding", crop)
        @ dense(values, f"{module}.cache_embedding", dictionary).T
    )
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    attention = weights / weights.sum(axis=1, keepdims=True)
    macro = attention @ dense(values, f"{module}.value_embedding", dictionary)
    video = embed(values, "video_embedding.0", crop.T).T
    macro = embed(values, "macro_embedding.0", macro.T).T
    mlp = "de_normal.channel_attention.channel_gate.mlp"
    gate = relu(dense(values, f"{mlp}.1", video.mean(axis=0) - macro.mean(axis=0)))
    gate = sigmoid(dense(values, f"{mlp}.3", gate))
    video, macro = video * gate, macro * (1 - gate)

    def classify(name, x):
        hidden = relu(dense(values, f"{name}.3", relu(dense(values, f"{name}.0", x))))
        return sigmoid(dense(values, f"{name}.6", hidden))[..., 0]

    verdict = classify("macro_classifier.mlp", macro.mean(axis=0))
    return video, classify("video_classifier", video), verdict, attention


def test_the_network_is_the_one_described():
    detector, features = small().double().eval(), bags().double()
    values = {key: value.numpy() for key, value in detector.state_dict().items()}
    found = detector(features)
    assert found.output.features.shape == (2, 3, 9, 64)
    assert found.attention.shape == (2, 5, 27)
    for video in range(2):
        crops = [by_hand(values, crop) for crop in features[video].numpy()]
        for crop, (expected, _, _, attention) in enumerate(crops):
            np.testing.assert_allclose(
                found.output.features[video, crop].detach(), expected, rtol=1e-4, atol=1e-5
            )
            part = found.attention[video, :, crop * 9 : (crop + 1) * 9]
            np.testing.assert_allclose(part.detach().T, attention, rtol=1e-6)
        scores = np.mean([crop[1] for crop in crops], axis=0)
        np.testing.assert_allclose(found.output.scores[video].detach(), scores, rtol=1e-5)
        macro = np.mean([crop[2] for crop in crops])
        np.testing.assert_allclose(found.macro[video].item(), macro, rtol=1e-5)


def test_losses():
    detector = small().eval()
    normal, anomalous = bags(4, time=32), bags(4, time=32, seed=1) * 2
    terms = detector.losses("network", {"normal": normal, "anomalous": anomalous})
    (features, magnitudes, scores), macro, _ = detector(torch.cat([normal, anomalous]))
    features, magnitudes, scores = (
        part.detach().numpy().astype(float) for part in (features, magnitudes, scores)
    )
    best = [sorted(range(32), key=lambda t: -row[t])[:3] for row in magnitudes]
    video_scores = [
        np.mean([row[t] for t in picks]) for row, picks in zip(scores, best, strict=True)
    ]
    entropy = [-math.log(1 - p) for p in video_scores[:4]]
    entropy += [-math.log(p) for p in video_scores[4:]]
    gaps = []
    for crop in range(3):
        for video in range(4):
            low = np.mean([features[video, crop, t] for t in best[video]], axis=0)
            high = np.mean([features[video + 4, crop, t] for t in best[video + 4]], axis=0)
            gaps.append((abs(100 - np.linalg.norm(high)) + np.linalg.norm(low)) ** 2)
    flat = scores[4:].ravel()
    expected = {
        "classification": sum(entropy) / 8,
        "magnitude": 0.0001 * np.mean(gaps),
        "sparsity": 0.008 * math.sqrt(sum(flat**2)),
        "smoothness": 0.0008 * sum((b - a) ** 2 for a, b in pairwise(flat)),
        "macro": sum(-math.log(1 - p) for p in macro.tolist()) / 8,
    }
    expected["loss"] = sum(expected.values())
    assert {name: value.item() for name, value in terms.items()} == pytest.approx(
        expected, rel=1e-4
    )


def test_the_reconstruction_of_every_video_shall_look_normal(monkeypatch):
    detector, batch = small().eval(), {"normal": bags(2), "anomalous": bags(2, seed=1)}
    found = detector(torch.cat([*batch.values()]))
    macro = [0.1, 0.2, 0.6, 0.9]  # the network's own hardly differ
    monkeypatch.setattr(detector, "forward", lambda _: found._replace(macro=torch.tensor(macro)))
    terms = detector.losses("network", batch)
    expected = sum(-math.log(1 - score) for score in macro) / 4
    assert terms["macro"].item() == pytest.approx(expected)


def test_dropout_is_where_it_was_published():
    detector, found = small().train(), []
    for name, module in detector.named_modules():
        if isinstance(module, nn.Dropout):
            assert module.p == 0.7
            hook = lambda _, inputs, __, name=name: found.append((name, inputs[0].shape[-1]))  # noqa: E731
            module.register_forward_hook(hook)
    output = detector(bags(2)).output
    assert found == [
        ("video_embedding.1", 64),
        ("macro_embedding.1", 64),
        ("video_classifier.2", 16),
        ("video_classifier.5", 4),
        ("macro_classifier.mlp.2", 16),
        ("macro_classifier.mlp.5", 4),
    ]
    # The selected features are after dropout and gate: of 3456 numbers 0.7 are zero.
    assert (output.features == 0).float().mean().item() == pytest.approx(0.7, abs=0.05)


def test_defaults():
    config = S3RConfig()
    assert (config.learning_rate, config.weight_decay, config.batch_size) == (0.001, 0.005, 32)
    assert (config.dropout, config.margin, config.loss) == (0.7, 100, "official")
    assert S3R.resampling == "interpolate"
    for layer in S3R(config, BagShape(3, 64)).modules():
        if isinstance(layer, nn.Conv1d | nn.Linear):
            assert layer.bias is None or not layer.bias.any()


@pytest.mark.parametrize("kind", ["atoms", "codes"])
@pytest.mark.parametrize(("share", "slots"), [(0.5, 6), (0.9, 11)])
def test_prepare_fits_the_dictionary_to_the_normal_videos(kind, share, slots):
    normal = bags(12, time=32).abs().numpy()
    detector = S3R(S3RConfig(dictionary=kind, dictionary_share=share), BagShape(3, 64))
    detector.prepare(iter(normal), seed=1)
    assert detector.dictionary.shape == (slots, 64)
    assert detector.notes["dictionary_slots"] == slots
    again = S3R(detector.config, detector.shape)
    again.prepare(iter(normal), seed=1)
    assert torch.equal(detector.dictionary, again.dictionary)
    again.prepare(iter(normal.astype(np.float16)), seed=2)
    assert again.dictionary.shape == (slots, 64)
    assert again.dictionary.isfinite().all()
    mean = np.stack([np.mean(bag, axis=(0, 1), dtype=np.float64) for bag in normal])
    learn = code_dictionary if kind == "codes" else normal_dictionary
    np.testing.assert_array_equal(detector.dictionary, learn(mean, slots, 1))
    if kind == "codes":
        assert ((detector.dictionary != 0).sum(dim=0) == 2).all()
    else:
        mean = np.mean([np.linalg.norm(bag.mean(axis=(0, 1))) for bag in normal])
        np.testing.assert_allclose(detector.dictionary.norm(dim=1), mean, rtol=1e-4)


def test_one_normal_video_is_enough_for_a_dictionary():
    detector = S3R(S3RConfig(), BagShape(3, 64))
    detector.prepare(iter(bags(1).numpy()), seed=0)
    assert detector.dictionary.shape == (1, 64)
    assert detector.score_snippets(bags(1)[0].transpose(0, 1).numpy()).shape == (9,)


def test_without_a_dictionary_nothing_is_scored():
    with pytest.raises(OddframeError, match="no dictionary yet"):
        S3R(S3RConfig(), BagShape(3, 64)).score_snippets(np.zeros((4, 3, 64), np.float32))


def test_channels_that_do_not_divide_are_refused():
    with pytest.raises(OddframeError, match="multiple of 32, found 100"):
        S3R(S3RConfig(), BagShape(3, 100))


def checkpoint():
    """The published names, at a smaller width."""
    torch.manual_seed(1)
    return {
        name: torch.rand([SMALLER.get(axis, axis) for axis in shape])
        - (0.0 if name.endswith("running_var") else 0.4)
        if shape
        else torch.tensor(5)
        for name, shape in KEYS.items()
    }


def test_a_published_checkpoint_loads_without_what_is_never_used():
    dictionary = np.random.default_rng(0).normal(size=(7, 64))
    detector = S3R.from_published(checkpoint(), dictionary, crops=10)
    assert detector.shape == BagShape(10, 64, 32)
    loaded = detector.state_dict()
    np.testing.assert_allclose(loaded.pop("dictionary"), dictionary, rtol=1e-6)
    expected = {name: value for name, value in checkpoint().items() if name not in UNUSED}
    assert set(loaded) == set(expected)
    assert all(torch.equal(loaded[name], expected[name]) for name in loaded)
    features = bags(1, crops=2)[0].transpose(0, 1).numpy()
    again = S3R.from_state(detector.state())
    np.testing.assert_array_equal(detector.score_snippets(features), again.score_snippets(features))


@pytest.mark.parametrize("shape", [(64, 7), (64,)])
def test_a_dictionary_of_another_width_is_refused(shape):
    with pytest.raises(OddframeError, match=r"\(slots, 64\)"):
        S3R.from_published(checkpoint(), np.ones(shape))


def test_a_dictionary_among_the_tensors_is_foreign():
    with pytest.raises(OddframeError, match=r"s3r.*1 foreign \(dictionary\)"):
        S3R.from_published({**checkpoint(), "dictionary": torch.zeros(3, 64)}, np.ones((2, 64)))
