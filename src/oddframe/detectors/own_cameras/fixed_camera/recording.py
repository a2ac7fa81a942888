"""What was seen of normal footage, on disk: thousands of looks are more than a laptop remembers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np

from oddframe.detectors.own_cameras.fixed_camera.kept_rows import KeptRows
from oddframe.detectors.own_cameras.fixed_camera.observation import Observation, Scale
from oddframe.detectors.own_cameras.fixed_camera.watching import Seen
from oddframe.features.backbones.patch_features import CHANNELS

_TYPICAL = 15
"""So many pictures say what a video shows: whoever walks by is in fewer than half of them."""
_THUMBNAIL_SIDE, _THUMBNAIL_QUALITY = 240, 70
_MOMENT = np.dtype(
    [
        ("video", "i4"),
        ("group", "i4"),
        ("stretch", "i4"),
        ("rate", "f8"),
        ("judged", "?"),
        ("frame", "i8"),
        ("seconds", "f8"),
        ("window", "i4"),
        ("anew", "?"),
        ("moved", "?"),
        ("elapsed", "f8"),
        ("looked", "?"),
    ]
)
"""A :class:`Seen` without its pictures: whether it has a grey one (``moved``) and a look, and the
seconds since the grey one before, NaN where motion begins anew."""


class Recording:
    """What one pass over normal footage saw.

    Args:
        folder: where it is.
        scale: sizes of the pictures.

    Attributes:
        scale: that.
        kept: the rows, which say how far the pass has come.
    """

    def __init__(self, folder: Path, scale: Scale) -> None:
        self.scale = scale
        self.kept = KeptRows(
            folder,
            {
                "moments": _MOMENT,
                "looks": np.dtype((np.float16, (*scale.grid, CHANNELS))),
                "greys": np.dtype((np.uint8, scale.motion_size[::-1])),
            },
        )

    def add(self, moments: Iterable[Seen]) -> None:
        """Keep all that is seen.

        Raises:
            CannotWriteError: it cannot be written.
        """
        for seen in moments:
            was, elapsed = seen.observation, None
            if was.look is not None:
                self.kept.add("looks", was.look)
            if was.motion is not None:
                grey, elapsed = was.motion
                self.kept.add("greys", grey)
            row = (
                seen.video,
                seen.group,
                seen.stretch,
                seen.rate,
                seen.judged,
                was.frame,
                was.seconds,
                was.window,
                was.anew,
                was.motion is not None,
                math.nan if elapsed is None else elapsed,
                was.look is not None,
            )
            self.kept.add("moments", row)

    @property
    def look_groups(self) -> list[int]:
        """For each look, the part of the footage that it shows."""
        moments = self.kept.rows("moments")
        return moments["group"][moments["looked"]].tolist()

    def moments_of_looks(self) -> tuple[np.ndarray, np.ndarray]:
        """For each look, its video, int32, and its time in seconds, float64."""
        moments = self.kept.rows("moments")
        looked = moments[moments["looked"]]
        return np.array(looked["video"]), np.array(looked["seconds"])

    def thumbnails(self, looks: np.ndarray) -> list[bytes]:
        """For each of these looks, a JPEG of the latest small grey picture."""
        moments, greys = self.kept.rows("moments"), self.greys()
        latest = np.maximum(np.cumsum(moments["moved"]) - 1, 0)[moments["looked"]]
        return [_thumbnail(greys[at]) for at in latest[looks]]

    def looks(self) -> np.ndarray:
        """The looks, memory-mapped, float16 ``(looks, rows, columns, channels)``."""
        return self.kept.rows("looks")

    def greys(self) -> np.ndarray:
        """The small pictures, memory-mapped, uint8 ``(pictures, height, width)``."""
        return self.kept.rows("greys")

    def typical_pictures(self) -> dict[int, np.ndarray]:
        """Of each video the median of some small pictures of it, uint8 ``(height, width)``."""
        moments = self.kept.rows("moments")
        videos = moments["video"][moments["moved"]]
        greys, found = self.greys(), {}
        for video in dict.fromkeys(videos.tolist()):
            own = np.flatnonzero(videos == video)
            some = own[np.linspace(0, own.size - 1, min(own.size, _TYPICAL)).astype(int)]
            middle = some.size // 2
            found[video] = np.partition(greys[some], middle, axis=0)[middle]
        return found

    def replay(self) -> Iterator[Seen]:
        """All that was seen, in order."""
        looks, greys = iter(self.looks()), iter(self.greys())
        for row in self.kept.rows("moments").tolist():
            video, group, stretch, rate, judged, frame, seconds, window, anew, *rest = row
            moved, elapsed, looked = rest
            motion = None
            if moved:
                motion = np.asarray(next(greys)), None if math.isnan(elapsed) else elapsed
            look = np.asarray(next(looks)) if looked else None
            observation = Observation(frame, seconds, window, anew, motion, look)
            yield Seen(video, group, stretch, rate, judged, observation)


def _thumbnail(grey: np.ndarray) -> bytes:
    shrink = min(1.0, _THUMBNAIL_SIDE / max(grey.shape))
    size = max(1, round(grey.shape[1] * shrink)), max(1, round(grey.shape[0] * shrink))
    picture = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _THUMBNAIL_QUALITY])
    return data.tobytes()
