"""ONNX networks written by hand: the few messages of its protobuf that a small graph needs.

A field is its number and the kind of its content in one varint, and then a varint, four bytes, or a
length and as many bytes (https://protobuf.dev/programming-guides/encoding; numbers of fields from
``onnx.proto``, IR version 8). Reading is ONNX Runtime's.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np

_IR_VERSION = 8
_TYPES = {"float32": 1, "int64": 7}
_FLOAT, _INT, _INTS = 1, 2, 7
"""Types of attributes."""
_EXTERNAL = 1
_MOST_BITS = 64


class OnnxGraph:
    """A graph to which tensors and nodes are added, in the order in which nodes are computed.

    Args:
        name: what the graph is called.
        opset: version of the operators.
    """

    def __init__(self, name: str, opset: int) -> None:
        self._name, self._opset = name, opset
        self._nodes: list[bytes] = []
        self._constants: list[bytes] = []
        self._inputs: list[bytes] = []
        self._outputs: list[bytes] = []

    def add_input(self, name: str, shape: Sequence[int]) -> None:
        """What the network is given, float32."""
        self._inputs.append(_value(name, shape))

    def add_output(self, name: str, shape: Sequence[int]) -> None:
        """What the network says, float32: the output of some node."""
        self._outputs.append(_value(name, shape))

    def add_constant(self, name: str, values: np.ndarray) -> str:
        """Numbers that the network holds, float32 or int64; returns their name."""
        held = values.astype(values.dtype.newbyteorder("<")).tobytes()
        kind = _TYPES[values.dtype.name]
        self._constants.append(
            _dims(values.shape) + _int(2, kind) + _text(8, name) + _sized(9, held)
        )
        return name

    def add_table(self, name: str, shape: Sequence[int]) -> str:
        """Numbers, float32, that whoever opens the network gives beside it; returns their name."""
        place = _text(1, "location") + _text(2, name)
        known = _dims(shape) + _int(2, _TYPES["float32"]) + _text(8, name)
        self._constants.append(known + _sized(13, place) + _int(14, _EXTERNAL))
        return name

    def add_node(
        self,
        kind: str,
        given: Sequence[str],
        outputs: Sequence[str],
        **attributes: float | int | Sequence[int],
    ) -> None:
        """An operation.

        Args:
            kind: the operator's name.
            given, outputs: names of what it takes and makes.
            attributes: a whole number, another number, or whole numbers, by name.
        """
        node = b"".join(_text(1, name) for name in given)
        node += b"".join(_text(2, name) for name in outputs)
        node += _text(4, kind)
        node += b"".join(
            _sized(5, _attribute(name, attributes[name])) for name in sorted(attributes)
        )
        self._nodes.append(node)

    def model(self) -> bytes:
        """The network as ONNX Runtime opens it."""
        parts = ((1, self._nodes), (5, self._constants), (11, self._inputs), (12, self._outputs))
        fields = [_sized(field, part) for field, found in parts for part in found]
        fields.insert(len(self._nodes), _text(2, self._name))
        operators = _text(1, "") + _int(2, self._opset)
        return _int(1, _IR_VERSION) + _sized(7, b"".join(fields)) + _sized(8, operators)


def _attribute(name: str, value: float | int | Sequence[int]) -> bytes:
    if isinstance(value, int):
        return _text(1, name) + _int(3, value) + _int(20, _INT)
    if isinstance(value, float):
        number = _key(2, 5) + struct.pack("<f", value)
        return _text(1, name) + number + _int(20, _FLOAT)
    numbers = b"".join(_int(8, number) for number in value)
    return _text(1, name) + numbers + _int(20, _INTS)


def _value(name: str, shape: Sequence[int]) -> bytes:
    """Name, type and shape of an input or output."""
    sizes = b"".join(_sized(1, _int(1, size)) for size in shape)
    tensor = _int(1, _TYPES["float32"]) + _sized(2, sizes)
    return _text(1, name) + _sized(2, _sized(1, tensor))


def _dims(shape: Sequence[int]) -> bytes:
    return b"".join(_int(1, size) for size in shape)


def _text(field: int, text: str) -> bytes:
    return _sized(field, text.encode())


def _sized(field: int, content: bytes) -> bytes:
    return _key(field, 2) + _varint(len(content)) + content


def _int(field: int, number: int) -> bytes:
    return _key(field, 0) + _varint(number)


def _key(field: int, kind: int) -> bytes:
    return _varint(field << 3 | kind)


def _varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first; negative ones as 64 bits."""
    number &= (1 << _MOST_BITS) - 1
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    found.append(number)
    return bytes(found)
