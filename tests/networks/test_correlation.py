"""The cost volume against a loop over its definition; warping against shifted images."""

import pytest
import torch

from oddframe.networks.flow.correlation import correlation
from oddframe.networks.flow.warping import warp


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("size", [(5, 6), (8, 7), (1, 1)])
def test_cost_volume_is_the_loop_over_its_definition(stride, size):
    generator = torch.Generator().manual_seed(0)
    height, width = size
    first, second = torch.randn(2, 2, 3, *size, generator=generator)
    rows, columns = -(-height // stride), -(-width // stride)
    expected = torch.zeros(2, 49, rows, columns)
    for channel in range(49):
        # The CUDA kernel's order: x runs faster than y.
        dx, dy = channel % 7 - 3, channel // 7 - 3
        for row in range(rows):
            for column in range(columns):
                y, x = (row + dy) * stride, (column + dx) * stride
                if 0 <= y < height and 0 <= x < width:
                    product = first[:, :, row * stride, column * stride] * second[:, :, y, x]
                    expected[:, channel, row, column] = product.mean(1)
    torch.testing.assert_close(correlation(first, second, stride), expected)


def test_cost_volume_has_the_right_gradient_to_both_maps():
    generator = torch.Generator().manual_seed(0)
    maps = torch.randn(2, 1, 2, 3, 4, generator=generator, dtype=torch.float64)
    first, second = (part.clone().requires_grad_() for part in maps)
    assert torch.autograd.gradcheck(
        lambda a, b: correlation(a, b, 2), (first, second), fast_mode=True
    )


@pytest.mark.parametrize(("dx", "dy"), [(0, 0), (2, 0), (0, -3), (-1, 2)])
def test_whole_pixels_are_a_shift_with_zeros_beyond_the_edge(dx, dy):
    image = torch.rand(2, 3, 6, 9, generator=torch.Generator().manual_seed(0))
    flow = torch.zeros(2, 2, 6, 9)
    flow[:, 0], flow[:, 1] = dx, dy
    expected = torch.zeros_like(image)
    for y in range(6):
        for x in range(9):
            if 0 <= y + dy < 6 and 0 <= x + dx < 9:
                expected[..., y, x] = image[..., y + dy, x + dx]
    torch.testing.assert_close(warp(image, flow), expected, rtol=0, atol=1e-5)


def test_parts_of_pixels_are_interpolated():
    image = torch.arange(8.0).repeat(1, 1, 4, 1)
    flow = torch.zeros(1, 2, 4, 8)
    flow[:, 0] = 0.25
    found = warp(image, flow)
    torch.testing.assert_close(found[..., :7], image[..., :7] + 0.25)


def test_a_map_of_one_pixel_can_be_warped():
    assert warp(torch.ones(1, 2, 1, 1), torch.full((1, 2, 1, 1), 0.3)).isfinite().all()
