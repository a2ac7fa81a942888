"""What files of tensors and arrays may hold beside them, and what a file is that is none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from oddframe.files.text_files import shown

PICKLED = (
    "pickled Python objects, which could run code when read; save model.state_dict() where the "
    "file was made"
)
"""What a file has that is not read, and what to do."""
_OTHERS = {
    b"\x89HDF": "an HDF5 file",
    b"\x93NUMPY": "a NumPy array",
    b"MATLAB": "a MATLAB file",
}
_DEEPEST = 32
_MOST_VALUES = 2_000_000
_LONGEST_INTEGER = 256
"""Bits; states of random generators have 128."""
_PLAIN = (str, bytes, float, bool, type(None))


def content_fault(content: Any, kind: type, fault: Callable[[Any], str]) -> str:
    """What is not plain in a content, in words; empty if all is.

    Args:
        content: dicts and lists of values.
        kind: what holds numbers: tensors, or arrays.
        fault: why one of these is not plain; empty if it is.
    """
    waiting: list[tuple[str, Any, int]] = [("", content, 0)]
    seen = 0
    while waiting:
        name, value, depth = waiting.pop()
        seen += 1
        if depth > _DEEPEST or seen + len(waiting) > _MOST_VALUES:
            return "values within values without end"
        if isinstance(value, kind):
            if said := fault(value):
                return f"{said} under {shown(name)}" if name else said
        elif isinstance(value, dict):
            for key, part in value.items():
                if type(key) not in (str, int):
                    return f"a key that is {shown(key)}, not a name"
                waiting.append((f"{name}.{key}" if name else str(key), part, depth + 1))
        elif isinstance(value, list | tuple):
            waiting += [(f"{name}[{place}]", part, depth + 1) for place, part in enumerate(value)]
        elif type(value) is int and value.bit_length() > _LONGEST_INTEGER:
            return f"a whole number of {value.bit_length()} bits under {shown(name)}"
        elif type(value) is not int and type(value) not in _PLAIN:
            return f"{type(value).__name__} under {shown(name)}"
    return ""


def unreadable(path: Path, error: Exception) -> str:
    """What a file is that cannot be read as one of PyTorch, in words.

    Args:
        path: the file.
        error: whose words are for files that may be of PyTorch.
    """
    with path.open("rb") as stream:
        begins = stream.read(1000)
    if begins.startswith((b"PK", b"\x80")):
        return f"a damaged file or something else ({_reason(error)})"
    kind = next((kind for start, kind in _OTHERS.items() if begins.startswith(start)), "other data")
    if begins[8:10] == b'{"':
        kind = "a safetensors file"
    elif begins and not any(byte < 9 for byte in begins):
        kind = "text"
    return f"{kind}, which is no file of PyTorch" if begins else "an empty file"


def _reason(error: Exception) -> str:
    """The first line of what a library says; never its advice to load without care."""
    said = str(error).rpartition("WeightsUnpickler error:")[2].strip()
    first = (said.splitlines() or [""])[0][:120]
    return type(error).__name__ if not first or "weights_only" in first else first
