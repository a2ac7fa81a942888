"""An image network that can be worked out by hand: its map is the mean colour of square cells."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

SIDE, CELLS = 32, 4
"""Pixels of its input and cells of its map along a side."""


def cells_network(path: Path) -> Path:
    """Write it as ONNX: ``(1, 3, 32, 32)`` in, ``(1, 3, 4, 4)`` out."""
    images = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, SIDE, SIDE])
    answer = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 3, CELLS, CELLS])
    side = [SIDE // CELLS] * 2
    pool = helper.make_node("AveragePool", ["x"], ["y"], kernel_shape=side, strides=side)
    graph = helper.make_graph([pool], "g", [images], [answer])
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)
    return path


def of_cells(colours: np.ndarray) -> np.ndarray:
    """Pictures uint8 ``(..., 32, 32, 3)`` of the colours of their cells ``(..., 4, 4, 3)``."""
    return colours.astype(np.uint8).repeat(SIDE // CELLS, -3).repeat(SIDE // CELLS, -2)
