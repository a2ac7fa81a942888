"""Files of PyTorch without PyTorch: arrays and plain values, as ``torch.load`` reads them.

Such a file is an uncompressed ZIP archive: a pickle that says what there is (``data.pkl``), and the
numbers of each array in a file of its own (``data/0``, ``data/1``, ...). Of the pickle only
what makes tensors is ever called; the file that is written also loads with ``weights_only=True``.
"""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from oddframe.errors import OddframeError
from oddframe.files.archives import require_small
from oddframe.files.plain_content import PICKLED, content_fault, unreadable
from oddframe.files.regular_files import require_file
from oddframe.files.text_files import shown

_STORAGES = {
    "FloatStorage": "float32",
    "DoubleStorage": "float64",
    "HalfStorage": "float16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
    "ComplexFloatStorage": "complex64",
    "ComplexDoubleStorage": "complex128",
}
"""PyTorch's names of kinds of numbers; the unsigned ones, which came later, have none."""
_NAMES = {kind: name for name, kind in _STORAGES.items()}
_UNSIGNED = ("uint16", "uint32", "uint64")
KINDS = frozenset((*_NAMES, *_UNSIGNED))
"""The kinds of numbers that arrays in such a file may have."""
_ROOT = "archive"


def write_tensor_archive(path: Path, content: Any) -> None:
    """Write a file.

    Args:
        path: where; not atomically.
        content: arrays of :data:`KINDS`, ``None``, true and false, numbers and text, and lists and
            dicts of these.
    """
    arrays: list[np.ndarray] = []
    described = io.BytesIO()
    described.write(b"\x80\x02")
    _write(described, content, arrays)
    described.write(b".")
    # No view of the buffer: Python 3.12.1 crashes where its collector takes that first.
    parts: dict[str, bytes | memoryview] = {"data.pkl": described.getvalue()}
    parts["byteorder"] = b"little"
    parts |= {f"data/{n}": _bytes(array) for n, array in enumerate(arrays)}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, data in (parts | {"version": b"3\n"}).items():
            member = zipfile.ZipInfo(f"{_ROOT}/{name}")  # of no day: the same content is the same
            with archive.open(member, "w", force_zip64=True) as stream:
                stream.write(data)


def _bytes(array: np.ndarray) -> memoryview:
    return array.reshape(-1).view(np.uint8).data


def read_tensor_archive(path: Path, what: str, advice: str) -> Any:
    """The content of a file that :func:`write_tensor_archive` or PyTorch made.

    Args:
        path: the file.
        what: what it should be, for messages: ``a checkpoint``.
        advice: what to do if it is not there or damaged.

    Returns:
        An array, a plain value, or dicts and lists of these; each array has its numbers for itself.

    Raises:
        OddframeError: no such file, a damaged one, something else, pickled objects, or arrays that
            claim more numbers than the file holds of them.
    """
    require_file(path, what, advice)
    try:
        with zipfile.ZipFile(path) as archive:
            require_small(path, what, archive.infolist())
            content = _Reader(archive).load()
    except OddframeError:
        raise
    except _NotPlainError as error:
        raise OddframeError(f"{path}: expected {what}, found {error}") from error
    except Exception as error:  # a damaged pickle can raise anything
        raise OddframeError(
            f"{path}: expected {what}, found {unreadable(path, error)}; {advice}"
        ) from error
    if wrong := content_fault(content, np.ndarray, lambda _: ""):
        raise OddframeError(f"{path}: expected {what}, found {wrong}; {advice}")
    return content


class _NotPlainError(Exception):
    """Something in a pickle that is no array and no plain value."""


class _Reader(pickle.Unpickler):
    """Reads what there is in an archive."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        names = [name for name in archive.namelist() if name.endswith("/data.pkl")]
        self._root = names[0].removesuffix("data.pkl")
        self._archive, self._stored = archive, dict[str, np.ndarray]()
        if f"{self._root}byteorder" in archive.namelist():
            order = archive.read(f"{self._root}byteorder").decode()
            if order != "little":
                raise _NotPlainError(
                    f"numbers in {shown(order)} byte order; make it on such a machine"
                )
        super().__init__(io.BytesIO(archive.read(names[0])))

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuilt
        if (module, name) == ("torch._utils", "_rebuild_tensor_v3"):
            return _rebuilt_of_a_kind
        if (module, name) == ("torch._utils", "_rebuild_parameter"):
            return _of_parameter
        if module == "torch" and name in _STORAGES:
            return _STORAGES[name]
        if module == "torch" and name in _UNSIGNED:
            return name
        if (module, name) == ("torch.storage", "UntypedStorage"):
            return "uint8"
        raise _NotPlainError(PICKLED)

    def persistent_load(self, pid: Any) -> np.ndarray:
        _, kind, key, _, count = pid
        if key not in self._stored:
            held = np.frombuffer(self._archive.read(f"{self._root}data/{key}"), np.uint8)
            self._stored[key] = held
        found = self._stored[key].view(kind)
        if found.size != count:
            raise _NotPlainError(f"{count} numbers where it holds {found.size}")
        return found


def _rebuilt(stored: np.ndarray, offset: int, shape: Any, strides: Any, *_: Any) -> np.ndarray:
    """A copy of a part of what is stored."""
    asked = int(np.prod(shape, dtype=object)) if shape else 1
    last = offset + sum((length - 1) * step for length, step in zip(shape, strides, strict=True))
    if asked > stored.size:
        raise _NotPlainError(f"a tensor that claims {asked:,} numbers and holds {stored.size:,}")
    if not asked:
        return np.zeros(shape, stored.dtype)
    if offset < 0 or min(strides, default=0) < 0 or last >= stored.size:
        raise _NotPlainError("a tensor that reaches beyond its numbers")
    steps = [step * stored.itemsize for step in strides]
    return np.lib.stride_tricks.as_strided(stored[offset:], shape, steps, writeable=False).copy()


def _rebuilt_of_a_kind(
    stored: np.ndarray, offset: int, shape: Any, strides: Any, grad: Any, hooks: Any, kind: str
) -> np.ndarray:
    return _rebuilt(stored.view(kind), offset, shape, strides, grad, hooks)


def _of_parameter(data: np.ndarray, *_: Any) -> np.ndarray:
    return data


def _write(stream: io.BytesIO, value: Any, arrays: list[np.ndarray]) -> None:
    """Append what makes a value, in the second protocol of ``pickle``."""
    match value:
        case None:
            stream.write(b"N")
        case bool():
            stream.write(b"\x88" if value else b"\x89")
        case int():
            _whole(stream, value)
        case float():
            stream.write(b"G" + struct.pack(">d", value))
        case str():
            _text(stream, value)
        case np.ndarray():
            _array(stream, value, arrays)
        case Mapping():
            stream.write(b"}(")
            for key, part in value.items():
                _write(stream, key, arrays)
                _write(stream, part, arrays)
            stream.write(b"u")
        case _:
            stream.write(b"](")
            for part in value:
                _write(stream, part, arrays)
            stream.write(b"e")


def _whole(stream: io.BytesIO, value: int) -> None:
    coded = pickle.encode_long(value)
    stream.write(b"\x8a" + struct.pack("<B", len(coded)) + coded)


def _text(stream: io.BytesIO, value: str) -> None:
    coded = value.encode("utf-8", "surrogatepass")
    stream.write(b"X" + struct.pack("<I", len(coded)) + coded)


def _array(stream: io.BytesIO, array: np.ndarray, arrays: list[np.ndarray]) -> None:
    little = array.astype(array.dtype.newbyteorder("<"), copy=False)
    array = np.ascontiguousarray(little).reshape(array.shape)  # which would have one axis at least
    kind, whole = array.dtype.name, partial(_whole, stream)
    unsigned = kind in _UNSIGNED
    stream.write(
        b"ctorch._utils\n" + (b"_rebuild_tensor_v3\n" if unsigned else b"_rebuild_tensor_v2\n")
    )
    stream.write(b"((")
    _text(stream, "storage")
    stream.write(
        b"ctorch.storage\nUntypedStorage\n" if unsigned else f"ctorch\n{_NAMES[kind]}\n".encode()
    )
    _text(stream, str(len(arrays)))
    _text(stream, "cpu")
    whole(array.nbytes if unsigned else array.size)
    stream.write(b"tQ")
    whole(0)
    _tuple(stream, array.shape, whole)
    _tuple(stream, [step // array.itemsize for step in array.strides], whole)
    stream.write(b"\x89ccollections\nOrderedDict\n)R")
    if unsigned:
        stream.write(f"ctorch\n{kind}\n".encode())
    stream.write(b"tR")
    arrays.append(array)


def _tuple(stream: io.BytesIO, values: Any, whole: Callable[[int], None]) -> None:
    stream.write(b"(")
    for value in values:
        whole(value)
    stream.write(b"t")
