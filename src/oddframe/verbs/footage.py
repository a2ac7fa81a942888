"""What a verb is given to look at: a manifest, a folder of videos, or one video."""

from __future__ import annotations

from pathlib import Path

from oddframe.datasets.folder import prepare_folder
from oddframe.errors import OddframeError
from oddframe.videos import Manifest


def read_footage(footage: Path, root: Path | None = None) -> Manifest:
    """The videos of a manifest (``.jsonl``), of a folder, or the one video.

    Args:
        footage: what was given.
        root: folder that a manifest's paths are relative to, if the data moved.

    Raises:
        OddframeError: nothing there, or nothing that is a video.
    """
    if footage.suffix == ".jsonl":
        return Manifest.read(footage, root)
    if not footage.exists():
        raise OddframeError(f"{footage}: no such video, folder or manifest")
    return prepare_folder(footage)
