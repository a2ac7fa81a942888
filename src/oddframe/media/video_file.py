"""A video file through PyAV."""

from __future__ import annotations

import heapq
import itertools
import warnings
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from oddframe.errors import OddframeError, OddframeWarning
from oddframe.media.frames import (
    DEFAULT_FOLDER_FPS,
    Frame,
    MediaInfo,
    Resampling,
    VideoReader,
    grey_of,
    resize,
)

VIDEO_SUFFIXES = frozenset(
    {".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".ts", ".wmv", ".flv"}
)
_FULL_RANGE = np.clip((np.arange(256) - 16) * (255 / 219), 0, 255).round().astype(np.uint8)
_MOST_DEMUX_FAILURES = 1000
"""A container that fails as often as this is taken to have ended."""


class _FileFrame:
    """A decoded frame of a file; grey comes from the luma plane without touching colour."""

    def __init__(self, index: int, seconds: float, frame: Any) -> None:
        self.index = index
        self.seconds = seconds
        self._frame = frame
        self._turns = round(getattr(frame, "rotation", 0) / 90) % 4

    def rgb(self, size: tuple[int, int] | None = None, how: Resampling = "area") -> np.ndarray:
        """As :meth:`oddframe.media.Frame.rgb`."""
        # Convert at full size, then resize with OpenCV: 1.7x faster than swscale doing both.
        return resize(self._turned(self._frame.to_ndarray(format="rgb24")), size, how)

    def grey(self, size: tuple[int, int] | None = None, how: Resampling = "area") -> np.ndarray:
        """As :meth:`oddframe.media.Frame.grey`."""
        with_luma = ("yuv420p", "yuvj420p", "nv12", "yuv422p", "yuvj422p")
        if how == "pillow" or self._frame.format.name not in with_luma:
            return grey_of(self.rgb(), size, how)
        plane = self._frame.planes[0]
        luma = np.frombuffer(plane, dtype=np.uint8).reshape(-1, plane.line_size)
        small = resize(self._turned(luma[: self._frame.height, : self._frame.width]), size, how)
        full_range = self._frame.format.name.startswith("yuvj") or self._frame.color_range == 2
        # .copy(): the plane's memory belongs to the decoder and goes with the frame.
        return small.copy() if full_range else cv2.LUT(small, _FULL_RANGE)

    def _turned(self, image: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(np.rot90(image, self._turns)) if self._turns else image


class FileReader:
    """A video file through PyAV."""

    def __init__(self, path: Path) -> None:
        import av  # 0.1 s that `oddframe --help` should not pay

        self._av = av
        self.path = path
        # FFmpeg's messages stay off, which is PyAV's default. Any av.logging.set_level() would
        # install a callback that takes the GIL in decoder threads, and closing a file before its
        # end, which waits for those threads with the GIL held, would then sometimes hang for ever.
        try:
            self._container = av.open(str(path))
        except (av.error.FFmpegError, OSError) as error:
            raise OddframeError(
                f"{path}: cannot be read as a video ({_reason(error)}); if it was cut short, "
                "copy it again or repair it"
            ) from error
        if not self._container.streams.video:
            self._container.close()
            raise OddframeError(f"{path}: expected a video stream, found none")
        self._stream = self._container.streams.video[0]
        self._stream.thread_type = "AUTO"
        rate = self._stream.average_rate or self._stream.guessed_rate
        self.fps = float(rate) if rate else DEFAULT_FOLDER_FPS
        self._restart()
        self._head: Any = next(self._decode(), None)
        if self._head is None:
            self._container.close()
            raise OddframeError(f"{path}: no frame of the video can be decoded; copy it again")
        turned = _FileFrame(0, 0.0, self._head)._turns % 2 == 1
        width, height = self._head.width, self._head.height
        self.info = MediaInfo(
            self._claimed_frames(),
            self.fps,
            height if turned else width,
            width if turned else height,
        )
        self._container.seek(0)

    def _claimed_frames(self) -> int:
        """How many frames the header promises to show, 0 if it does not say."""
        frames: int = self._stream.frames
        if "mp4" in self._container.format.name and self._stream.duration:
            # An MP4 that was trimmed without re-encoding still holds, and counts, hidden frames.
            shown = self._stream.duration * (self._stream.time_base or 0) * Fraction(self.fps)
            frames = min(frames, round(shown))
        return frames

    def count_packets(self) -> int:
        """Packets of the video stream that show something, -1 if broken; moves the position."""
        packets = self._container.demux(self._stream)
        try:
            return sum(1 for packet in packets if packet.size and not packet.is_discard)
        except self._av.error.FFmpegError:
            return -1

    def _restart(self) -> None:
        self._damaged = False  # the decoder has refused a packet
        self._due: list[int] = []  # heap of the times of packets whose frame has not come out

    def _decode(self) -> Iterator[Any]:
        packets = self._container.demux(self._stream)
        failures = 0
        while failures < _MOST_DEMUX_FAILURES:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except self._av.error.FFmpegError:
                self._damaged = True
                failures += 1
                continue
            if packet.size and packet.pts is not None and not packet.is_discard:
                heapq.heappush(self._due, packet.pts)
            try:
                yield from packet.decode()
            except self._av.error.FFmpegError:
                self._damaged = True

    def _lost_before(self, now: int | None) -> list[int]:
        """Take the times due until now (all, if None) off the heap; those before are lost frames.

        But only if the decoder has complained: some codecs have packets that show nothing.
        """
        lost = []
        while self._due and (now is None or self._due[0] <= now):
            time = heapq.heappop(self._due)
            if time != now and self._damaged:
                lost.append(time)
        return lost

    def _timeline(self) -> Iterator[tuple[float | None, Any]]:
        """Time in seconds, where known, and picture of each frame.

        A packet that does not decode repeats the picture before it: the frames after a damaged
        part keep their numbers, and labels stay where they belong.
        """
        tick = float(self._stream.time_base or 0)
        picture = self._head
        count = 0
        shown: int | None = None
        for frame in itertools.chain(self._decode(), [None]):
            now = None if frame is None else frame.pts
            lost = self._lost_before(now) if frame is None or now is not None else []
            if lost:
                self._warn(
                    f"frames {count} to {count + len(lost) - 1} cannot be decoded; they repeat "
                    "the one before"
                )
                yield from ((time * tick, picture) for time in lost)
                count += len(lost)
            if frame is None:
                return
            if now is not None:
                if self._damaged and shown is not None and now <= shown:
                    continue  # comes too late: its place is filled
                shown = now
            picture = frame
            count += 1
            yield (None if now is None else now * tick), frame

    def __iter__(self) -> Iterator[Frame]:
        self._restart()
        start: float | None = None
        index = -1
        for index, (time, picture) in enumerate(self._timeline()):
            time = index / self.fps if time is None else time
            start = time if start is None else start
            yield _FileFrame(index, time - start, picture)
        self._warn_if_short(index + 1)

    def _warn_if_short(self, frames: int) -> None:
        promised = self.info.frames
        if not promised and len(self._container.streams) == 1:
            # Containers without a frame count still say how long they are.
            seconds = (self._container.duration or 0) / self._av.time_base
            missing = seconds - frames / self.fps
            promised = round(seconds * self.fps) if missing > max(1.0, 0.02 * seconds) else 0
        if frames < promised:
            self._warn(
                f"the header promises {promised} frames, only {frames} decode (the last is frame "
                f"{frames - 1}); the file may be cut short"
            )

    def _warn(self, message: str) -> None:
        warnings.warn(f"{self.path}: {message}", OddframeWarning, stacklevel=3)

    def __enter__(self) -> VideoReader:
        return self

    def __exit__(self, *exception: object) -> None:
        self._container.close()


def _reason(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error)
