"""A video file through PyAV."""

from __future__ import annotations

import heapq
import itertools
import warnings
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from oddframe.errors import OddframeError, OddframeWarning
from oddframe.media.containers import open_container, picture_streams, reason
from oddframe.media.file_frame import FileFrame, deep_format, has_colour, shown_size
from oddframe.media.filmed_at import filmed_at
from oddframe.media.frames import DEFAULT_FOLDER_FPS, Frame, MediaInfo, VideoReader, check_size
from oddframe.media.grey_levels import Levels
from oddframe.media.packet_times import PacketTimes
from oddframe.media.shrinking import Shrinker
from oddframe.media.transport_stream import ends_within_a_packet

_MOST_DEMUX_FAILURES = 1000
"""A container that fails as often as this is taken to have ended."""


class FileReader:
    """A video file through PyAV."""

    def __init__(self, path: Path, fps: float | None = None, levels: Levels | None = None) -> None:
        import av  # 0.1 s that `oddframe --help` should not pay

        self._av = av
        self.path = path
        self.on_packet: Callable[[Any, Any], None] | None = None
        """Told of each packet, with its stream, before it is decoded, if set before iteration."""
        self._open()
        self._head: Any = next(self._decode(), None)
        if self._head is None:
            self._container.close()
            raise OddframeError(f"{path}: no frame of the video can be decoded; copy it again")
        self._average = self._claimed_rate()
        self.fps = fps or self._average
        views = len(picture_streams(self._container))
        if views > 1:
            self._warn(f"holds {views} films side by side; the first is read, the others are not")
        start = filmed_at(path, self._container.metadata)
        size = shown_size(self._head)
        self.info = MediaInfo(self._claimed_frames(), self.fps, *size, start=start)
        self._levels = levels
        self.shrinker = Shrinker()

    @cached_property
    def levels(self) -> Levels | None:
        """What becomes black and white in pictures of more than 8 bits; learnt if not given."""
        kind = deep_format(self._head)
        if not kind or self._levels is not None:
            return self._levels if kind else None
        parts = self._head.format.components
        if kind == "gray16le" and len(parts) >= 3 and any(map(has_colour, self._sample())):
            return None
        return Levels.of(frame.to_ndarray(format=kind) for frame in self._sample())

    def _sample(self) -> Iterator[Any]:
        """A frame of every second, decoded anew."""
        again = FileReader(self.path)
        with again:
            yield from itertools.islice(again._decode(), 0, None, max(1, round(self.fps)))

    @property
    def codec(self) -> str:
        """FFmpeg's name of what the pictures are coded in, such as ``h264``."""
        return self._stream.codec_context.name

    @property
    def first_time(self) -> float:
        """Time stamp of the first frame, in seconds; all others count from it."""
        return float((self._head.pts or 0) * (self._stream.time_base or 0))

    @property
    def claimed_length(self) -> float:
        """Seconds that the container says it lasts; 0 if it does not say."""
        return (self._container.duration or 0) / 1e6

    def check_pixels(self) -> None:
        """Convert the first frame, so that a kind of pixels that cannot be is met early.

        Raises:
            OddframeError: it cannot.
        """
        FileFrame(0, 0.0, self._head, self).rgb()

    def _open(self) -> None:
        # FFmpeg's messages stay off, which is PyAV's default. Any av.logging.set_level() would
        # install a callback that takes the GIL in decoder threads, and closing a file before its
        # end, which waits for those threads with the GIL held, would then sometimes hang for ever.
        self._container, self._stream = open_container(self.path)
        check_size(self.path, self._stream.width, self._stream.height)
        self._stream.thread_type = "AUTO"
        self._failure = ""  # why no more packets could be read
        self._other_size = False  # a frame had another size than the first
        self._damaged = False  # a packet has been lost, or refused by the decoder
        self._final: Any = None  # the last packet that was read
        self._concealed: int | None = None  # time of the last frame that is only partly there
        self._times = PacketTimes(self._container.format.name)
        self._due: list[int] = []  # heap of the times of packets whose frame has not come out

    def _rewind(self) -> None:
        """Back to the first packet: opened anew, as raw streams refuse to seek."""
        self._container.close()
        self._open()

    def _claimed_rate(self) -> float:
        """Frames per second as the file says."""
        rate = self._stream.average_rate or self._stream.guessed_rate
        if self._head.pts is None:
            # A raw stream: FFmpeg takes 25 for granted, the coded pictures may know better.
            rate = self._stream.codec_context.framerate or rate
        return float(rate) if rate else DEFAULT_FOLDER_FPS

    def _claimed_frames(self) -> int:
        """How many frames the header promises to show, 0 if it does not say."""
        frames: int = self._stream.frames
        self._promised = float(frames)  # a trim may end within a frame
        if "mp4" in self._container.format.name and self._stream.duration:
            # An MP4 that was trimmed without re-encoding still holds, and counts, hidden frames.
            shown = self._stream.duration * (self._stream.time_base or 0) * Fraction(self._average)
            frames = min(frames, round(shown))
            self._promised = min(self._promised, float(shown))
        return frames

    def packet_times(self) -> np.ndarray | None:
        """When the packets that show something are shown, in order; None if the file is broken.

        Seconds from the first. Packets without a time follow at the frame rate. Moves the
        position.
        """
        self._rewind()
        packets = self._container.demux(self._stream)
        try:
            shown = [
                self._times.put_right(packet).pts
                for packet in packets
                if packet.size and not packet.is_discard
            ]
        except self._av.error.FFmpegError:
            return None
        if None in shown:
            return np.arange(len(shown)) / self.fps
        times = np.sort(np.array(shown, dtype=np.float64)) * float(self._stream.time_base or 0)
        return times - times[:1]

    def _decode(self) -> Iterator[Any]:
        packets = self._container.demux(self._stream)
        failures = 0
        while failures < _MOST_DEMUX_FAILURES:
            try:
                packet = next(packets)
            except StopIteration:
                self._failure = ""
                return
            except self._av.error.FFmpegError as error:
                self._damaged = True
                self._failure = reason(error)
                failures += 1
                continue
            self._failure = ""
            if packet.size:
                self._final = self._times.put_right(packet)
                # Decoders leave out what builds on lost packets, and that is no error to them.
                self._damaged |= packet.is_corrupt
                if self.on_packet is not None:
                    self.on_packet(self._stream, packet)
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
                several = (
                    f"frames {count} to {count + len(lost) - 1} cannot be decoded; they repeat"
                )
                one = f"frame {count} cannot be decoded; it repeats"
                self._warn(f"{several if len(lost) > 1 else one} the one before")
                yield from ((time * tick, picture) for time in lost)
                count += len(lost)
            if frame is None:
                return
            if now is not None:
                if self._damaged and shown is not None and now <= shown:
                    continue  # comes too late: its place is filled
                shown = now
            if frame.is_corrupt and now == self._final.pts:
                self._concealed = now
            picture = frame
            count += 1
            yield (None if now is None else now * tick), frame

    def __iter__(self) -> Iterator[Frame]:
        self._rewind()
        start: float | None = None
        index, last, before = -1, 0.0, 0.0
        timed, timed_at = 0, 0.0  # the last frame with a time, which those without one follow
        for index, (time, picture) in enumerate(self._timeline()):
            now = timed_at + (index - timed) / self.fps
            if time is not None:
                start = time - now if start is None else start
                now = time - start
                timed, timed_at = index, now
            self._say_size(index, picture)
            before, last = last, now
            yield FileFrame(index, last, picture, self)
        missing = self._missing(index + 1, last, last - before)
        if missing:
            self._warn(missing)

    def _say_size(self, index: int, picture: Any) -> None:
        """Say, once, that a frame has another size than the first."""
        whole, size = (self.info.width, self.info.height), shown_size(picture)
        if size != whole and not self._other_size:
            self._other_size = True
            self._warn(
                f"frame {index} and later ones are of {size[0]}x{size[1]} pixels, those before of "
                f"{whole[0]}x{whole[1]}; all are brought to the size of the first, and the change "
                "may look odd"
            )

    def _missing(self, frames: int, last: float, step: float) -> str:
        """What is missing, if the last frame came at ``last``, and ``step`` after another."""
        if self._failure:
            return (
                f"reading fails after frame {frames - 1} ({self._failure}); what follows is left "
                "out: copy the file again"
            )
        if not self.info.frames and len(self._container.streams) == 1:
            # Containers without a frame count still say how long they are.
            seconds = (self._container.duration or 0) / self._av.time_base
            if "matroska" in self._container.format.name:  # which counts from 0, not the first
                seconds -= max(self._container.start_time or 0, 0) / self._av.time_base
            missing = seconds - max(last + 1 / self.fps, frames / self.fps)
            if missing > max(1.0, 0.02 * seconds):
                return (
                    f"the header promises {seconds:.1f} seconds, only {seconds - missing:.1f} "
                    f"decode ({frames} frames); the file may be cut short"
                )
        # An AVI counts the frames that its camera dropped: nothing is missing at the end then.
        even = 1 / self._average
        if (
            frames < self.info.frames
            and last + max(step, even) + 0.9 * even < self._promised * even
        ):
            return (
                f"the header promises {self.info.frames} frames, only {frames} decode (the last "
                f"is frame {frames - 1}); the file may be cut short"
            )
        end = self._cut_in()
        return end and (
            f"ends in the middle of a {end} ({frames} frames decode, the last is frame "
            f"{frames - 1}); the file may be cut short"
        )

    def _cut_in(self) -> str:
        """What the file's end is in the middle of; empty if it is whole, or none can know."""
        final = self._final
        if self._container.format.name == "mpegts" and ends_within_a_packet(self.path):
            return "packet"
        concealed = self._concealed is not None and self._concealed == final.pts
        return "picture" if concealed or (final is not None and final.is_corrupt) else ""

    def _warn(self, message: str) -> None:
        warnings.warn(f"{self.path}: {message}", OddframeWarning, stacklevel=3)

    def __enter__(self) -> VideoReader:
        return self

    def __exit__(self, *exception: object) -> None:
        self._container.close()
