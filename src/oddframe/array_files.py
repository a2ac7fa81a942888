"""Named arrays in one ``.npz``: written atomically, read without pickles."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from oddframe.atomic import atomic_path
from oddframe.errors import OddframeError


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> Path:
    """Write an ``.npz`` atomically and return its path."""
    # Not np.savez: it takes names as keyword arguments, and one may be called "file".
    with atomic_path(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as stream:
                np.lib.format.write_array(stream, array, allow_pickle=False)
    return path


def read_arrays(path: Path, content: str) -> dict[str, np.ndarray]:
    """Every array of an ``.npz`` by name.

    Args:
        path: the file.
        content: what each array is, for the error: ``one array per video id``.

    Raises:
        OddframeError: not such a file, damaged, or with pickled objects.
    """
    try:
        archive = np.load(path, allow_pickle=False)
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise ValueError("a single array")
        with archive:
            return {name: archive[name] for name in archive.files}
    except (
        OSError,
        ValueError,
        EOFError,
        RuntimeError,  # zipfile: encrypted, or compressed in an unknown way
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise OddframeError(f"{path}: expected an .npz of {content}, found {error}") from error
