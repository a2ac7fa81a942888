"""The frame classifier: published count and names, other sizes, and the network written out."""

import json
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional

from oddframe.networks.frame_classifier import FrameClassifier

KEYS = json.loads((Path(__file__).parents[1] / "published_keys.json").read_text())


def test_parameters_are_those_published():
    with torch.device("meta"):
        network = FrameClassifier(3, 128)
    assert sum(p.numel() for p in network.parameters()) == 4_372_994
    shapes = {key: list(value.shape) for key, value in network.state_dict().items()}
    assert shapes == KEYS["frame_classifier"]


@pytest.mark.parametrize("size", [16, 17, 45, 64, 100])
def test_any_size(size):
    network = FrameClassifier(1, size, 2, 3)
    assert network(torch.zeros(2, 1, size, size)).shape == (2, 3)


def test_the_network_written_out():
    torch.manual_seed(0)
    network = FrameClassifier(3, 40, 4).eval()
    for norm in (module for module in network.modules() if isinstance(module, nn.BatchNorm2d)):
        for tensor in (norm.weight, norm.bias, norm.running_mean, norm.running_var):
            nn.init.uniform_(tensor, 0.2, 0.8)
    frames = torch.randn(2, 3, 40, 40)
    state = {key.removeprefix("discriminator."): v for key, v in network.state_dict().items()}
    x = frames
    for layer, norm in ((0, 1), (3, 4), (6, 7), (9, None)):
        x = functional.pad(x, (2, 2, 2, 2))
        x = functional.conv2d(x, state[f"{layer}.weight"], state[f"{layer}.bias"], 2)
        if norm is not None:
            mean, var, gain, shift = (
                state[f"{norm}.{key}"].view(1, -1, 1, 1)
                for key in ("running_mean", "running_var", "weight", "bias")
            )
            x = (x - mean) / (var + 1e-5).sqrt() * gain + shift
        x = x.clamp(min=0)
    expected = x.reshape(2, -1) @ state["12.weight"].T + state["12.bias"]
    with torch.no_grad():
        logits = network(frames)
        again = network(frames.contiguous(memory_format=torch.channels_last))
    torch.testing.assert_close(logits, expected)
    torch.testing.assert_close(again, expected)
