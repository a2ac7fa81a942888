"""Scoring a part of a video: the part as a video of its own, and its results in the whole again.

The part is judged as if the video began and ended with it: what a detector remembers begins there,
and nothing is smoothed over its ends. Scores are a number for each frame of the whole; of frames
that were not judged it is the middle one of the part, and they are named as untested.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from oddframe.detectors.contract import FrameDetector
from oddframe.errors import OddframeError
from oddframe.files.array_files import read_arrays, write_arrays
from oddframe.scores.judged_part import JudgedPart
from oddframe.scores.maps import widen_maps
from oddframe.scoring.frames import score_frames
from oddframe.scoring.kept import VideoScores
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Video


def score_part(
    detector: FrameDetector, manifest: Manifest, video: Video, part: JudgedPart, **how: Any
) -> VideoScores:
    """Scores of a video of which only a part is judged.

    Args:
        detector: the detector.
        manifest: says where the video is.
        video: the whole video.
        part: which part.
        how: the options of :func:`oddframe.scoring.frames.score_frames`.

    Raises:
        OddframeError: the video ends before the part, or as of that function.
    """
    try:
        first, end = part.frames(video.clock)
    except OddframeError as error:
        raise OddframeError(f"{manifest.locate(video)}: {error}") from None
    frames = PartFrames(video, first, end)
    found = score_frames(detector, manifest, frames.alone(), within=(first, end), **how)
    frames.widen(len(found.values), how["terms"], how["baselines"], maps=how["maps"])
    return frames.in_whole(found)


@dataclass(frozen=True)
class PartFrames:
    """Frames ``[first, end)`` of a video; no end for all that can be decoded.

    Attributes:
        video: the whole video.
        first, end: which of its frames.
    """

    video: Video
    first: int
    end: int | None

    def alone(self) -> Video:
        """The part as a video that begins with it; its file is that of the whole."""
        last = self.video.frames if self.end is None else self.end
        clock = replace(self.video.clock, frames=last).later(self.first)
        return replace(
            self.video,
            frames=clock.frames,
            times=clock.knots,
            start=clock.start,
            cuts=(),
            events=(),
        )

    def in_whole(self, found: VideoScores) -> VideoScores:
        """The scores of the part, among those of all frames of the whole.

        Args:
            found: with frames of the part.
        """
        first, end, frames = self._room(len(found.values))
        values = np.full(frames, np.median(found.values), np.float32)
        values[first:end] = found.values
        unseen = ((0, first), *((a + first, b + first) for a, b in found.untested), (end, frames))
        return VideoScores(
            values,
            tuple(replace(reason, frame=reason.frame + first) for reason in found.reasons),
            tuple(cut + first for cut in found.cuts),
            tuple(
                replace(trouble, start=trouble.start + first, end=trouble.end + first)
                for trouble in found.camera
            ),
            tuple(span for span in unseen if span[0] < span[1]),
        )

    def widen(self, judged: int, *arrays: Path, maps: Path | None) -> None:
        """Make files of the part those of the whole: the frames that were not judged get room.

        Args:
            judged: frames of the part.
            arrays: files of arrays ``(frames,)`` by name, as far as they are there.
            maps: file of score maps, if there is one.

        Raises:
            OddframeError: a file that cannot be read or written.
        """
        first, end, frames = self._room(judged)
        room = first, frames - end
        for path in arrays:
            if path.is_file():
                part = read_arrays(path, "one array per name")
                middles = {name: np.median(values) for name, values in part.items()}
                whole = {n: np.pad(v, room, constant_values=middles[n]) for n, v in part.items()}
                write_arrays(path, whole)
        if maps is not None and maps.is_file():
            widen_maps(maps, *room)

    def _room(self, judged: int) -> tuple[int, int, int]:
        """First frame and end of what was judged, and the frames of the whole."""
        end = self.first + judged
        # Without an end, or where the file ends before it, the last judged frame is the last.
        return self.first, end, self.video.frames if end == self.end else end
