"""Losses between images against loops, closed forms and a direct Fourier transform."""

import math

import numpy as np
import pytest
import torch

from oddframe.clips.losses import (
    adversarial_discriminator,
    adversarial_generator,
    error_decibel,
    error_map,
    focal_frequency,
    gradient,
    intensity,
    largest_decibel,
)


def images(seed, shape=(2, 3, 5, 7)):
    values = np.random.default_rng(seed).uniform(-1, 1, shape)
    return torch.from_numpy(values).requires_grad_(seed == 0)


def test_intensity_with_loops():
    p, t = images(0), images(1)
    pairs = zip(p.detach().flatten().tolist(), t.flatten().tolist(), strict=True)
    assert intensity(p, t).item() == pytest.approx(np.mean([(a - b) ** 2 for a, b in pairs]))


def edge_strengths(image):
    """Of ``(h, w)``: across and down, with zeros beyond the right and the lower border."""
    height, width = image.shape
    across, down = np.zeros((height, width)), np.zeros((height, width))
    for y in range(height):
        for x in range(width):
            right = image[y, x + 1] if x + 1 < width else 0.0
            below = image[y + 1, x] if y + 1 < height else 0.0
            across[y, x], down[y, x] = abs(right - image[y, x]), abs(below - image[y, x])
    return across, down


def test_gradient_with_loops():
    p, t = images(0), images(1)
    planes = zip(p.detach().numpy().reshape(-1, 5, 7), t.numpy().reshape(-1, 5, 7), strict=True)
    total = []
    for a, b in planes:
        (across_a, down_a), (across_b, down_b) = edge_strengths(a), edge_strengths(b)
        total.append(abs(across_a - across_b) + abs(down_a - down_b))
    assert gradient(p, t).item() == pytest.approx(np.mean(total))


def test_gradient_counts_the_zeros_beyond_the_border():
    # Two flat images: only the last column and the last row have edges, of strength 0.5 and 0.
    flat, black = torch.full((1, 1, 4, 8), 0.5), torch.zeros(1, 1, 4, 8)
    assert gradient(flat, black).item() == pytest.approx(0.5 / 8 + 0.5 / 4)
    assert gradient(-flat, flat).item() == 0  # the strength has no sign


def test_adversarial_closed_forms():
    half, sure = torch.full((2, 1, 3, 3), 0.5), torch.ones(2, 1, 3, 3)
    assert adversarial_generator(sure).item() == 0
    assert adversarial_generator(half).item() == pytest.approx(0.125)
    assert adversarial_discriminator(sure, 0 * sure).item() == 0
    assert adversarial_discriminator(half, half).item() == pytest.approx(0.25)
    assert adversarial_discriminator(0 * sure, sure).item() == pytest.approx(1)
    uneven = torch.tensor([0.2, 0.6])
    assert adversarial_generator(uneven).item() == pytest.approx((0.64 + 0.16) / 4)


def transform(image):
    """Orthonormal discrete Fourier transform by its definition."""
    height, width = image.shape
    y, x = np.mgrid[:height, :width]
    found = np.zeros((height, width), complex)
    for v in range(height):
        for u in range(width):
            wave = np.exp(-2j * math.pi * (u * x / width + v * y / height))
            found[v, u] = (image * wave).sum() / math.sqrt(height * width)
    return found


def test_focal_frequency_by_definition():
    p, t = images(0), images(1)
    total = []
    planes = zip(p.detach().numpy().reshape(-1, 5, 7), t.numpy().reshape(-1, 5, 7), strict=True)
    for a, b in planes:
        distance = abs(transform(a) - transform(b))
        total.append(distance / distance.max() * distance**2)
    assert focal_frequency(p, t).item() == pytest.approx(np.mean(total))


def test_the_weight_of_a_frequency_is_a_constant_to_the_gradient():
    p, t = images(0, (1, 1, 4, 6)), images(1, (1, 1, 4, 6))
    focal_frequency(p, t).backward()
    gap = np.fft.fft2((p.detach() - t).numpy()[0, 0], norm="ortho")
    # d/dp of mean(w |F|^2) with w fixed: the inverse transform of 2 w F, divided by the count.
    expected = np.fft.ifft2(2 * abs(gap) / abs(gap).max() * gap, norm="ortho").real / gap.size
    np.testing.assert_allclose(p.grad[0, 0].numpy(), expected, atol=1e-12)


def test_equal_images_cost_nothing():
    p = images(0)
    for loss in (intensity, gradient, focal_frequency):
        value = loss(p, p.detach().clone())
        assert value.item() == 0
        value.backward()
    assert torch.equal(p.grad, torch.zeros_like(p))


def test_the_error_in_decibel_is_the_negative_psnr():
    target = torch.rand(3, 3, 6, 6, dtype=torch.float64)
    prediction = target.clone()
    prediction[0] += 0.1
    prediction[1, :, :3] -= 0.2
    # A mean squared error of 0.01 is 20 dB PSNR; of 0.02, 16.99 dB; equal images meet the floor.
    found = error_decibel(prediction, target)
    assert found.tolist() == pytest.approx([-20, 10 * math.log10(0.02), -100])


def test_the_error_map_is_the_mean_over_channels():
    prediction, target = torch.zeros(1, 3, 2, 2), torch.zeros(1, 3, 2, 2)
    prediction[0, 0, 1, 0], prediction[0, 2, 1, 0], target[0, 1, 0, 1] = 0.3, 0.6, -0.9
    expected = torch.tensor([[[0.0, 0.27], [0.15, 0.0]]])
    torch.testing.assert_close(error_map(prediction, target), expected)


def test_the_largest_error_by_sorting_the_cells_of_the_map():
    squared = np.random.default_rng(0).exponential(0.01, (3, 128, 64)).astype(np.float32)
    cells = squared.reshape(3, 32, 4, 32, 2).mean((2, 4)).reshape(3, -1)
    largest = np.sort(cells, axis=1)[:, -15:]  # 1.5 % of 1,024 cells
    found = largest_decibel(torch.from_numpy(squared)).numpy()
    np.testing.assert_allclose(found, 10 * np.log10(largest.mean(1)), rtol=1e-5)


def test_the_largest_error_is_that_of_a_thing_however_large_the_frame():
    # A thing of one cell, which is one of sixteen cells or of 16 * 16 of which four count.
    small, large = torch.zeros(1, 4, 4), torch.zeros(1, 16, 16)
    small[0, 1, 2] = large[0, 3, 5] = 0.5
    assert largest_decibel(small).item() == pytest.approx(10 * math.log10(0.5))
    assert largest_decibel(large).item() == pytest.approx(10 * math.log10(0.5 / 4))
    assert largest_decibel(torch.zeros(2, 16, 16)).tolist() == [-100, -100]


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16])
def test_half_precision_is_compared_in_single(kind):
    p, t = images(1).to(kind), images(2).to(kind)
    for loss in (intensity, gradient, focal_frequency):
        assert loss(p, t).dtype == torch.float32
        assert loss(p, t).item() == pytest.approx(loss(p.float(), t.float()).item())
