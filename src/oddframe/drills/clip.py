"""A stretch of footage that can be read again and again, at any of its frames."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np

from oddframe.drills.foreground import background_of
from oddframe.errors import OddframeError
from oddframe.media.frames import MediaInfo, Resampling, VideoReader, grey_of, resize
from oddframe.videos.manifest import Manifest
from oddframe.videos.opening import open_footage
from oddframe.videos.video import Video

LONG_SIDE = 640
"""Footage that is larger is drilled at this size: what is kept of it must fit on a disk."""
MOST_BYTES = 1_500_000_000
"""Of one stretch, as it is kept while it is used."""
_BACKGROUND_LOOKS = 41
_BLOCK = 8
_MEAN_DIFFERENCE = 1.128
"""Mean absolute difference of two values with independent noise of standard deviation 1."""


@dataclass(frozen=True)
class Clip:
    """A stretch of footage.

    Attributes:
        video: id of the video that it is from.
        start: where in the video it begins, in seconds.
        fps: frames per second; where they are not regular, the typical rate.
        seconds: when each frame is shown, from the first, ``(frames,)``.
        images: uint8 RGB ``(frames, height, width, 3)``.
        greys: uint8 ``(frames, height, width)``, as the reader gives them: of video these are no
            mixture of the colours, but a degree or two apart from that.
    """

    video: str
    start: float
    fps: float
    seconds: np.ndarray
    images: np.ndarray
    greys: np.ndarray

    def __len__(self) -> int:
        return len(self.images)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.images.shape[2], self.images.shape[1]

    @property
    def length(self) -> float:
        """Seconds."""
        return float(self.seconds[-1]) + 1 / self.fps if len(self) else 0.0

    def frame_at(self, seconds: float) -> int:
        """The frame that is shown at a time; the first or last where it is outside."""
        at = int(np.searchsorted(self.seconds, seconds + 1e-6, side="right")) - 1
        return min(max(at, 0), len(self) - 1)

    @cached_property
    def background(self) -> np.ndarray:
        """The scene without what moves: the median of frames over the stretch, uint8 RGB."""
        return background_of(self.images, _BACKGROUND_LOOKS)

    @cached_property
    def noise(self) -> float:
        """Standard deviation of the sensor's noise in grey levels, from what does not move."""
        chosen = np.linspace(0, max(len(self) - 2, 0), min(len(self) - 1, 12)).astype(int)
        blocks = []
        for at in chosen.tolist():
            step = cv2.absdiff(self.images[at], self.images[at + 1])[..., 1].astype(np.float32)
            width, height = (max(1, side // _BLOCK) for side in self.size)
            blocks.append(cv2.resize(step, (width, height), interpolation=cv2.INTER_AREA).ravel())
        # Most blocks do not move; two frames differ by the noise of both.
        return float(np.median(np.concatenate(blocks))) / _MEAN_DIFFERENCE if blocks else 0.0

    @cached_property
    def is_grey(self) -> bool:
        """Whether the footage has no colour."""
        first = self.images[0].astype(np.int16)
        return bool(np.abs(first - first[..., :1]).mean() < 1)


def working_size(video: Video) -> tuple[int, int]:
    """Width and height that a video is drilled at: its own, or smaller."""
    shrink = min(1.0, LONG_SIDE / max(video.width, video.height))
    return max(1, round(video.width * shrink)), max(1, round(video.height * shrink))


def read_clip(
    manifest: Manifest,
    video: Video,
    first: int,
    frames: int,
    size: tuple[int, int],
    advance: Callable[[int], None] = lambda _: None,
) -> Clip:
    """Read a stretch of a video; the frames before it are decoded and dropped.

    The pictures are in a file without a name, which goes when nobody holds the clip.

    Args:
        manifest: says where the video is.
        video: the video.
        first: its first frame.
        frames: how many; fewer if the video or the room for them ends.
        size: width and height of the pictures.
        advance: told the number of each frame that is decoded.

    Raises:
        OddframeError: the video cannot be read, has no frame there, or the disk is full.
    """
    width, height = size
    a_frame = width * height * 4
    frames = min(frames, max(2, MOST_BYTES // a_frame))
    seconds: list[float] = []
    with (
        tempfile.TemporaryFile(prefix="oddframe-drill-") as file,
        open_footage(manifest, video) as reader,
    ):
        fps = reader.info.fps
        for number, frame in enumerate(reader):
            advance(number)
            if number < first:
                continue
            if number == first + frames:
                break
            try:
                file.write(np.ascontiguousarray(frame.rgb(size)).tobytes())
                file.write(np.ascontiguousarray(frame.grey(size)).tobytes())
            except OSError as error:
                raise OddframeError(
                    f"{tempfile.gettempdir()}: cannot keep a stretch of footage there "
                    f"({error.strerror or error}); free {MOST_BYTES / 1e9:.1f} GB, or set TMPDIR "
                    "to another folder"
                ) from error
            seconds.append(frame.seconds)
        if not seconds:
            raise OddframeError(
                f"{manifest.locate(video)}: expected more than {first} frames, found fewer; "
                "prepare the footage again"
            )
        file.flush()
        kept = np.memmap(file, np.uint8, "r", shape=(len(seconds), a_frame))
    times = np.asarray(seconds) - seconds[0]
    images = kept[:, : 3 * width * height].reshape(-1, height, width, 3)
    greys = kept[:, 3 * width * height :].reshape(-1, height, width)
    return Clip(video.id, float(seconds[0]), fps, times, images, greys)


class ClipFrame:
    """A frame of a clip, or what became of it.

    Its grey picture is the reader's own, changed by as much as the colours were: what is untouched
    is exactly what a detector sees of the file.

    Args:
        clip: the clip.
        number: its number.
        image: uint8 RGB.
        source: the frame of the clip that it was made of.
    """

    def __init__(self, clip: Clip, number: int, image: np.ndarray, source: int) -> None:
        self.index = number
        self.seconds = float(clip.seconds[number])
        self.anew = False
        self._clip, self._image, self._source = clip, image, source

    def rgb(self, size: tuple[int, int] | None = None, how: Resampling = "area") -> np.ndarray:
        """As :meth:`oddframe.media.Frame.rgb`."""
        return resize(self._image, size, how)

    def grey(self, size: tuple[int, int] | None = None, how: Resampling = "area") -> np.ndarray:
        """As :meth:`oddframe.media.Frame.grey`."""
        if how == "pillow":
            return grey_of(self._image, size, how)
        return resize(self._grey, size, how)

    @cached_property
    def _grey(self) -> np.ndarray:
        before, now = (
            cv2.cvtColor(part, cv2.COLOR_RGB2GRAY).astype(np.int16)
            for part in (np.asarray(self._clip.images[self._source]), self._image)
        )
        own = self._clip.greys[self._source]
        return np.clip(own + (now - before), 0, 255).astype(np.uint8)


def as_it_is(clip: Clip) -> ClipVideo:
    """A clip as an open video, with nothing done to it."""
    return ClipVideo(clip, lambda number: np.asarray(clip.images[number]), len(clip))


class ClipVideo:
    """Pictures of a clip, or what became of them, as an open video.

    Args:
        clip: says when frames are shown, and how large they are.
        picture: number of a frame to its picture.
        frames: how many.
        source: number of a frame to that of the clip's that it is made of.
    """

    def __init__(
        self,
        clip: Clip,
        picture: Callable[[int], np.ndarray],
        frames: int,
        source: Callable[[int], int] = lambda number: number,
    ) -> None:
        width, height = clip.size
        self.path = Path(clip.video)
        self.info = MediaInfo(frames, clip.fps, width, height)
        self._clip, self._picture, self._source = clip, picture, source

    def __iter__(self) -> Iterator[ClipFrame]:
        for number in range(self.info.frames):
            picture = np.ascontiguousarray(self._picture(number))
            yield ClipFrame(self._clip, number, picture, self._source(number))

    def __enter__(self) -> VideoReader:
        return self

    def __exit__(self, *exception: object) -> None:
        pass
