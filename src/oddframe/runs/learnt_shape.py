"""Of what shape the pictures were that a run learnt from: it knows them place by place."""

from __future__ import annotations

from oddframe.runs.run_folder import MANIFEST, Run
from oddframe.videos.manifest import Manifest

_OTHER = 0.05
"""Share by which a width beside a height may differ."""

Sizes = tuple[tuple[int, int], ...]
"""Widths and heights."""


def learnt_sizes(run: Run) -> Sizes:
    """The sizes of the pictures that a run learnt from, as far as its folder tells, each once."""
    path = run.folder / MANIFEST
    if not path.is_file():
        return ()
    videos = Manifest.read(path).split("train")
    sizes = ((video.width, video.height) for video in videos if video.width and video.height)
    return tuple(dict.fromkeys(sizes))


def is_unlike(learnt: Sizes, size: tuple[int, int]) -> bool:
    """Whether pictures of a size (width, height) are of another shape than all that were learnt.

    By other places than it knows a run would judge them. The same picture in another size is none.
    """
    shape = size[0] / size[1]
    return bool(learnt) and all(abs(shape * high / wide - 1) > _OTHER for wide, high in learnt)
