"""PatchGAN: published counts, names and sizes, its field of view, and the network written out."""

import json
from pathlib import Path

import pytest
import torch
from torch.nn import functional

from oddframe.networks.patch_discriminator import PatchDiscriminator

KEYS = json.loads((Path(__file__).parents[1] / "published_keys.json").read_text())


def test_parameters_are_those_published():
    with torch.device("meta"):
        network = PatchDiscriminator(3)
    assert sum(p.numel() for p in network.parameters()) == 6_831_489
    shapes = {key: list(value.shape) for key, value in network.state_dict().items()}
    assert shapes == KEYS["patch_discriminator"]


@pytest.mark.parametrize(("size", "places"), [(256, 35), (128, 19), (64, 11)])
def test_sizes_are_those_published(size, places):
    with torch.device("meta"):
        assert PatchDiscriminator(3)(torch.zeros(2, 3, size, size)).shape == (2, 1, places, places)


@pytest.mark.parametrize("size", [(32, 32), (45, 20)])
def test_the_network_written_out(size):
    torch.manual_seed(0)
    network = PatchDiscriminator(1, 4)
    frames = torch.randn(3, 1, *size)
    with torch.no_grad():
        x = frames
        for layer, stride in ((0, 2), (2, 2), (4, 2), (6, 1)):
            weight, bias = network.net[layer].weight, network.net[layer].bias
            x = functional.conv2d(functional.pad(x, (2, 2, 2, 2)), weight, bias, stride)
            x = torch.where(x > 0, x, 0.2 * x)
        x = functional.conv2d(functional.pad(x, (2, 2, 2, 2)), network.net[8].weight)
        x = 1 / (1 + torch.exp(-(x + network.net[8].bias.view(1, 1, 1, 1))))
        torch.testing.assert_close(network(frames), x)


def test_a_place_judges_70_pixels():
    torch.manual_seed(0)
    frame = torch.randn(1, 1, 192, 192, requires_grad=True)
    answers = PatchDiscriminator(1, 2)(frame)
    answers[0, 0, answers.shape[2] // 2, answers.shape[3] // 2].backward()
    rows, columns = frame.grad[0, 0].nonzero().T
    assert int(rows.max() - rows.min()) + 1 == 70
    assert int(columns.max() - columns.min()) + 1 == 70
