"""What was seen of normal footage, on disk: thousands of looks are more than a laptop remembers."""

from __future__ import annotations

import errno
import math
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from io import RawIOBase
from pathlib import Path

import numpy as np

from oddframe.detectors.own_cameras.fixed_camera.observation import Scale
from oddframe.detectors.own_cameras.fixed_camera.watching import Seen
from oddframe.errors import OddframeError
from oddframe.features.backbones.patch_features import CHANNELS

_TYPICAL = 15
"""So many pictures say what a video shows: whoever walks by is in fewer than half of them."""


@dataclass
class Recording:
    """What one pass over normal footage saw.

    Attributes:
        folder: where the pictures and the looks are.
        scale: their sizes.
        look_groups: for each look, the part of the footage that it shows.
    """

    folder: Path
    scale: Scale
    look_groups: list[int] = field(default_factory=list)
    _moments: list[Seen] = field(default_factory=list)
    """All that was seen, but for the pictures and looks, in place of which stand empty ones."""
    _elapsed: list[float] = field(default_factory=list)

    @classmethod
    def of(cls, moments: Iterable[Seen], folder: Path, scale: Scale) -> Recording:
        """Keep all that is seen.

        Raises:
            OddframeError: it cannot be written.
        """
        recording = cls(folder, scale)
        with ExitStack() as files:
            looks, greys = (
                files.enter_context((folder / name).open("wb", buffering=0))
                for name in ("looks", "greys")
            )
            for seen in moments:
                observation = seen.observation
                if observation.look is not None:
                    recording._write(looks, "looks", observation.look.astype(np.float16))
                    recording.look_groups.append(seen.group)
                if observation.motion is not None:
                    grey, elapsed = observation.motion
                    recording._write(greys, "greys", grey)
                    recording._elapsed.append(math.nan if elapsed is None else elapsed)
                recording._moments.append(_emptied(seen))
        return recording

    def _write(self, stream: RawIOBase, name: str, values: np.ndarray) -> None:
        data = values.tobytes()
        try:
            if stream.write(data) != len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            raise OddframeError(
                f"{self.folder / name}: cannot write the looks at normal footage "
                f"({error.strerror or error}); free some space, or set TMPDIR to another folder"
            ) from error

    def looks(self) -> np.ndarray:
        """The looks, memory-mapped, float16 ``(looks, rows, columns, channels)``."""
        shape = (len(self.look_groups), *self.scale.grid, CHANNELS)
        return np.memmap(self.folder / "looks", dtype=np.float16, mode="r", shape=shape)

    def greys(self) -> np.ndarray:
        """The small pictures, memory-mapped, uint8 ``(pictures, height, width)``."""
        shape = (len(self._elapsed), *self.scale.motion_size[::-1])
        return np.memmap(self.folder / "greys", dtype=np.uint8, mode="r", shape=shape)

    def typical_pictures(self) -> dict[int, np.ndarray]:
        """Of each video the median of some small pictures of it, uint8 ``(height, width)``."""
        videos = [seen.video for seen in self._moments if seen.observation.motion is not None]
        greys, found = self.greys(), {}
        for video in dict.fromkeys(videos):
            own = np.flatnonzero(np.equal(videos, video))
            some = own[np.linspace(0, own.size - 1, min(own.size, _TYPICAL)).astype(int)]
            middle = some.size // 2
            found[video] = np.partition(greys[some], middle, axis=0)[middle]
        return found

    def replay(self) -> Iterator[Seen]:
        """All that was seen, in order."""
        looks, greys = iter(self.looks()), iter(zip(self.greys(), self._elapsed, strict=True))
        for seen in self._moments:
            was = seen.observation
            motion = None
            if was.motion is not None:
                grey, elapsed = next(greys)
                motion = np.asarray(grey), None if math.isnan(elapsed) else elapsed
            look = None if was.look is None else np.asarray(next(looks))
            yield replace(seen, observation=replace(was, motion=motion, look=look))


_THERE = np.zeros(0)


def _emptied(seen: Seen) -> Seen:
    was = seen.observation
    motion = None if was.motion is None else (_THERE, None)
    look = None if was.look is None else _THERE
    return replace(seen, observation=replace(was, motion=motion, look=look))
