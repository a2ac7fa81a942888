"""Python pickles of NumPy arrays, which Caffe2 and JAX projects publish, read without a pickle's
powers.

An ordinary ``pickle.load`` runs whatever the file says, and even harmless names are dangerous in
foreign hands: ``numpy.ndarray`` called with a shape gives an array of any size. So every name here
stands for something of our own that only notes what it is given; arrays are made of it afterwards.
"""

from __future__ import annotations

import io
import math
import pickle
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np


@dataclass
class NotedArray:
    """What a pickle says of an array."""

    shape: Any = ()
    kind: Any = None
    column_major: bool = False
    data: Any = field(default=b"", repr=False)

    def __setstate__(self, state: Any) -> None:
        _, self.shape, self.kind, self.column_major, self.data = state

    @property
    def nbytes(self) -> int:
        """Bytes that it holds."""
        return len(self.data) if isinstance(self.data, str | bytes | bytearray) else 0

    def array(self) -> np.ndarray | None:
        """The array's floating-point numbers as float32; None if it holds something else.

        Raises:
            ValueError: shape and data do not fit each other.
        """
        kinds = ("f2", "f4", "f8")
        if not isinstance(self.kind, NotedKind) or self.kind.name not in kinds:
            return None
        kind = np.dtype(f"{self.kind.order}{self.kind.name}")
        if not isinstance(self.shape, tuple) or not all(type(n) is int for n in self.shape):
            raise ValueError("an array without a shape")
        # Python 2 wrote bytes as text of as many characters.
        data = self.data.encode("latin1") if isinstance(self.data, str) else self.data
        count = math.prod(self.shape)
        if self.nbytes != kind.itemsize * count or min(self.shape, default=0) < 0:
            raise ValueError(f"an array of {self.nbytes} bytes with a shape of others")
        order: Literal["F", "C"] = "F" if self.column_major else "C"
        array = np.frombuffer(data, kind).reshape(self.shape, order=order)
        with np.errstate(over="ignore"):  # what float32 cannot hold is found where it is used
            return array.astype(np.float32)


@dataclass
class NotedKind:
    """What a pickle says of a type of numbers: its name and its byte order."""

    name: Any
    order: str = "<"

    def __setstate__(self, state: Any) -> None:
        self.order = ">" if state[1] == ">" else "<"


class _Name:
    """A name that is only handed on, such as the class of an array."""


def _empty_array(*_: Any) -> NotedArray:
    return NotedArray()


def _array_of_buffer(data: Any, kind: Any, shape: Any, order: Any) -> NotedArray:
    return NotedArray(tuple(shape), kind, order == "F", data)


def _kind(name: Any, *_: Any) -> NotedKind:
    return NotedKind(name)


def _bytes_of_text(text: Any, encoding: Any) -> bytes:
    if encoding not in ("latin1", "latin-1") or not isinstance(text, str):
        raise pickle.UnpicklingError("it asks for another encoding than latin1")
    return text.encode("latin1")


_ALLOWED = {
    ("numpy", "ndarray"): _Name(),
    ("numpy", "dtype"): _kind,
    # Old NumPy named the module without the underscore; Python 2 wrote bytes through _codecs.
    ("numpy.core.multiarray", "_reconstruct"): _empty_array,
    ("numpy._core.multiarray", "_reconstruct"): _empty_array,
    ("numpy.core.numeric", "_frombuffer"): _array_of_buffer,
    ("numpy._core.numeric", "_frombuffer"): _array_of_buffer,
    ("_codecs", "encode"): _bytes_of_text,
}


# The one in Python: the compiled one takes memory for as many values as a file says it has.
class _Unpickler(pickle._Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}") from None


def read_array_pickle(data: bytes) -> Any:
    """The value of a pickle, its arrays as :class:`NotedArray`.

    Raises:
        Exception: of nearly any kind, if it is no pickle or asks for more than arrays.
    """
    return _Unpickler(io.BytesIO(data), encoding="latin1").load()
