"""The normal footage that a run knows of: what it learnt from, and what was held out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from oddframe.errors import OddframeError
from oddframe.runs.run_folder import MANIFEST, Run
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Video


@dataclass(frozen=True)
class OwnFootage:
    """The normal footage of a run.

    Attributes:
        manifest: says where the videos are.
        held_out: the normal videos that the run did not learn from; empty where there are none.
        learnt: those that it did.
    """

    manifest: Manifest
    held_out: tuple[Video, ...]
    learnt: tuple[Video, ...]


def own_manifest(run: Run, root: Path | None) -> Manifest | None:
    """What a run was trained on; None where its folder says nothing, or it was features alone.

    Args:
        run: the run.
        root: folder that the paths of the run's manifest are relative to, if the data moved.
    """
    path = run.folder / MANIFEST
    if not path.is_file():
        return None
    manifest = Manifest.read(path, root)
    return manifest if any(video.path for video in manifest) else None


def own_footage(run: Run, root: Path | None, option: str, instead: str) -> OwnFootage:
    """The run's own normal footage, of which there is some, and all that is wanted is there.

    Args:
        run: the run.
        root: folder that the paths of the run's manifest are relative to, if the data moved.
        option: what a person gives other footage with, for messages: ``FOOTAGE``.
        instead: a command that gives some.

    Raises:
        OddframeError: nothing says what footage it is, it has none, or it is not there any more.
    """
    own = own_manifest(run, root)
    if own is None:
        raise OddframeError(
            f"{run.folder}: nothing says what normal footage this run has; give some: {instead}"
        )
    held, learnt = normal_videos(own, "val"), normal_videos(own, "train")
    videos = held or learnt
    if not videos:
        raise OddframeError(f"{run.folder}: its manifest has no normal footage; give {option}")
    gone = next((v for v in videos if not own.locate(v).exists()), None)
    if gone is not None:
        raise OddframeError(
            f"{own.locate(gone)}: the footage of the run {run.folder} is not there any more; give "
            f"{option}, or the folder that holds the data now with --root"
        )
    return OwnFootage(own, held, learnt)


def normal_videos(manifest: Manifest, *splits: str | None) -> tuple[Video, ...]:
    """The normal videos of the first split that has any; None is all of them."""
    for split in splits:
        videos = manifest.videos if split is None else manifest.split(split)
        normal = tuple(v for v in videos if v.path and v.label != "anomalous" and not v.events)
        if normal:
            return normal
    return ()
