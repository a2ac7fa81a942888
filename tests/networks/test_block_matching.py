"""Flow without weights: known shifts, OpenCV's flow on real footage, its gradient."""

import cv2
import numpy as np
import pytest
import torch

from oddframe.networks.flow.block_matching import BlockMatching


def textured_pair(shift, size=(64, 64), grain=1.5):
    """Two views of one random texture, its content moved by (x, y) pixels."""
    height, width = size
    noise = np.random.default_rng(0).random((height + 40, width + 40)).astype(np.float32)
    texture = cv2.GaussianBlur(noise, (0, 0), grain)
    texture = (texture - texture.min()) / np.ptp(texture)
    views = []
    for x, y in ((0.0, 0.0), shift):
        move = np.array([[1, 0, x - 20], [0, 1, y - 20]], np.float32)
        view = cv2.warpAffine(texture, move, (width, height), flags=cv2.INTER_CUBIC)
        views.append(torch.from_numpy(view)[None, None])
    return views


@pytest.mark.parametrize(
    "shift", [(0, 0), (0.3, 0), (0, -0.5), (1, -1), (-1.25, 0.75), (2, 1.6), (-2.3, -2)]
)
@pytest.mark.parametrize("size", [(64, 64), (48, 120)])
def test_known_shifts_are_found(shift, size):
    first, second = textured_pair(shift, size)
    found = BlockMatching()(first, second)[0, :, 3:-3, 3:-3]
    error = (found - torch.tensor(shift, dtype=torch.float32)[:, None, None]).norm(dim=0)
    assert (error < 0.5).float().mean() > 0.9
    assert (found.mean((1, 2)) - torch.tensor(shift)).abs().max() < 0.2


def test_large_frames_are_reduced_and_flow_is_in_their_pixels():
    first, second = textured_pair((2.5, -1.5), (200, 256), grain=3)
    found = BlockMatching()(first, second)
    assert found.shape == (1, 2, 25, 32)
    torch.testing.assert_close(
        found[0, :, 3:-3, 3:-3].mean((1, 2)), torch.tensor([2.5, -1.5]), atol=0.25, rtol=0
    )


def test_brightness_is_not_motion_and_nothing_moves_where_nothing_is_seen():
    first, second = textured_pair((1.2, -0.6))
    flow = BlockMatching()
    torch.testing.assert_close(flow(first, second + 0.1), flow(first, second), atol=1e-3, rtol=0)
    # Chance makes a block's surroundings uneven, which leans its parabola a little.
    still = flow(first, first).abs()
    assert still.mean() < 0.06
    assert still.max() < 0.25
    flat = torch.full((1, 3, 32, 32), 0.4)
    assert flow(flat, flat + 0.2).abs().max() < 1e-3
    noise = 0.4 + 0.005 * torch.randn(1, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    assert flow(torch.full_like(noise, 0.4), noise).abs().max() < 0.1


def test_the_same_input_gives_the_same_flow_and_batches_are_independent():
    pairs = [textured_pair(shift) for shift in ((1, 0), (0, -2))]
    first, second = (torch.cat(part) for part in zip(*pairs, strict=True))
    flow = BlockMatching()
    together = flow(first, second)
    assert torch.equal(together, flow(first, second))
    torch.testing.assert_close(together[1:], flow(first[1:], second[1:]))
    assert not list(flow.parameters())


def test_gradient_is_that_of_the_flow():
    images = torch.rand(2, 1, 1, 9, 9, generator=torch.Generator().manual_seed(3)).double()
    first, second = (image.clone().requires_grad_() for image in images)
    assert torch.autograd.gradcheck(BlockMatching(), (first, second), fast_mode=True)


def test_following_the_gradient_makes_the_motion_right():
    last, target = textured_pair((1.0, 0.0))
    prediction = textured_pair((0.6, 0.0))[1].requires_grad_()
    flow = BlockMatching()

    def term(image):
        return (flow(last, image) - flow(last, target)).abs().mean()

    before = term(prediction)
    (gradient,) = torch.autograd.grad(before, prediction)
    with torch.no_grad():
        after = term(prediction - 0.01 * gradient / gradient.abs().max())
    assert after < before - 0.002


def test_it_agrees_with_dense_inverse_search_on_real_footage(real_data):
    frames = sorted((real_data / "ped2" / "testing" / "frames" / "01").glob("*"))[150:152]
    first, second = (cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in frames)
    reference = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(
        first, second, None
    )
    height, width = first.shape
    small = [
        torch.from_numpy(cv2.resize(image, (128, 128), interpolation=cv2.INTER_AREA))[None, None]
        / 255
        for image in (first, second)
    ]
    found = BlockMatching()(*small)[0].numpy()
    moving = np.linalg.norm(reference, axis=2) > 0.7
    shrunk = cv2.resize(reference, (128, 128), interpolation=cv2.INTER_AREA)[::4, ::4]
    shrunk = shrunk.transpose(2, 0, 1) * np.array([128 / width, 128 / height])[:, None, None]
    moving = cv2.resize(moving.astype(np.float32), (128, 128), interpolation=cv2.INTER_AREA)
    moving = moving[::4, ::4] > 0.99
    assert moving.sum() > 30
    lengths = np.linalg.norm(found, axis=0) * np.linalg.norm(shrunk, axis=0)
    cosine = (found * shrunk).sum(0) / (lengths + 1e-9)
    assert np.median(cosine[moving]) > 0.9
    assert (cosine[moving] > 0.7).mean() > 0.8
    # Walkers move by about a third of a pixel here; the rest of the scene by much less.
    still = np.linalg.norm(found, axis=0)[~moving].mean()
    assert still < 0.5 * np.linalg.norm(found, axis=0)[moving].mean()
