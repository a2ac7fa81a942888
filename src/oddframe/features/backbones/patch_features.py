"""Patch features: what each small part of a frame looks like, from an ImageNet network.

Two depths of EfficientNet-Lite0, run by ONNX Runtime (3 to 5 times faster than eager PyTorch for
depth-wise convolutions on a CPU): block 4 for texture and outline, block 10 for parts of objects.
In integers of 8 bits it takes half the time of floats.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np

PACKAGED = "efficientnet_lite0_patches.onnx"
STRIDE = 16
"""Pixels of the network's input per patch."""
FINE_CHANNELS, COARSE_CHANNELS = 40, 112
CHANNELS = FINE_CHANNELS + COARSE_CHANNELS
_REACH = (1, 32, 45, 33, 49, 36, 21, 39, 31, 16, 30, 13, 31, 29, 14, 29, 13, 31)
"""Least range about 0 of the input and of each linear output, in the order of
:func:`oddframe.features.backbones.int8_networks.linear_outputs`, that holds all but one value in
10,000 of every frame looked at: of six clips of Ped2, four hours of the home office and twelve
normal clips of the fights, three scenes whose ranges hardly differ."""


_MIDDLE = 127
"""The level that is 0 to the network."""


def input_size(width: int, height: int, long_side: int) -> tuple[int, int]:
    """(width, height) of the network's input: the long side as given, both multiples of 32."""
    scale = long_side / max(width, height)
    return (
        max(64, round(width * scale / 32) * 32),
        max(64, round(height * scale / 32) * 32),
    )


def export_network() -> bytes:
    """EfficientNet-Lite0 up to block 10 as ONNX, for images of any size in multiples of 32.

    In floats, as runs of oddframe 0.1 keep it.

    Raises:
        OddframeError: the packaged weights are missing.
    """
    import torch

    from oddframe.features.backbones.efficientnet_lite import EfficientNetLite0
    from oddframe.features.backbones.onnx_networks import export

    return export(
        EfficientNetLite0.pretrained((4, 10)),
        torch.zeros(1, 3, 64, 96),
        outputs=("fine", "coarse"),
        free_axes={0: "batch", 2: "height", 3: "width"},
    )


@functools.cache
def integer_network() -> bytes:
    """:func:`make_integer_network`, as it was made and lies beside this module.

    Neither PyTorch nor the weights are needed to fit and to score; a run keeps these bytes.
    """
    return (Path(__file__).parent / PACKAGED).read_bytes()


def make_integer_network() -> bytes:
    """:func:`export_network` in integers, from pictures in bytes to patches.

    Its features are others than those of floats, so a memory goes with one of the two.

    Raises:
        OddframeError: the packaged weights are missing.
    """
    from oddframe.features.backbones.int8_networks import quantise, take_bytes

    whole = quantise(export_network(), [(-reach, reach) for reach in _REACH])
    return _put_out_patches(take_bytes(whole, _MIDDLE))


def _put_out_patches(network: bytes) -> bytes:
    """One output of both depths, channels last, where there were two."""
    import onnx
    from onnx import TensorProto, helper

    model = onnx.load_model_from_string(network)
    graph = model.graph
    fine, coarse = (output.name for output in graph.output)
    pool = helper.make_node(
        "AveragePool", [fine], ["pooled"], kernel_shape=[2] * 2, strides=[2] * 2
    )
    join = helper.make_node("Concat", ["pooled", coarse], ["both"], axis=1)
    turn = helper.make_node("Transpose", ["both"], ["patches"], perm=[0, 2, 3, 1])
    graph.node.extend([pool, join, turn])
    del graph.output[:]
    shape = ["batch", "rows", "columns", CHANNELS]
    graph.output.append(helper.make_tensor_value_info("patches", TensorProto.FLOAT, shape))
    onnx.checker.check_model(model)
    return model.SerializeToString()


@functools.lru_cache(maxsize=1)
def _session(network: bytes) -> Any:
    """The last network's session: runs of one version bring the same one, and cameras share it."""
    from oddframe.features.backbones.onnx_networks import open_session

    return open_session(network, threads=1)


class PatchEncoder:
    """Runs a network on one image in the thread that calls it; several may.

    Args:
        network: the bytes of :func:`integer_network`, or of :func:`export_network`; or of what
            runs of before have, which is in integers, but has the input and outputs of the latter.
    """

    def __init__(self, network: bytes) -> None:
        self._session = _session(network)
        self._takes_bytes = self._session.get_inputs()[0].type == "tensor(uint8)"

    def encode(self, image: np.ndarray) -> np.ndarray:
        """Patch features of one uint8 RGB image ``(H, W, 3)``, H and W multiples of 32.

        Returns:
            float32 ``(H / 16, W / 16, 152)``: 40 fine channels averaged over 2x2, 112 coarse.
        """
        if self._takes_bytes:
            return self._run(image[None])[0][0]
        images = image.transpose(2, 0, 1)[None]
        fine, coarse = self._run(np.ascontiguousarray(images, dtype=np.float32))
        pooled = (
            fine[0, :, 0::2, 0::2]
            + fine[0, :, 0::2, 1::2]
            + fine[0, :, 1::2, 0::2]
            + fine[0, :, 1::2, 1::2]
        ) / 4
        return np.concatenate([pooled, coarse[0]]).transpose(1, 2, 0)

    def _run(self, images: np.ndarray) -> list[np.ndarray]:
        from oddframe.features.backbones.onnx_networks import run_session

        return run_session(self._session, {"images": images}, "the network of the run")
