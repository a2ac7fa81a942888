"""A float network as one of 8-bit integers: inverted residuals with ReLU6.

Weights are symmetric with a scale for each output channel, activations have one scale each. What
ReLU6 gives lies in 0 to 6, so only linear outputs must have been measured.

After Jacob et al., "Quantization and Training of Neural Networks for Efficient
Integer-Arithmetic-Only Inference", CVPR 2018. ONNX Runtime makes kernels for integers of what
stands between a DequantizeLinear and a QuantizeLinear.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

_RELU6 = (0.0, 6.0)
_MOST_WEIGHT = 127


def linear_outputs(network: bytes) -> list[str]:
    """Names of the tensors whose ranges :func:`quantise` asks for, in its order.

    These are the input of the first convolution, and the outputs of additions and of those
    convolutions that no clip follows.
    """
    return _linear_outputs(_pruned(network).graph)


def quantise(network: bytes, ranges: Sequence[tuple[float, float]]) -> bytes:
    """The network with integer convolutions; what it puts out are floats as before.

    Args:
        network: ONNX of convolutions, clips to 0 and 6, and additions.
        ranges: least and largest value of each of :func:`linear_outputs`.
    """
    import onnx
    from onnx import helper, numpy_helper

    model = _pruned(network)
    graph = model.graph
    known = {part.name: numpy_helper.to_array(part) for part in graph.initializer}
    held = dict(zip(_linear_outputs(graph), ranges, strict=True))
    nodes: list[Any] = []
    constants: dict[str, np.ndarray] = {}
    scales: dict[str, np.float32] = {}

    def dequantised(name: str, values: np.ndarray, scale: np.ndarray, axis: int = 0) -> str:
        constants.update({f"{name}_q": values, f"{name}_scale": scale})
        given = [f"{name}_q", f"{name}_scale"]
        nodes.append(helper.make_node("DequantizeLinear", given, [f"{name}_dq"], axis=axis))
        return f"{name}_dq"

    def activation(name: str) -> str:
        if name not in scales:
            low, high = held[name]
            low, high = min(low, 0.0), max(high, 0.0)
            scales[name] = np.float32((high - low) / 255)
            constants[f"{name}_scale"] = np.array(scales[name])
            constants[f"{name}_zero"] = np.array(round(-low / scales[name]), np.uint8)
            with_scale = [f"{name}_scale", f"{name}_zero"]
            nodes.append(helper.make_node("QuantizeLinear", [name, *with_scale], [f"{name}_q"]))
            nodes.append(
                helper.make_node("DequantizeLinear", [f"{name}_q", *with_scale], [f"{name}_dq"])
            )
        return f"{name}_dq"

    for node in graph.node:
        if node.op_type == "Clip":  # done by the range
            held[node.input[0]] = _RELU6
            _rename(graph, node.output[0], node.input[0])
            continue
        if node.op_type == "Conv":
            given, weight, bias = node.input
            x = activation(given)
            w, b = known[weight].astype(np.float64), known[bias].astype(np.float64)
            scale = _scales(w, np.abs(b) / float(scales[given]))
            whole = np.rint(w / scale.reshape(-1, 1, 1, 1)).astype(np.int8)
            both = scale * float(scales[given])
            node.input[:] = [
                x,
                dequantised(weight, whole, scale.astype(np.float32)),
                dequantised(bias, np.rint(b / both).astype(np.int32), both.astype(np.float32)),
            ]
        elif node.op_type == "Add":
            node.input[:] = [activation(name) for name in node.input]
        nodes.append(node)
    del graph.node[:], graph.initializer[:]
    graph.node.extend(nodes)
    used = {name for node in nodes for name in node.input}
    kept = {name: part for name, part in known.items() if name in used} | constants
    graph.initializer.extend(numpy_helper.from_array(part, name) for name, part in kept.items())
    onnx.checker.check_model(model)
    return model.SerializeToString()


def take_bytes(network: bytes, zero: int) -> bytes:
    """A network of :func:`quantise` that is given pictures as they are.

    Its input is uint8 ``(B, H, W, C)``. What was done to levels before is left out but for its
    zero: the scale of the first convolution's input stays, and with it every number in between.

    Args:
        network: its levels less ``zero`` were the whole numbers of the first convolution, but for
            those that its range cut off.
        zero: the level that was 0.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load_model_from_string(network)
    graph = model.graph
    first = next(node for node in graph.node if node.op_type == "QuantizeLinear")
    given = graph.input[0].name
    channels = graph.input[0].type.tensor_type.shape.dim[1].dim_value
    shape = ["batch", "height", "width", channels]
    graph.input[0].CopyFrom(helper.make_tensor_value_info(given, TensorProto.UINT8, shape))
    turn = helper.make_node("Transpose", [given], list(first.output), perm=[0, 3, 1, 2])
    graph.node.remove(first)
    graph.node.insert(0, turn)
    old = next(part for part in graph.initializer if part.name == first.input[2])
    old.CopyFrom(numpy_helper.from_array(np.array(zero, np.uint8), old.name))
    pruned = _pruned(model.SerializeToString())
    onnx.checker.check_model(pruned)
    return pruned.SerializeToString()


def _scales(weights: np.ndarray, biases: np.ndarray) -> np.ndarray:
    """The scale of each output channel of weights ``(out, in, height, width)``.

    Processors without VNNI add the products of two neighbouring weights and activations of up to
    255 in 16 bits. So that they compute the same as others, two neighbours are 128 at most.

    Args:
        weights: of a convolution.
        biases: in units of the scale of the input; they must fit in 32 bits.
    """
    size = np.abs(weights.transpose(0, 2, 3, 1).reshape(len(weights), -1))
    most = size.max(axis=1)
    if weights.shape[1] > 1:  # channels of a depth-wise convolution are not added up
        most = np.maximum(most, (size[:, 1:] + size[:, :-1]).max(axis=1))
    return np.maximum(most / _MOST_WEIGHT, biases / 2**30)


def _rename(graph: Any, old: str, new: str) -> None:
    for node in graph.node:
        node.input[:] = [new if name == old else name for name in node.input]


def _pruned(network: bytes) -> Any:
    """Without the nodes that lead to no output."""
    import onnx

    model = onnx.load_model_from_string(network)
    wanted = {output.name for output in model.graph.output}
    kept = []
    for node in reversed(model.graph.node):
        if wanted.intersection(node.output):
            wanted.update(node.input)
            kept.append(node)
    del model.graph.node[:]
    model.graph.node.extend(reversed(kept))
    return model


def _linear_outputs(graph: Any) -> list[str]:
    clipped = {node.input[0] for node in graph.node if node.op_type == "Clip"}
    first = next(node.input[0] for node in graph.node if node.op_type == "Conv")
    return [first] + [
        node.output[0]
        for node in graph.node
        if node.op_type == "Add" or (node.op_type == "Conv" and node.output[0] not in clipped)
    ]
