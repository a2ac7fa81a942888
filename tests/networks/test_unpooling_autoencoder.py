"""The auto-encoder of clips with unpooling: its published size, and unpooling by hand."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from oddframe.networks.unpooling_autoencoder import LEAST_SIDE, UnpoolingAutoencoder, unpooled


@pytest.mark.parametrize(
    ("frames", "published"), [(1, 7_268_993), (5, 7_764_613), (10, 8_384_138), (20, 9_623_188)]
)
def test_parameters_are_those_published(frames, published):
    with torch.device("meta"):
        network = UnpoolingAutoencoder(frames)
    assert sum(part.numel() for part in network.parameters()) == published


def test_layers_have_the_published_sizes():
    with torch.device("meta"):
        network = UnpoolingAutoencoder(10)
        sizes = []
        for layer in network.children():
            layer.register_forward_hook(lambda *given: sizes.append(tuple(given[2].shape[1:])))
        made = network(torch.empty(2, 10, 227, 227))
    assert sizes == [
        (512, 55, 55),
        (256, 27, 27),
        (128, 13, 13),
        (256, 13, 13),
        (512, 27, 27),
        (10, 227, 227),
    ]
    assert made.shape == (2, 10, 227, 227)


@pytest.mark.parametrize("size", [(4, 6), (5, 7), (5, 6)])
@pytest.mark.parametrize("order", [torch.contiguous_format, torch.channels_last])
def test_unpooling_puts_each_value_where_the_maximum_was(size, order):
    torch.manual_seed(0)
    blocks = torch.randn(2, 3, *size).contiguous(memory_format=order)
    pooled, places = functional.max_pool2d(blocks, 2, return_indices=True)
    values = torch.randn_like(pooled)
    found = unpooled(values, places, blocks)
    wanted = np.zeros(blocks.shape, np.float32)
    for n, c, row, column in np.ndindex(*pooled.shape):
        block = blocks[n, c, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2].numpy()
        down, right = np.unravel_index(block.argmax(), (2, 2))
        wanted[n, c, 2 * row + down, 2 * column + right] = values[n, c, row, column]
    np.testing.assert_array_equal(found.numpy(), wanted)


@pytest.mark.parametrize("size", [LEAST_SIDE, 24, 31, 40])
def test_any_size_comes_back(size):
    clips = torch.randn(1, 2, size, size + 1)
    assert UnpoolingAutoencoder(2, 4)(clips).shape == clips.shape
