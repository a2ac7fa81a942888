"""Patch features: the exported network answers like the PyTorch module."""

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from oddframe.features.backbones.efficientnet_lite import EfficientNetLite0
from oddframe.features.backbones.patch_features import (
    CHANNELS,
    STRIDE,
    PatchEncoder,
    export_network,
    input_size,
)


@pytest.fixture(scope="module")
def exported():
    return export_network()


@given(
    st.integers(16, 8000),
    st.integers(16, 8000),
    st.sampled_from([64, 96, 128, 256, 512, 1000]),
)
def test_input_sizes_are_multiples_of_32_near_the_shape(width, height, long_side):
    size = input_size(width, height, long_side)
    assert all(side % 32 == 0 and side >= 64 for side in size)
    for side, source in zip(size, (width, height), strict=True):
        exact = source * long_side / max(width, height)
        assert abs(side - exact) <= 16 or side == 64


def test_known_input_sizes():
    assert input_size(360, 240, 512) == (512, 352)
    assert input_size(1280, 720, 512) == (512, 288)
    assert input_size(128, 64, 512) == (512, 256)
    assert input_size(240, 360, 96) == (64, 96)


@pytest.mark.parametrize("size", [(64, 96), (96, 64), (128, 160)])
def test_the_exported_network_is_the_module(exported, size):
    random = np.random.default_rng(0)
    image = random.integers(0, 256, (*size, 3), np.uint8)
    image = cv2.GaussianBlur(image, (5, 5), 0)
    with torch.no_grad():
        tensor = torch.from_numpy(image.transpose(2, 0, 1)[None].astype(np.float32))
        fine, coarse = EfficientNetLite0.pretrained((4, 10))(tensor)
        both = torch.cat([functional.avg_pool2d(fine, 2), coarse], dim=1)[0]
    found = PatchEncoder(exported).encode(image)
    assert found.shape == (size[0] // STRIDE, size[1] // STRIDE, CHANNELS)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, both.permute(1, 2, 0).numpy(), atol=2e-4, rtol=1e-4)


def test_features_tell_textures_apart(exported):
    rows, columns = np.indices((64, 64))
    stripes = np.repeat(((columns // 4 % 2) * 255)[..., None], 3, axis=-1).astype(np.uint8)
    checks = np.repeat((((rows + columns) // 4 % 2) * 255)[..., None], 3, axis=-1).astype(np.uint8)
    encoder = PatchEncoder(exported)

    def middle(image):
        patch = encoder.encode(image)[2, 2]
        return patch / np.linalg.norm(patch)

    same = middle(stripes) @ middle(np.clip(stripes.astype(int) + 3, 0, 255).astype(np.uint8))
    other = middle(stripes) @ middle(checks)
    assert same > 0.99
    assert other < 0.9


def test_runs_with_the_same_network_share_its_session_and_do_not_disturb_each_other(exported):
    """Cameras of several runs are judged by threads of one process."""
    encoders = [PatchEncoder(exported), PatchEncoder(bytes(bytearray(exported)))]
    assert encoders[0]._session is encoders[1]._session
    pictures = np.random.default_rng(0).integers(0, 256, (8, 64, 96, 3), np.uint8)
    alone = [encoders[0].encode(picture) for picture in pictures]
    with ThreadPoolExecutor(4) as pool:
        shared = list(pool.map(lambda k: encoders[k % 2].encode(pictures[k]), range(8)))
    np.testing.assert_array_equal(shared, alone)
