"""RTFM, MGFN and S3R a second time, from descriptions of the released code and in its order.

Functions of plain PyTorch on a state dict with the published names. Nothing of oddframe is
imported, and shortcuts that oddframe takes (no time x time matrix, no single vector of labels) are
not taken here: ``published_parity.py`` compares the two.

Bags are ``(videos, crops, time, channels)``, as many normal ones as anomalous ones behind them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

State = Mapping[str, Tensor]


class Published(NamedTuple):
    """What a published network returns.

    Attributes:
        features: ``(videos x crops, time, channels)``, of which magnitudes are the L2 norms.
        magnitudes: ``(videos, time)``, mean over crops.
        scores: ``(videos, time)``, mean over crops.
        macro: ``(videos,)``, score of S3R's reconstruction; empty for the others.
    """

    features: Tensor
    magnitudes: Tensor
    scores: Tensor
    macro: Tensor


def rtfm(state: State, bags: Tensor, dropout: float, training: bool) -> Published:
    """Tian et al. 2021, released code."""
    rows = bags.flatten(0, 1)
    features = _aggregate(
        state, "Aggregate", rows.transpose(1, 2), training, ("theta", "phi", "g", "W"), groups=0
    ).transpose(1, 2)
    features = functional.dropout(features, dropout, training)
    scores = _classify(state, ("fc1", "fc2", "fc3"), features, dropout, training)
    return _returned(bags, features, scores)


def s3r(
    state: State, bags: Tensor, dictionary: Tensor, dropout: float, training: bool
) -> Published:
    """Wu et al. 2022, released code; without the hard shrinkage, which it switches off."""
    videos, crops, time, channels = bags.shape
    module = "en_normal.en_normal_module"
    macro = []
    for video in bags.reshape(videos, crops * time, channels):
        likeness = (
            _linear(state, f"{module}.query_embedding", video)
            @ _linear(state, f"{module}.cache_embedding", dictionary).T
        )
        value = _linear(state, f"{module}.value_embedding", dictionary)
        macro.append((likeness.softmax(dim=1) @ value).view(crops, time, channels))
    embedded = []
    for name, rows in (("video", bags.flatten(0, 1)), ("macro", torch.cat(macro))):
        names = ("query", "key", "value", "alter")
        block = f"{name}_embedding.0"
        found = _aggregate(state, block, rows.transpose(1, 2), training, names, groups=8)
        embedded.append(functional.dropout(found.transpose(1, 2), dropout, training))
    video, rebuilt = embedded
    mlp = "de_normal.channel_attention.channel_gate.mlp"
    gate = functional.relu(_linear(state, f"{mlp}.1", video.mean(dim=1) - rebuilt.mean(dim=1)))
    gate = torch.sigmoid(_linear(state, f"{mlp}.3", gate))[:, None, :]
    video, rebuilt = video * gate, rebuilt * (1 - gate)
    layers = ("0", "3", "6")
    scores = _classify(
        state, [f"video_classifier.{layer}" for layer in layers], video, dropout, training
    )
    verdict = _classify(
        state,
        [f"macro_classifier.mlp.{layer}" for layer in layers],
        rebuilt.mean(dim=1),
        dropout,
        training,
    )
    returned = _returned(bags, video, scores)
    return returned._replace(macro=verdict.view(videos, crops).mean(dim=1))


def mgfn(
    state: State, bags: Tensor, head_width: int, dropouts: tuple[float, float], training: bool
) -> Published:
    """Chen et al. 2023, released code; ``dropouts`` of feed-forward and attention are the thesis'.

    The norm is appended as the last channel, as the released features and loaders have it.
    """
    rows = bags.flatten(0, 1)
    rows = torch.cat([rows, rows.norm(dim=2, keepdim=True)], dim=2).transpose(1, 2)
    channels = rows.shape[1] - 1
    y = functional.conv1d(rows[:, :channels], *_pair(state, "to_tokens"), padding=1)
    y = y + 0.1 * functional.conv1d(rows[:, channels:], *_pair(state, "to_mag"), padding=1)
    for stage in range(3):
        layer = 0
        while f"stages.{stage}.0.layers.{layer}.0.weight" in state:
            at = f"stages.{stage}.0.layers.{layer}"
            y = functional.conv1d(y, *_pair(state, f"{at}.0"), padding=1) + y
            if stage == 0:
                y = _glance(state, f"{at}.1", y, head_width, dropouts[1], training) + y
            else:
                y = _focus(state, f"{at}.1", y, training) + y
            hidden = _channel_norm(state, f"{at}.2.0", y)
            hidden = functional.gelu(functional.conv1d(hidden, *_pair(state, f"{at}.2.1")))
            hidden = functional.dropout(hidden, dropouts[0], training)
            y = functional.conv1d(hidden, *_pair(state, f"{at}.2.4")) + y
            layer += 1
        if stage < 2:
            y = _channel_norm(state, f"stages.{stage}.1.0", y)
            y = functional.conv1d(y, *_pair(state, f"stages.{stage}.1.1"))
    y = y.transpose(1, 2)
    features = functional.layer_norm(y, y.shape[2:], *_pair(state, "to_logits.0"), 1e-5)
    return _returned(bags, features, torch.sigmoid(_linear(state, "fc", features)))


def selected(
    found: Published, crops: int, k: int, dropout: float, training: bool
) -> list[tuple[Tensor, Tensor]]:
    """Of the normal and of the anomalous videos: features ``(crops x videos, k, C)`` and scores.

    The rows are crop-major: all videos of crop 0 first.
    """
    videos = len(found.scores) // 2
    result = []
    for part in (slice(0, videos), slice(videos, None)):
        magnitudes, scores = found.magnitudes[part], found.scores[part]
        features = found.features.unflatten(0, (-1, crops))[part]
        mask = functional.dropout(torch.ones_like(magnitudes), dropout, training)
        indices = (magnitudes * mask).topk(k, dim=1).indices
        rows = [
            features[video, crop, indices[video]]
            for crop in range(crops)
            for video in range(videos)
        ]
        chosen = torch.stack([scores[video, indices[video]].mean() for video in range(videos)])
        result.append((torch.stack(rows), chosen))
    return result


def magnitude_loss(
    found: Published, crops: int, k: int, dropout: float, training: bool, thesis: bool
) -> dict[str, Tensor]:
    """RTFM's and S3R's terms, weighted as in the released code, or with the thesis' changes."""
    (low, normal), (high, anomalous) = selected(found, crops, k, dropout, training)
    push = (100 - high.mean(dim=1).norm(p=2, dim=1)).abs() + low.mean(dim=1).norm(p=2, dim=1)
    videos = len(normal)
    if thesis:
        sparse, smooth = found.scores[:videos].flatten(), found.scores
    else:
        sparse = found.scores[videos:].flatten()
        smooth = sparse[None]  # one sequence: it also jumps from video to video
    return {
        "classification": _entropy(normal, anomalous),
        "magnitude": 0.0001 * push.square().mean(),
        "sparsity": 8e-3 * sparse.norm(p=2, dim=0),
        "smoothness": 8e-4 * (smooth[:, 1:] - smooth[:, :-1]).square().sum(),
    }


def contrast_loss(
    found: Published, crops: int, k: int, dropout: float, training: bool, thesis: bool
) -> dict[str, Tensor]:
    """MGFN's terms, weighted as in the released code since April 2023, or as in the thesis."""
    (low, normal), (high, anomalous) = selected(found, crops, k, dropout, training)
    low, high = (rows.norm(p=1, dim=2) for rows in (low, high))

    def distance(first: Tensor, second: Tensor) -> Tensor:
        return (first - second + 1e-6).square().sum(dim=1).sqrt()

    half = len(low) // 2
    apart = (200 - distance(high, low)).clamp(min=0).square().mean()
    contrast, sparse, smooth = (0.001, 1.0, 1.0) if thesis else (0.001 * 0.001, 8e-3, 8e-4)
    steps = (found.scores[:, 1:] - found.scores[:, :-1]).square().sum()
    return {
        "classification": _entropy(normal, anomalous),
        "contrast": contrast * apart,
        "cluster_normal": 0.001 * distance(low[half:], low[:half]).square().mean(),
        "cluster_anomalous": 0.001 * distance(high[half:], high[:half]).square().mean(),
        "sparsity": sparse * found.scores[: len(normal)].flatten().norm(p=2, dim=0),
        "smoothness": smooth * steps,
    }


def macro_loss(found: Published) -> Tensor:
    """S3R: the reconstruction of every video, of an anomalous one too, shall look normal."""
    return _entropy(found.macro, found.macro[:0])


def _entropy(normal: Tensor, anomalous: Tensor) -> Tensor:
    return -torch.cat([torch.log(1 - normal), torch.log(anomalous)]).mean()


def _aggregate(
    state: State, at: str, x: Tensor, training: bool, names: tuple[str, ...], groups: int
) -> Tensor:
    """RTFM's temporal network on ``(rows, channels, time)``; S3R's, if there are groups."""

    def finished(name: str, y: Tensor) -> Tensor:
        if not groups:
            return _batch_norm(state, f"{at}.{name}.2", functional.relu(y), training)
        weight, bias = _pair(state, f"{at}.{name}.1")
        return functional.relu(functional.group_norm(y, groups, weight, bias))

    def convolved(name: str, y: Tensor, **how: int) -> Tensor:
        weight, bias = state[f"{at}.{name}.weight"], state.get(f"{at}.{name}.bias")
        return functional.conv1d(y, weight, bias, **how)

    parts = [
        finished(f"conv_{n}", convolved(f"conv_{n}.0", x, padding=step, dilation=step))
        for n, step in ((1, 1), (2, 2), (3, 4))
    ]
    reduced = functional.relu(convolved("conv_4.0", x))
    theta, phi, g = (convolved(f"non_local.{name}", reduced) for name in names[:3])
    affinity = theta.transpose(1, 2) @ phi / x.shape[2]
    y = convolved(f"non_local.{names[3]}.0", (affinity @ g.transpose(1, 2)).transpose(1, 2))
    parts.append(_batch_norm(state, f"{at}.non_local.{names[3]}.1", y, training) + reduced)
    return finished("conv_5", convolved("conv_5.0", torch.cat(parts, dim=1), padding=1)) + x


def _classify(
    state: State, names: tuple[str, ...] | list[str], x: Tensor, dropout: float, training: bool
) -> Tensor:
    for name in names[:2]:
        x = functional.dropout(functional.relu(_linear(state, name, x)), dropout, training)
    return torch.sigmoid(_linear(state, names[2], x))


def _glance(
    state: State, at: str, x: Tensor, head_width: int, dropout: float, training: bool
) -> Tensor:
    normed = functional.dropout(_channel_norm(state, f"{at}.norm", x), dropout, training)
    both = functional.conv1d(normed, state[f"{at}.to_qkv.weight"])
    heads = []
    for q, k, v in zip(*(part.split(head_width, dim=1) for part in both.chunk(3, 1)), strict=True):
        weights = ((q * head_width**-0.5).transpose(1, 2) @ k).softmax(dim=2)
        heads.append((weights @ v.transpose(1, 2)).transpose(1, 2))
    seen = functional.dropout(torch.cat(heads, dim=1), dropout, training)
    return functional.conv1d(seen, *_pair(state, f"{at}.to_out"))


def _focus(state: State, at: str, x: Tensor, training: bool) -> Tensor:
    value = functional.conv1d(
        _batch_norm(state, f"{at}.norm", x, training), state[f"{at}.to_v.weight"]
    )
    taps, shift = _pair(state, f"{at}.rel_pos")
    head = torch.arange(x.shape[1]) % len(taps)
    seen = functional.conv1d(value, taps[head], shift[head], padding=2, groups=x.shape[1])
    return functional.conv1d(seen, *_pair(state, f"{at}.to_out"))


def _channel_norm(state: State, at: str, x: Tensor) -> Tensor:
    centred = x - x.mean(dim=1, keepdim=True)
    deviation = centred.square().mean(dim=1, keepdim=True).sqrt()
    return centred / (deviation + 1e-5) * state[f"{at}.g"] + state[f"{at}.b"]


def _batch_norm(state: State, at: str, x: Tensor, training: bool) -> Tensor:
    mean, variance = state[f"{at}.running_mean"], state[f"{at}.running_var"]
    return functional.batch_norm(x, mean, variance, *_pair(state, at), training)


def _linear(state: State, at: str, x: Tensor) -> Tensor:
    return functional.linear(x, *_pair(state, at))


def _pair(state: State, at: str) -> tuple[Tensor, Tensor]:
    return state[f"{at}.weight"], state[f"{at}.bias"]


def _returned(bags: Tensor, features: Tensor, scores: Tensor) -> Published:
    videos, crops, time, _ = bags.shape
    magnitudes = features.norm(p=2, dim=2).view(videos, crops, time).mean(dim=1)
    scores = scores.view(videos, crops, time).mean(dim=1)
    return Published(features, magnitudes, scores, scores.new_zeros(0))
