"""The odd moments of a video as files of their own, each with some seconds before and after."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from oddframe.errors import OddframeError
from oddframe.media.clock import Clock
from oddframe.media.grey_levels import Levels
from oddframe.media.opening import open_video
from oddframe.media.video_writing import VideoWriter
from oddframe.scores.detections import Detection

AROUND_SECONDS = 5.0
"""Film before and after an event, as a watched camera's clips have it unless somebody asks."""
_DIGITS = 6
"""Of a frame's number in a name; more where a video has more frames, so that names sort."""
_NAME = re.compile(rf"\d{{{_DIGITS},}}-\d{{{_DIGITS},}}\.mp4")


def clip_name(event: Detection, frames: int) -> str:
    """What the clip of an event is called: the event's frames ``[start, end)``.

    Args:
        event: one of a video.
        frames: how many the video has.
    """
    digits = max(_DIGITS, len(str(frames)))
    return f"{event.start:0{digits}}-{event.end:0{digits}}.mp4"


def clips_in(folder: Path) -> list[Path]:
    """The clips of one video in its folder; what is called otherwise is none."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))


def write_event_clips(
    source: Path,
    folder: Path,
    events: Sequence[Detection],
    clock: Clock,
    levels: Levels | None = None,
    advance: Callable[[int], object] = lambda _: None,
) -> list[Path]:
    """Write an MP4 for each event, as it was filmed; one that is there is taken to be whole.

    A clip has :data:`AROUND_SECONDS` before and after its event, as far as no other event begins or
    ends there: so no more than two clips are open at a time, however close the events are.

    Args:
        source: video file or folder of numbered images.
        folder: where the clips go.
        events: of this video, in order.
        clock: when its frames are shown.
        levels: what becomes black and white in pictures deeper than 8 bits.
        advance: called with 1 for each clip that is there, for a progress bar.

    Returns:
        The clips, in the order of the events.

    Raises:
        OddframeError: the source cannot be read or ends before an event does, or the folder cannot
            be written.
    """
    cuttings = [_Cutting.of(folder, events, at, clock) for at in range(len(events))]
    to_do = [one for one in cuttings if not one.path.exists()]
    advance(len(cuttings) - len(to_do))
    if to_do:
        _cut(source, to_do, clock, levels, advance)
    return [one.path for one in cuttings]


@dataclass(frozen=True)
class _Cutting:
    """Frames ``[start, end)`` of a video that become a file."""

    path: Path
    start: int
    end: int

    @classmethod
    def of(cls, folder: Path, events: Sequence[Detection], at: int, clock: Clock) -> _Cutting:
        """That of one event, between its neighbours."""
        event = events[at]
        begin, end = clock.span(event.start, event.end)
        before = events[at - 1].end if at > 0 else 0
        after = events[at + 1].start if at + 1 < len(events) else clock.frames
        return cls(
            folder / clip_name(event, clock.frames),
            max(before, round(clock.frame_at(max(begin - AROUND_SECONDS, 0.0)))),
            min(after, round(clock.frame_at(end + AROUND_SECONDS))),
        )

    def writer(self, clock: Clock, size: tuple[int, int]) -> VideoWriter:
        """What writes it."""
        if clock.is_regular:
            return VideoWriter(self.path, clock.fps, size)
        # Time that was not filmed is left out: a player would stand still over it.
        times = clock.filmed[self.start : self.end]
        return VideoWriter(self.path, clock.fps, size, times - times[0])


def _cut(
    source: Path,
    to_do: Sequence[_Cutting],
    clock: Clock,
    levels: Levels | None,
    advance: Callable[[int], object],
) -> None:
    """Write clips, in the order in which they begin, in one pass that ends with the last."""
    waiting = deque(to_do)
    being_cut: list[tuple[_Cutting, VideoWriter, ExitStack]] = []
    with open_video(source, clock.fps, levels) as video, ExitStack() as unfinished:
        size = video.info.width, video.info.height
        for frame in video:
            while waiting and waiting[0].start <= frame.index:
                one, whole = waiting.popleft(), unfinished.enter_context(ExitStack())
                being_cut.append((one, whole.enter_context(one.writer(clock, size)), whole))
            if being_cut:
                image = frame.rgb()
                for one, writer, whole in being_cut:
                    writer.write(image)
                    if one.end == frame.index + 1:
                        whole.close()
                        advance(1)
                being_cut = [part for part in being_cut if part[0].end > frame.index + 1]
            if not waiting and not being_cut:
                return
        raise OddframeError(
            f"{source}: ends before the last of its {clock.frames} scores; score this very file "
            "again"
        )
