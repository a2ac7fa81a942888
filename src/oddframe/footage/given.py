"""What a verb is given to look at: a manifest, a folder of videos, or one video."""

from __future__ import annotations

from pathlib import Path

from oddframe.errors import OddframeError
from oddframe.footage.folder import footage_below
from oddframe.videos.manifest import Manifest


def read_footage(footage: Path, root: Path | None = None, *, labels: bool = False) -> Manifest:
    """The videos of a manifest (``.jsonl``), of a folder, or the one video.

    Args:
        footage: what was given.
        root: folder that a manifest's paths are relative to, if the data moved.
        labels: whether it matters which frames are labelled anomalous in files beside videos.

    Raises:
        OddframeError: nothing there, or nothing that is a video.
    """
    if footage.suffix == ".jsonl":
        return Manifest.read(footage, root)
    if not footage.exists():
        raise OddframeError(f"{footage}: no such video, folder or manifest")
    return footage_below(footage, labels=labels)
