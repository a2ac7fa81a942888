"""The one way to read video: files through PyAV, folders of numbered images.

Reading streams: memory does not grow with the length of the video. Frames convert lazily, since
a detector that needs a small grey image should not pay for a full colour one.
"""

from __future__ import annotations

import heapq
import itertools
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from oddframe.errors import OddframeError, OddframeWarning

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"})
VIDEO_SUFFIXES = frozenset(
    {".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".ts", ".wmv", ".flv"}
)
DEFAULT_FOLDER_FPS = 25.0
"""Frame rate of an image folder when nobody says another: images carry none."""
_SHOWN = 5
"""Entries that a warning lists before it says how many more there are."""


@dataclass(frozen=True)
class MediaInfo:
    """What is known of a video: frame count, frames per second, size in pixels.

    ``frames`` is exact when it comes from :func:`probe`, the container's claim (0 if it makes
    none) when it comes from an open reader.
    """

    frames: int
    fps: float
    width: int
    height: int


class Frame(Protocol):
    """One frame: its 0-based index, its time in seconds, its image on request."""

    index: int
    seconds: float

    def rgb(self, size: tuple[int, int] | None = None) -> np.ndarray:
        """uint8 array ``(height, width, 3)`` in RGB order; ``size`` is (width, height)."""
        ...

    def grey(self, size: tuple[int, int] | None = None) -> np.ndarray:
        """uint8 array ``(height, width)``, full range; ``size`` is (width, height)."""
        ...


class VideoReader(Protocol):
    """An open video: iterate it once, close it (or use it in a ``with`` block)."""

    info: MediaInfo

    def __iter__(self) -> Iterator[Frame]: ...
    def __enter__(self) -> VideoReader: ...
    def __exit__(self, *exception: object) -> None: ...


def open_video(path: str | Path, fps: float | None = None) -> VideoReader:
    """Open a video file or a folder of numbered images.

    Args:
        path: file or folder.
        fps: frame rate of an image folder (25 when not given); a file knows its own.

    Raises:
        OddframeError: nothing there, no image in the folder, or no video stream in the file.
    """
    path = Path(path)
    if path.is_dir():
        return _FolderReader(path, fps or DEFAULT_FOLDER_FPS)
    if not path.exists():
        raise OddframeError(f"{path}: no such video file or frame folder")
    return _FileReader(path)


def read_frames(path: str | Path, indices: list[int]) -> dict[int, np.ndarray]:
    """RGB images of the given frames; those beyond the end are left out.

    Files are decoded from the start, because seeking is exact only where the container's index
    is; no other frame is converted.
    """
    path = Path(path)
    wanted = sorted(set(indices))
    if path.is_dir():
        folder = _FolderReader(path, DEFAULT_FOLDER_FPS)
        return {i: folder.frame(i).rgb() for i in wanted if 0 <= i < len(folder.files)}
    images: dict[int, np.ndarray] = {}
    if wanted:
        with open_video(path) as video:
            for frame in video:
                if frame.index in wanted:
                    images[frame.index] = frame.rgb()
                if frame.index >= wanted[-1]:
                    break
    return images


def probe(path: str | Path, fps: float | None = None) -> MediaInfo:
    """Frame count, rate and size, exact: decodes where the header's count cannot be trusted.

    The header's count is believed only if the container holds as many packets.
    """
    with open_video(path, fps) as video:
        if isinstance(video, _FolderReader):
            return video.info
        assert isinstance(video, _FileReader)
        if video.info.frames and video.count_packets() == video.info.frames:
            return video.info
    with open_video(path) as video:
        frames = sum(1 for _ in video)
        return MediaInfo(frames, video.info.fps, video.info.width, video.info.height)


def natural_key(name: str) -> list[tuple[int, int | str]]:
    """Sort key that puts ``2.jpg`` before ``10.jpg``."""
    return [
        (0, int(part)) if part.isdecimal() else (1, part)
        for part in re.split(r"(\d+)", name)
        if part
    ]


def list_images(folder: Path) -> list[Path]:
    """Images of a folder in natural order; hidden and other files are ignored."""
    files = (
        file
        for file in folder.iterdir()
        if file.suffix.lower() in IMAGE_SUFFIXES and not file.name.startswith(".")
    )
    return sorted(files, key=lambda file: (natural_key(file.name), file.name))


def _irregular_numbers(names: list[str]) -> str:
    """Which numbers are missing from names in natural order, or there twice; empty if none are.

    Only of names like ``003`` or ``frame_3``, which differ in their last number alone.
    """
    parts = [re.fullmatch(r"(.*?)(\d+)", name) for name in names]
    if len({part and part[1] for part in parts}) != 1 or parts[0] is None:
        return ""
    pairs = list(itertools.pairwise(int(part[2]) for part in parts if part))
    gaps = [f"{a + 1}" + f" to {b - 1}" * (b > a + 2) for a, b in pairs if b > a + 1]
    twice = [str(a) for a, b in pairs if a == b]
    found = []
    for what, listed in (("missing", gaps), ("there twice", twice)):
        if listed:
            more = f" and {len(listed) - _SHOWN} more" * (len(listed) > _SHOWN)
            found.append(f"{what}: {', '.join(listed[:_SHOWN])}{more}")
    return ", ".join(found)


class _ImageFrame:
    """A frame that is already an RGB or grey array."""

    def __init__(self, index: int, seconds: float, image: np.ndarray) -> None:
        self.index = index
        self.seconds = seconds
        self._image = image

    def rgb(self, size: tuple[int, int] | None = None) -> np.ndarray:
        image = _resize(self._image, size)
        return cv2.cvtColor(image, cv2.COLOR_GRAY2RGB) if image.ndim == 2 else image

    def grey(self, size: tuple[int, int] | None = None) -> np.ndarray:
        image = _resize(self._image, size)
        return image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)


class _FolderReader:
    """Numbered images as a video. A broken image repeats the last good one, with a warning."""

    def __init__(self, path: Path, fps: float) -> None:
        self.path = path
        self.files = list_images(path)
        if not self.files:
            raise OddframeError(
                f"{path}: expected a video file or a folder of numbered images, found no image"
            )
        irregular = _irregular_numbers([file.stem for file in self.files])
        if irregular:
            warnings.warn(
                f"{path}: image numbers {irregular}; the images that are there are read as "
                "consecutive frames, so check that labels count the same way",
                OddframeWarning,
                stacklevel=3,
            )
        first = next((i for i in map(_read_image, self.files) if i is not None), None)
        if first is None:
            raise OddframeError(f"{path}: none of the {len(self.files)} images can be decoded")
        self._last = first
        self.info = MediaInfo(len(self.files), fps, first.shape[1], first.shape[0])

    def __iter__(self) -> Iterator[Frame]:
        return (self.frame(index) for index in range(len(self.files)))

    def frame(self, index: int) -> Frame:
        image = _read_image(self.files[index])
        if image is None:
            warnings.warn(
                f"{self.files[index]}: cannot be decoded; frame {index} repeats the one before",
                OddframeWarning,
                stacklevel=2,
            )
            image = self._last
        if image.shape[:2] != (self.info.height, self.info.width):
            raise OddframeError(
                f"{self.files[index]}: expected {self.info.width}x{self.info.height} pixels like "
                f"the folder's first image, found {image.shape[1]}x{image.shape[0]}"
            )
        self._last = image
        return _ImageFrame(index, index / self.info.fps, image)

    def __enter__(self) -> VideoReader:
        return self

    def __exit__(self, *exception: object) -> None:
        pass


class _FileFrame:
    """A decoded frame of a file; grey comes from the luma plane without touching colour."""

    def __init__(self, index: int, seconds: float, frame: Any) -> None:
        self.index = index
        self.seconds = seconds
        self._frame = frame
        self._turns = round(getattr(frame, "rotation", 0) / 90) % 4

    def rgb(self, size: tuple[int, int] | None = None) -> np.ndarray:
        # Convert at full size, then resize with OpenCV: 1.7x faster than swscale doing both.
        return _resize(self._turned(self._frame.to_ndarray(format="rgb24")), size)

    def grey(self, size: tuple[int, int] | None = None) -> np.ndarray:
        if self._frame.format.name not in ("yuv420p", "yuvj420p", "nv12", "yuv422p", "yuvj422p"):
            rgb = self.rgb(size)
            return cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
        plane = self._frame.planes[0]
        luma = np.frombuffer(plane, dtype=np.uint8).reshape(-1, plane.line_size)
        small = _resize(self._turned(luma[: self._frame.height, : self._frame.width]), size)
        full_range = self._frame.format.name.startswith("yuvj") or self._frame.color_range == 2
        # .copy(): the plane's memory belongs to the decoder and goes with the frame.
        return small.copy() if full_range else cv2.LUT(small, _FULL_RANGE)

    def _turned(self, image: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(np.rot90(image, self._turns)) if self._turns else image


_FULL_RANGE = np.clip((np.arange(256) - 16) * (255 / 219), 0, 255).round().astype(np.uint8)


_MOST_DEMUX_FAILURES = 1000
"""A container that fails as often as this is taken to have ended."""


class _FileReader:
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


def _read_image(file: Path) -> np.ndarray | None:
    image = cv2.imread(str(file), cv2.IMREAD_ANYCOLOR)
    if image is None or image.size == 0:
        return None
    return image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def _resize(image: np.ndarray, size: tuple[int, int] | None) -> np.ndarray:
    if size is None or (image.shape[1], image.shape[0]) == size:
        return image
    shrinks = size[0] < image.shape[1]
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def _reason(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error)
