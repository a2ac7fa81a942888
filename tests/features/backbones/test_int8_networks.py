"""Networks in integers: close to the float ones, the same on every processor, and not in floats."""

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from oddframe.features.backbones.int8_networks import linear_outputs, quantise, take_bytes
from oddframe.features.backbones.patch_features import (
    FINE_CHANNELS,
    PatchEncoder,
    export_network,
    integer_network,
    make_integer_network,
)


def run(network: bytes, image: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(network, providers=["CPUExecutionProvider"])
    return session.run(None, {"images": image})[0]


def residual_block(random: np.random.Generator) -> bytes:
    """One as in the real network: widen, clip, depth-wise, clip, narrow, add. A channel is dead."""
    shapes = {"a": (4, 3, 3, 3), "b": (12, 4, 1, 1), "c": (12, 1, 3, 3), "d": (4, 12, 1, 1)}
    weights = {k: random.normal(0, 0.4, s).astype(np.float32) for k, s in shapes.items()}
    weights["b"][5] = 0
    weights |= {f"{k}_b": random.normal(0, 0.3, len(weights[k])).astype(np.float32) for k in shapes}
    weights |= {"low": np.float32(0), "high": np.float32(6)}

    def convolution(given, k, to, **more):
        return helper.make_node("Conv", [given, k, f"{k}_b"], [to], **more)

    def clip(given, to):
        return helper.make_node("Clip", [given, "low", "high"], [to])

    nodes = [
        convolution("images", "a", "first", pads=[1] * 4),
        convolution("first", "b", "wide"),
        clip("wide", "wide6"),
        convolution("wide6", "c", "deep", pads=[1] * 4, group=12),
        clip("deep", "deep6"),
        convolution("deep6", "d", "narrow"),
        helper.make_node("Add", ["first", "narrow"], ["out"]),
    ]
    graph = helper.make_graph(
        nodes,
        "block",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 16, 16])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, [1, 4, 16, 16])],
        [numpy_helper.from_array(np.asarray(part), name) for name, part in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString()


@pytest.mark.parametrize("seed", range(5))
def test_a_block_is_off_by_a_few_steps_of_its_range(seed):
    random = np.random.default_rng(seed)
    network = residual_block(random)
    assert linear_outputs(network) == ["images", "first", "narrow", "out"]
    image = random.uniform(-1, 1, (1, 3, 16, 16)).astype(np.float32)
    expected = run(network, image)
    reach = float(np.abs(expected).max()) * 1.5
    found = run(quantise(network, [(-1, 1), *[(-reach, reach)] * 3]), image)
    step = 2 * reach / 255
    assert np.abs(found - expected).max() < 6 * step
    assert np.abs(found - expected).mean() < 1.5 * step


@pytest.mark.parametrize(("least", "most", "steps"), [(1, 253, 0), (0, 255, 20)])
def test_pictures_in_bytes_give_the_same_but_for_levels_that_were_cut_off(least, most, steps):
    """Of 256 levels, less 127, 255 are whole numbers of 8 bits without -128."""
    network = export_network()
    reach = [1.0] + [20.0] * (len(linear_outputs(network)) - 1)
    before = quantise(network, [(-one, one) for one in reach])
    picture = np.random.default_rng(0).integers(least, most + 1, (1, 64, 96, 3)).astype(np.uint8)
    expected = run(before, picture.transpose(0, 3, 1, 2).astype(np.float32))
    found = run(take_bytes(before, 127), picture)
    assert expected.std() > 1
    assert np.abs(found - expected).max() <= steps * 40 / 255


def test_patches_are_of_both_depths(networks, tmp_path):
    model = onnx.load_model_from_string(networks[1])
    (joined,) = (node for node in model.graph.node if node.op_type == "Concat")
    (pool,) = (node for node in model.graph.node if node.op_type == "AveragePool")
    names = (pool.input[0], joined.input[1])
    model.graph.output.extend(helper.make_empty_tensor_value_info(n) for n in names)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    picture = np.random.default_rng(0).integers(0, 256, (96, 64, 3)).astype(np.uint8)
    _, deep, deeper = session.run(None, {"images": picture[None]})
    pooled = deep[0].reshape(40, 6, 2, 4, 2).mean(axis=(2, 4))
    found = PatchEncoder(networks[1]).encode(picture)
    # Four numbers are added in an order that is the processor's; some nearly cancel.
    fine = found[..., :FINE_CHANNELS].transpose(2, 0, 1)
    np.testing.assert_allclose(fine, pooled, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(found[..., FINE_CHANNELS:].transpose(2, 0, 1), deeper[0])


@pytest.fixture(scope="module")
def networks() -> tuple[bytes, bytes]:
    return export_network(), integer_network()


def test_no_pair_of_products_is_beyond_16_bits(networks):
    """Else processors without VNNI would compute something else than those with it."""
    graph = onnx.load_model_from_string(networks[1]).graph
    known = {part.name: numpy_helper.to_array(part) for part in graph.initializer}
    weights = [part for part in known.values() if part.dtype == np.int8]
    assert len(weights) == 33
    for part in weights:
        if part.shape[1] == 1:
            continue
        flat = np.abs(part.transpose(0, 2, 3, 1).reshape(len(part), -1).astype(int))
        assert (flat[:, 1:] + flat[:, :-1]).max() * 255 <= 32767
        assert flat.max() > 40  # and the bits are used


def test_all_convolutions_are_of_integers(networks, tmp_path):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
    onnxruntime.InferenceSession(networks[1], options, providers=["CPUExecutionProvider"])
    kinds = [node.op_type for node in onnx.load(tmp_path / "optimised.onnx").graph.node]
    assert kinds.count("QLinearConv") == 33
    assert kinds.count("Conv") == 0


def test_features_point_where_those_of_floats_do(networks, real_data):
    clip = real_data / "ped2" / "testing" / "frames" / "01"
    images = [cv2.imread(str(path)) for path in sorted(clip.iterdir())[:60:20]]
    for image in images:
        small = cv2.resize(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), (448, 288))
        floats, integers = (PatchEncoder(network).encode(small) for network in networks)
        for part in (slice(FINE_CHANNELS), slice(FINE_CHANNELS, None)):
            a, b = floats[..., part], integers[..., part]
            lengths = np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1)
            assert ((a * b).sum(axis=-1) / lengths).mean() > 0.94


def test_the_packaged_network_is_what_the_weights_give():
    """Other versions of PyTorch may fold a norm in another order: then a step of a weight."""
    packaged, made = (
        onnx.load_model_from_string(network).graph
        for network in (integer_network(), make_integer_network())
    )
    assert [node.op_type for node in packaged.node] == [node.op_type for node in made.node]
    assert len(packaged.initializer) == len(made.initializer)
    for one, other in zip(packaged.initializer, made.initializer, strict=True):
        mine, theirs = numpy_helper.to_array(one), numpy_helper.to_array(other)
        assert (mine.shape, mine.dtype) == (theirs.shape, theirs.dtype)
        if mine.dtype == np.int8:
            assert np.abs(mine.astype(int) - theirs).max() <= 1
            assert (mine != theirs).mean() < 0.001
        else:
            np.testing.assert_allclose(mine, theirs, rtol=1e-5)
