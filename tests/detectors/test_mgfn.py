"""MGFN: published counts and names, the network and its loss written out in numpy."""

import json
import math
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from oddframe.bags.snippets import BagShape
from oddframe.detectors.weakly_supervised.mgfn.blocks import (
    ChannelLayerNorm,
    FocusAttention,
    GlanceAttention,
)
from oddframe.detectors.weakly_supervised.mgfn.contrast import magnitude_contrast, same_class_pairs
from oddframe.detectors.weakly_supervised.mgfn.detector import LOSS_WEIGHTS, MGFN, MGFNConfig
from oddframe.errors import OddframeError

KEYS = json.loads((Path(__file__).parents[1] / "published_keys.json").read_text())["mgfn"]
SMALL = {"widths": (4, 8, 12), "depths": (2, 1, 1), "head_width": 4}


def shaken(module):
    """The module with every tensor random, running statistics included."""
    for name, tensor in module.state_dict().items():
        if tensor.is_floating_point():
            nn.init.uniform_(tensor, -0.5, 0.5)
        if name.endswith("running_var"):
            tensor.abs_().add_(0.1)
    return module


def small(crops=3, channels=6, **settings):
    torch.manual_seed(0)
    return shaken(MGFN(MGFNConfig(**SMALL | settings), BagShape(crops, channels)))


def bags(videos=2, crops=3, time=9, channels=6, seed=0):
    values = np.random.default_rng(seed).normal(0, 1, (videos, crops, time, channels))
    return torch.from_numpy(values.astype(np.float32))


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize(
    ("channels", "depths", "expected"),
    [
        (2048, (3, 3, 2), 28_652_773),
        (2048, (3, 2, 1), 14_795_513),
        (1024, (3, 3, 2), 28_456_165),
        (1024, (3, 2, 1), 14_598_905),
    ],
)
def test_parameters_are_those_published(channels, depths, expected):
    with torch.device("meta"):
        detector = MGFN(MGFNConfig(depths=depths), BagShape(10, channels))
    assert count(detector) == expected
    if depths == (3, 3, 2):
        assert count(detector.stages[2]) == 27_285_696


def convolve(x, weight, bias=None):
    """Convolution of ``(channels, time)``, zero-padded to the same length."""
    out, _, taps = weight.shape
    padded = np.pad(x, ((0, 0), (taps // 2, taps // 2)))
    result = np.zeros((out, x.shape[1]))
    for t in range(x.shape[1]):
        result[:, t] = np.einsum("oct,ct->o", weight, padded[:, t : t + taps])
    return result if bias is None else result + bias[:, None]


def channel_norm(x, gain, shift):
    result = np.empty_like(x)
    for t, column in enumerate(x.T):
        deviation = math.sqrt(sum((v - column.mean()) ** 2 for v in column) / len(column))
        result[:, t] = (column - column.mean()) / (deviation + 1e-5) * gain[0, :, 0] + shift[
            0, :, 0
        ]
    return result


def glance(x, part, head_width):
    channels, time = x.shape
    normed = channel_norm(x, part("norm.g"), part("norm.b"))
    both = convolve(normed, part("to_qkv.weight"))
    query, key, value = both[:channels], both[channels : 2 * channels], both[2 * channels :]
    seen = np.zeros_like(x)
    for head in range(channels // head_width):
        own = slice(head * head_width, (head + 1) * head_width)
        for t in range(time):
            likeness = query[own, t] @ key[own] * head_width**-0.5
            weights = np.exp(likeness - likeness.max())
            seen[own, t] = value[own] @ (weights / weights.sum())
    return convolve(seen, part("to_out.weight"), part("to_out.bias"))


def focus(x, part, heads):
    mean, variance = part("norm.running_mean")[:, None], part("norm.running_var")[:, None]
    normed = (x - mean) / np.sqrt(variance + 1e-5)
    normed = normed * part("norm.weight")[:, None] + part("norm.bias")[:, None]
    value = convolve(normed, part("to_v.weight"))
    seen = np.zeros_like(x)
    for channel in range(len(x)):
        taps = part("rel_pos.weight")[channel % heads, 0]
        for t in range(x.shape[1]):
            for offset in range(-2, 3):
                if 0 <= t + offset < x.shape[1]:
                    seen[channel, t] += taps[offset + 2] * value[channel, t + offset]
        seen[channel] += part("rel_pos.bias")[channel % heads]
    return convolve(seen, part("to_out.weight"), part("to_out.bias"))


def reference(detector, features):
    """Features and scores of ``(time, channels)``, one crop of one video."""
    state = {key: value.double().numpy() for key, value in detector.state_dict().items()}
    gelu = np.vectorize(lambda v: 0.5 * v * (1 + math.erf(v / math.sqrt(2))))
    x = features.T.astype(np.float64)
    norm = np.sqrt((x**2).sum(axis=0, keepdims=True))
    x = convolve(x, state["to_tokens.weight"], state["to_tokens.bias"]) + 0.1 * convolve(
        norm, state["to_mag.weight"], state["to_mag.bias"]
    )
    config = detector.config
    for stage, (width, depth) in enumerate(zip(config.widths, config.depths, strict=True)):
        for layer in range(depth):

            def part(name, place=f"stages.{stage}.0.layers.{layer}"):
                return state[f"{place}.{name}"]

            x = x + convolve(x, part("0.weight"), part("0.bias"))
            attend = glance if stage == 0 else focus
            many = config.head_width if stage == 0 else width // config.head_width
            x = x + attend(x, lambda name, part=part: part(f"1.{name}"), many)
            hidden = channel_norm(x, part("2.0.g"), part("2.0.b"))
            hidden = gelu(convolve(hidden, part("2.1.weight"), part("2.1.bias")))
            x = x + convolve(hidden, part("2.4.weight"), part("2.4.bias"))
        if stage < 2:
            between = f"stages.{stage}.1"
            x = channel_norm(x, state[f"{between}.0.g"], state[f"{between}.0.b"])
            x = convolve(x, state[f"{between}.1.weight"], state[f"{between}.1.bias"])
    centred = x - x.mean(axis=0)
    x = centred / np.sqrt((centred**2).mean(axis=0) + 1e-5)
    x = (x * state["to_logits.0.weight"][:, None] + state["to_logits.0.bias"][:, None]).T
    return x, 1 / (1 + np.exp(-(x @ state["fc.weight"][0] + state["fc.bias"][0])))


@torch.no_grad()
def test_the_network_written_out():
    detector = small().eval()
    batch = bags(2, 3, 7)
    output = detector(batch)
    for video in range(2):
        crops = [reference(detector, batch[video, crop].numpy()) for crop in range(3)]
        for crop, (features, _) in enumerate(crops):
            assert output.features[video, crop].numpy() == pytest.approx(features, abs=1e-4)
        scores = np.mean([scores for _, scores in crops], axis=0)
        assert output.scores[video].numpy() == pytest.approx(scores, abs=1e-5)
        norms = np.mean([np.linalg.norm(features, axis=1) for features, _ in crops], axis=0)
        assert output.magnitudes[video].numpy() == pytest.approx(norms, abs=1e-4)


@torch.no_grad()
def test_attention_with_several_heads():
    torch.manual_seed(1)
    x = torch.randn(2, 12, 6)
    for block, written in (
        (GlanceAttention(12, 4, 0.0), lambda x, part: glance(x, part, 4)),
        (FocusAttention(12, 4), lambda x, part: focus(x, part, 3)),
    ):
        state = {k: v.double().numpy() for k, v in shaken(block).eval().state_dict().items()}
        found = block(x)
        for row in range(2):
            expected = written(x[row].double().numpy(), state.__getitem__)
            assert found[row].numpy() == pytest.approx(expected, abs=1e-5)


@torch.no_grad()
def test_attention_does_not_store_the_time_by_time_matrix():
    with torch.profiler.profile() as profile:
        GlanceAttention(12, 4, 0.0).eval()(torch.randn(1, 12, 9))
    assert any("flash" in event.key for event in profile.key_averages())


@torch.no_grad()
def test_the_channel_norm_adds_its_constant_to_the_deviation():
    norm = shaken(ChannelLayerNorm(5))
    # So small that a constant below the root, as in LayerNorm, would give something else.
    x = 1e-5 * torch.randn(2, 5, 4)
    expected = [channel_norm(row.numpy(), norm.g.numpy(), norm.b.numpy()) for row in x]
    assert norm(x).numpy() == pytest.approx(np.array(expected), abs=1e-4)
    flat = (x - x.mean(dim=1, keepdim=True)) / (
        x.var(dim=1, correction=0, keepdim=True) + 1e-5
    ) ** 0.5
    assert not np.allclose(norm(x), flat * norm.g + norm.b, atol=0.05)


@torch.no_grad()
def test_attention_dropout_is_off_by_default_and_on_when_asked():
    torch.manual_seed(0)
    x = torch.randn(1, 8, 5)
    for rate, same in ((0.0, True), (0.5, False)):
        block = GlanceAttention(8, 4, rate).train()
        assert torch.equal(block(x), block(x)) is same
        assert torch.equal(block.eval()(x), block(x))


@torch.no_grad()
def test_magnitudes_are_nearly_the_root_of_the_width_at_first():
    torch.manual_seed(0)
    config = MGFNConfig(widths=(8, 16, 128), depths=(1, 1, 1), head_width=8)
    detector = MGFN(config, BagShape(2, 10)).eval()
    magnitudes = detector(bags(2, 2, 40, 10)).magnitudes
    assert magnitudes.numpy() == pytest.approx(math.sqrt(128), rel=1e-4)


def distance(a, b):
    return math.sqrt(sum((float(x) - float(y) + 1e-6) ** 2 for x, y in zip(a, b, strict=True)))


def entropy(normal, anomalous):
    terms = [-math.log(1 - s) for s in normal] + [-math.log(s) for s in anomalous]
    return sum(terms) / len(terms)


def expected_terms(detector, normal, anomalous):
    """The loss with loops, from the network's output; the detector must be in eval mode."""
    config = detector.config
    videos, crops, time = normal.shape[:3]
    with torch.no_grad():
        out = [[v.double().numpy() for v in detector(batch)] for batch in (normal, anomalous)]
    rows, video_scores = [], []
    for features, magnitudes, scores in out:
        k = min(config.k or 3, time)
        best = [sorted(range(time), key=lambda t: -row[t])[:k] for row in magnitudes]
        rows.append(
            [
                [np.abs(features[v, c, t]).sum() for t in best[v]]
                for c in range(crops)
                for v in range(videos)
            ]
        )
        video_scores.append([np.mean([scores[v, t] for t in best[v]]) for v in range(videos)])
    power = 1 if config.loss == "paper" else 2
    apart = [
        max(0.0, config.margin - distance(a, n)) ** power
        for n, a in zip(rows[0], rows[1], strict=True)
    ]
    together = []
    for part in rows:
        if config.pairing == "mirror":
            half = len(part) // 2
            pairs = [(part[i], part[half + i]) for i in range(half)]
        else:
            by_crop = [part[c * videos : (c + 1) * videos] for c in range(crops)]
            pairs = [pair for crop in by_crop for pair in combinations(crop, 2)]
        found = [distance(second, first) ** power for first, second in pairs]
        together.append(np.mean(found) if found else 0.0)
    low, high = (scores for _, _, scores in out)
    if config.loss == "paper":
        sparsity = sum(abs(s) for row in high for s in row) / videos
        smoothness = sum((a - b) ** 2 for row in high for a, b in pairwise(row)) / videos
    else:
        sparsity = math.sqrt(sum(s**2 for row in low for s in row))
        both = [*low, *high]
        smoothness = sum((a - b) ** 2 for row in both for a, b in pairwise(row))
    contrast, cluster, smooth, sparse = {
        "official": (0.001 * 0.001, 0.001, 8e-4, 8e-3),
        "thesis": (0.001, 0.001, 1, 1),
        "paper": (0.001, 0.001, 1, 1),
    }[config.loss]
    return {
        "classification": entropy(*video_scores),
        "contrast": contrast * np.mean(apart),
        "cluster_normal": cluster * together[0],
        "cluster_anomalous": cluster * together[1],
        "sparsity": sparse * sparsity,
        "smoothness": smooth * smoothness,
    }


@pytest.mark.parametrize("loss", LOSS_WEIGHTS)
@pytest.mark.parametrize("pairing", ["mirror", "videos"])
@pytest.mark.parametrize(
    ("videos", "crops", "time"),
    [(2, 4, 32), (3, 5, 8), (1, 10, 32), (1, 1, 32), (4, 1, 2)],
)
def test_every_loss_term_with_loops(loss, pairing, videos, crops, time):
    # A margin in the range of the distances, so that the hinge is on for some and off for others.
    detector = small(crops, loss=loss, pairing=pairing, margin=1.0).eval()
    normal, anomalous = bags(videos, crops, time), bags(videos, crops, time, seed=1)
    found = detector.losses("network", {"normal": normal, "anomalous": anomalous})
    expected = expected_terms(detector, normal, anomalous)
    total = found.pop("loss").item()
    assert {name: term.item() for name, term in found.items()} == pytest.approx(
        expected, rel=1e-3, abs=1e-12
    )
    assert total == pytest.approx(sum(expected.values()), rel=1e-4)


def test_scales_are_factors_of_their_terms():
    batch = {"normal": bags(2), "anomalous": bags(2, seed=1)}
    scales = {"contrast_scale": 10.0, "smoothness_scale": 0.5, "sparsity_scale": 0.0}
    plain = small(loss="thesis", margin=1.0).eval()
    scaled = small(loss="thesis", margin=1.0, **scales).eval()
    scaled.load_state_dict(plain.state_dict())
    before, after = (part.losses("network", batch) for part in (plain, scaled))
    factors = {"classification": 1, "contrast": 10, "cluster_normal": 10, "cluster_anomalous": 10}
    factors |= {"sparsity": 0, "smoothness": 0.5}
    for name, factor in factors.items():
        assert after[name].item() == pytest.approx(factor * before[name].item())
        assert before[name] > 0


@pytest.mark.parametrize(("rate", "same"), [(0.7, False), (0.0, True)])
def test_training_masks_the_magnitudes_that_select(rate, same):
    # Nothing else is random in training: all other dropout is 0 by default.
    detector = small(selection_dropout=rate).train()
    batch = {"normal": bags(8, time=32), "anomalous": bags(8, time=32, seed=1)}
    first, second = (detector.losses("network", batch)["classification"] for _ in range(2))
    assert torch.equal(first, second) is same


def test_defaults_are_those_of_the_released_code():
    config = MGFNConfig()
    assert (config.learning_rate, config.weight_decay, config.batch_size) == (0.001, 0.0005, 16)
    assert (config.dropout, config.attention_dropout, config.selection_dropout) == (0, 0, 0.7)
    assert (config.margin, config.loss, config.pairing) == (200, "official", "mirror")


def test_the_contrast_by_hand():
    # L1 norms (3, 1) and (0, 5): distance 5. L1 norms of both classes are one row each.
    normal = torch.tensor([[[1.0, -2.0], [1.0, 0.0]]])
    anomalous = torch.tensor([[[0.0, 0.0], [-2.0, 3.0]]])
    found = magnitude_contrast(normal, anomalous, 1, "mirror", 7.0, squared=True)
    assert [float(value) for value in found] == pytest.approx([4.0, 0.0, 0.0], abs=1e-4)
    found = magnitude_contrast(normal, anomalous, 1, "videos", 4.0, squared=False)
    assert [float(value) for value in found] == pytest.approx([0.0, 0.0, 0.0], abs=1e-4)


def test_pairs():
    # Rows are crop-major: with ten crops the halves are a crop and its mirror image.
    first, second = same_class_pairs(20, 2, "mirror")
    named = [(row % 2, row // 2) for row in range(20)]
    assert [(named[a], named[b]) for a, b in zip(first, second, strict=True)] == [
        ((video, crop), (video, crop + 5)) for crop in range(5) for video in range(2)
    ]
    # Five crops and eight videos: video v with video v + 4, two and a half crops apart.
    first, second = same_class_pairs(40, 8, "mirror")
    assert {(b % 8 - a % 8) % 8 for a, b in zip(first, second, strict=True)} == {4}
    assert same_class_pairs(5, 1, "mirror") == ([0, 1], [2, 3])
    assert same_class_pairs(1, 1, "mirror") == ([], [])
    assert same_class_pairs(6, 3, "videos") == ([0, 0, 1, 3, 3, 4], [1, 2, 2, 4, 5, 5])
    assert same_class_pairs(10, 1, "videos") == ([], [])


def test_selection_follows_the_number_of_segments():
    # All segments are selected, so the order of the magnitudes does not matter for the score.
    detector = small(k=32).eval()
    normal, anomalous = bags(2, 3, 32), bags(2, 3, 32, seed=1)
    found = detector.losses("network", {"normal": normal, "anomalous": anomalous})
    with torch.no_grad():
        scores = [detector.snippet_scores(b).mean(dim=1).tolist() for b in (normal, anomalous)]
    assert found["classification"].item() == pytest.approx(entropy(*scores), rel=1e-4)


def published(prefix="", final="to_logits.0", **settings):
    """A state dict of a small network as the released code or the thesis would name it."""
    state = small(crops=5, **settings).state_dict()
    return {prefix + key.replace("to_logits.0", final): value for key, value in state.items()}


@pytest.mark.parametrize("prefix", ["", "module."])
@pytest.mark.parametrize("final", ["to_logits.0", "to_logits"])
def test_published_checkpoints(prefix, final):
    detector = small(crops=5, depths=(3, 2, 1))
    tensors = published(prefix, final, depths=(3, 2, 1))
    found = MGFN.from_published(tensors, crops=5)
    assert found.shape == BagShape(5, 6)
    assert found.config == MGFNConfig(**SMALL | {"depths": (3, 2, 1)})
    expected = detector.state_dict()
    assert all(torch.equal(value, expected[key]) for key, value in found.state_dict().items())
    features = bags(1, 5, 8)[0].transpose(0, 1).numpy()
    assert np.array_equal(found.score_snippets(features), detector.score_snippets(features))


@pytest.mark.parametrize(("prefix", "final"), [("", "to_logits.0"), ("module.", "to_logits")])
def test_a_checkpoint_of_the_published_size(prefix, final):
    tensors = {
        prefix + key.replace("to_logits.0", final): torch.zeros(shape)
        for key, shape in KEYS.items()
    }
    found = MGFN.from_published(tensors)
    assert found.shape == BagShape(10, 2048)
    assert found.config == MGFNConfig()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.update({"stages.2.0.layers.1.0.bias": torch.zeros(1)}), "missing"),
        (lambda t: t.pop("to_tokens.weight"), "to_tokens.weight"),
        (lambda t: t.update({"to_tokens.weight": torch.zeros(3)}), "to_tokens.weight"),
        (lambda t: t.pop("stages.2.0.layers.0.0.weight"), "stages.2.0.layers.0.0.weight"),
        (
            lambda t: t.update({"stages.1.0.layers.0.1.rel_pos.weight": torch.zeros(0, 1, 5)}),
            "found the shape (0, 1, 5)",
        ),
        (
            lambda t: t.update({"stages.1.0.layers.0.1.rel_pos.weight": torch.zeros(9, 1, 5)}),
            "9 in the",
        ),
    ],
)
def test_checkpoints_that_do_not_fit(change, message):
    tensors = published()
    change(tensors)
    with pytest.raises(OddframeError) as caught:
        MGFN.from_published(tensors)
    assert message in str(caught.value)
    assert "mgfn" in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"widths": (64, 128)}, "widths: expected a list of 3 numbers"),
        ({"widths": (64, 100, 1024)}, "widths: expected multiples of the head width 64"),
    ],
)
def test_settings_that_cannot_be(settings, message):
    with pytest.raises(OddframeError, match=message):
        MGFNConfig(**settings)
