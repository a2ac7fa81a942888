"""Patterns such as ``monday/*.mp4``, where no shell has made files of them."""

from __future__ import annotations

import glob
from collections.abc import Iterable
from pathlib import Path

from oddframe.errors import OddframeError
from oddframe.media.image_series import natural_key


def is_pattern(path: Path) -> bool:
    """Whether a path stands for those that look like it: it holds ``*``, ``?`` or ``[...]``.

    A file or folder of that very name stands for itself.
    """
    return glob.has_magic(str(path)) and not path.exists()


def expanded(paths: Iterable[Path]) -> list[Path]:
    """The paths, each pattern replaced by what it stands for, in natural order.

    ``**`` stands for any folders, and what is hidden is meant only where the pattern says so.

    Raises:
        OddframeError: a pattern that stands for nothing.
    """
    found: list[Path] = []
    for path in paths:
        if not is_pattern(path):
            found.append(path)
            continue
        # Path.glob would take what is hidden too.
        like = sorted(glob.glob(str(path), recursive=True), key=natural_key)  # noqa: PTH207
        if not like:
            raise OddframeError(f"{path}: expected files that look like this, found none")
        found += map(Path, like)
    return found
