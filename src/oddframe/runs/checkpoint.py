"""A checkpoint: the file of a fitted detector, which holds tensors and plain values only."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

import oddframe
from oddframe.detectors.conformance import is_name
from oddframe.detectors.contract import Detector
from oddframe.errors import OddframeError
from oddframe.files.atomic import atomic_path
from oddframe.files.tensor_archive import KINDS, read_tensor_archive, write_tensor_archive
from oddframe.files.text_files import shown

FORMAT = "oddframe-run/1"
EXPORTED = "oddframe-export/1"
"""Of a detector whose network lies beside it (:mod:`oddframe.runs.exported_network`)."""


def write_checkpoint(path: Path, detector: Detector, version: int = 0) -> Path:
    """Write the state of a detector atomically; the path.

    Args:
        path: the file.
        detector: the detector.
        version: how often it was taught (:mod:`oddframe.runs.lessons`).

    Raises:
        OddframeError: the detector's state holds what no checkpoint can hold, or the disk is full.
    """
    return write_content(path, FORMAT, detector.name, detector.state(), version)


def write_content(
    path: Path, form: str, name: str, state: Any, version: int = 0, **more: str
) -> Path:
    """Write a checkpoint of a state.

    Args:
        path: the file.
        form: :data:`FORMAT` or :data:`EXPORTED`.
        name: of the detector.
        state: what it is made of.
        version: how often it was taught.
        more: other plain values of the format.

    Raises:
        OddframeError: the state holds what no checkpoint can hold, or the disk is full.
    """
    content = {
        "format": form,
        "oddframe": oddframe.__version__,
        "detector": name,
        **({"version": version} if version else {}),
        **more,
        "state": as_saved(state, f"the state of detector '{name}'"),
    }
    with atomic_path(path) as temporary:
        write_tensor_archive(temporary, content)
    return path


def read_checkpoint(path: Path) -> tuple[str, dict[str, Any]]:
    """The name of a detector, and the content: its ``state`` has an array for each tensor.

    Raises:
        OddframeError: no checkpoint, damaged, or of another format version.
    """
    content = read_tensor_archive(path, "the checkpoint of a run", "train again")
    found = content.get("format") if isinstance(content, dict) else None
    if found not in (FORMAT, EXPORTED):
        again = "train again" if str(found).startswith("oddframe-run/") else "make it again"
        made_by = content.get("oddframe", "?") if isinstance(content, dict) else "?"
        raise OddframeError(
            f"{path}: expected a run of format '{FORMAT}', found {found!r} (made by oddframe "
            f"{made_by}, this is {oddframe.__version__}); {again} with this version"
        )
    name = content.get("detector")
    if not is_name(name):
        raise OddframeError(f"{path}: expected the name of a detector, found {shown(name)}")
    return name, content


def as_saved(value: Any, place: str) -> Any:
    """Arrays and plain values, which are all that a checkpoint holds.

    Args:
        value: arrays, tensors, plain values, and mappings and lists of these.
        place: how a message calls it.

    Raises:
        OddframeError: naming the place of anything else.
    """
    if (torch := sys.modules.get("torch")) and isinstance(value, torch.Tensor):
        with suppress(TypeError, RuntimeError, NotImplementedError):  # a kind that NumPy has not
            value = value.detach().cpu().numpy()
    if isinstance(value, np.ndarray) and value.dtype.name in KINDS:
        return value
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise OddframeError(f"{place}: expected names as text, found {key!r}")
        return {key: as_saved(part, f"{place}, {key}") for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [as_saved(part, f"{place}, item {n}") for n, part in enumerate(value)]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    found = f"an array of {value.dtype}" if isinstance(value, np.ndarray) else type(value).__name__
    if hasattr(value, "layout"):
        found = f"a tensor for which NumPy has no array ({value.dtype}, {value.layout})"
    raise OddframeError(
        f"{place}: expected tensors, arrays of numbers, numbers, text, lists and dicts of them, "
        f"found {found}; change what state() returns"
    )
