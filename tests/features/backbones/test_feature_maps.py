"""Feature maps of single pictures: blocks of EfficientNet-Lite0, and networks of the user's."""

import cv2
import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from oddframe.errors import OddframeError
from oddframe.features.backbones.efficientnet_lite import EfficientNetLite0
from oddframe.features.backbones.feature_maps import FeatureMaps, MapSettings, lite0_block
from oddframe.files.saved_state import SavedState
from oddframe.media.pictures import PictureFrame


@pytest.fixture(scope="module")
def image():
    random = np.random.default_rng(0)
    return cv2.GaussianBlur(random.integers(0, 256, (128, 128, 3), np.uint8), (5, 5), 0)


@pytest.mark.parametrize(("block", "shape"), [(10, (8, 8, 112)), (15, (4, 4, 320))])
def test_a_block_of_lite0_is_the_module(image, block, shape):
    maps = FeatureMaps.lite0(block, 128)
    with torch.no_grad():
        tensor = torch.from_numpy(image.transpose(2, 0, 1)[None].astype(np.float32))
        (wanted,) = EfficientNetLite0.pretrained((block,))(tensor)
    found = maps.of_image(image)
    assert found.shape == maps.shape == shape
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, wanted[0].permute(1, 2, 0), atol=2e-4, rtol=1e-4)


def test_making_it_draws_no_random_numbers():
    lite0_block.cache_clear()
    before = torch.get_rng_state()
    lite0_block(2)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.fixture
def doubling(tmp_path):
    """An ONNX file that pools its input in cells of 2x2 pixels and doubles it."""

    def made(name="own.onnx", side="side", channels=3, pooled=True):
        images = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", channels, side, side])
        answer = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
        pool = helper.make_node("AveragePool", ["x"], ["p"], kernel_shape=[2, 2], strides=[2, 2])
        nodes = [pool, helper.make_node("Mul", ["p", "two"], ["y"])]
        if not pooled:
            nodes = [helper.make_node("ReduceMean", ["x"], ["y"], axes=[2, 3], keepdims=0)]
        two = numpy_helper.from_array(np.array(2, np.float32), "two")
        graph = helper.make_graph(nodes, "g", [images], [answer], initializer=[two])
        opset = [helper.make_opsetid("", 17)]
        path = tmp_path / name
        onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)
        return path

    return made


def test_a_file_of_the_users(doubling):
    mean, std = (10.0, 20.0, 30.0), (2.0, 4.0, 5.0)
    maps = FeatureMaps.of_file(doubling(), 8, mean, std)
    image = np.random.default_rng(1).integers(0, 256, (16, 24, 3), np.uint8)
    small = cv2.resize(image, (8, 8), interpolation=cv2.INTER_AREA)
    cells = small.reshape(4, 2, 4, 2, 3).mean(axis=(1, 3))
    wanted = 2 * (cells - mean) / std
    np.testing.assert_allclose(maps.of(PictureFrame(0, 0.0, image)), wanted, rtol=1e-5, atol=1e-4)


def test_a_state_gives_the_same_maps_without_the_file(doubling, image):
    path = doubling()
    maps = FeatureMaps.of_file(path, 128, (1.0, 2.0, 3.0), (1.0, 2.0, 4.0))
    path.unlink()
    again = FeatureMaps.from_state(SavedState(maps.state()))
    assert (again.sha256, again.source, again.shape) == (maps.sha256, str(path), (64, 64, 3))
    np.testing.assert_array_equal(again.of_image(image), maps.of_image(image))


def test_maps_that_may_differ_have_another_sum(doubling):
    mean, std = (0.0,) * 3, (1.0,) * 3
    path = doubling()
    sums = {
        FeatureMaps.of_file(path, 8, mean, std).sha256,
        FeatureMaps.of_file(path, 16, mean, std).sha256,
        FeatureMaps.of_file(path, 8, (1.0, 0.0, 0.0), std).sha256,
        FeatureMaps.lite0(3, 64).sha256,
        FeatureMaps.lite0(4, 64).sha256,
    }
    assert len(sums) == 5


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"pooled": False}, r"expected a first output .* found \(1, 3\)"),
        ({"side": 16}, r"takes \(1, 3, 8, 8\).*--settings.side"),
        ({"channels": 4}, "ONNX Runtime cannot run it|expected one float32 input"),
    ],
)
def test_a_file_of_another_form_is_one_line(doubling, changes, said):
    path = doubling(**changes)
    with pytest.raises(OddframeError, match=said) as told:
        FeatureMaps.of_file(path, 8, (0.0,) * 3, (1.0,) * 3)
    assert str(path) in str(told.value)
    assert "\n" not in str(told.value)


def test_settings_take_a_file_or_the_packaged_network(doubling, tmp_path):
    assert MapSettings(side=64).maps(4).shape == (8, 8, 40)
    own = MapSettings(str(doubling()), 70, (1.0, 2.0, 3.0), (2.0, 2.0, 2.0)).maps(4)
    assert own.shape == (35, 35, 3)
    with pytest.raises(OddframeError, match=r"side: expected a multiple of 32, found 70"):
        MapSettings(side=70)
    with pytest.raises(OddframeError, match=r"nowhere\.onnx"):
        MapSettings(str(tmp_path / "nowhere.onnx")).maps(4)
