"""Frames of one video in, the terms or the score of each out, in order.

Frames before the first whole clip, ``(clip_length - 1) * frame_step`` of them, take what the first
clip says, that of a clip that judges several frames over and over; so do those after a break, as no
clip reaches across it. Of a clip that judges several frames, what footage does not fill up any more
is measured as far as it goes; so is every clip in a live stream.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from oddframe.calibration.score_of_terms import FrameTerms
from oddframe.clips.looks import Looks
from oddframe.console.words import count
from oddframe.detectors.frame_score import FrameScore
from oddframe.errors import OddframeError
from oddframe.media.frames import Frame, MediaInfo


class TooShortError(OddframeError):
    """Footage that nowhere goes on for a clip."""


class MeasuresClips(Protocol):
    """What measures clips for a stream: a network of PyTorch, or one that was exported."""

    @property
    def name(self) -> str:
        """Of the detector, for messages."""
        ...

    @property
    def looks(self) -> Looks:
        """What clips hold of a frame."""
        ...

    @property
    def span(self) -> int:
        """Frames from the first of a clip to its last, both counted."""
        ...

    @property
    def frame_step(self) -> int:
        """Frames from one frame of a clip to the next."""
        ...

    @property
    def judged(self) -> int:
        """Frames at the end of a clip that it judges."""
        ...

    @property
    def scoring_batch(self) -> int:
        """Clips measured at once."""
        ...

    @property
    def carries_over_breaks(self) -> bool:
        """Whether what a stream carries goes on where footage begins anew."""
        ...

    def carried_at_first(self) -> Any:
        """What a stream begins with that it carries from clip to clip."""
        ...

    def measure_arrays(
        self, clips: np.ndarray, carried: Any
    ) -> tuple[dict[str, np.ndarray], np.ndarray, Any]:
        """The terms and the maps of a stream's next clips, and what it carries on.

        Args:
            clips: what is seen of their frames, ``(clips, frames, ...)``.
            carried: what :meth:`carried_at_first` or the call before gave.

        Returns:
            Terms by name ``(clips,)`` or ``(clips, judged frames)``, maps with two axes more.
        """
        ...

    def scored(self, found: Sequence[FrameTerms], size: tuple[int, int]) -> list[FrameScore]:
        """The scores of frames; see :class:`oddframe.calibration.score_of_terms.ScoreOfTerms`."""
        ...


class TermStream:
    """Images of one video in, the terms of every frame out.

    Args:
        detector: what measures them; it stays as it is.
        live: measure each frame as soon as a clip can be made with it, not ``scoring_batch`` clips
            at once.
        source: what a message calls the video.
    """

    def __init__(self, detector: MeasuresClips, *, live: bool = False, source: str = "") -> None:
        self._where = f"{source}: " if source else ""
        self._detector = detector
        self._live = live
        self._carried = detector.carried_at_first()
        self._recent: deque[np.ndarray] = deque(maxlen=detector.span)
        self._clips: list[np.ndarray] = []
        self._shares: list[int] = []  # frames that take what a clip says: its own, and those before
        self._unjudged = 0
        self._since: int | None = None  # frames since the last whole clip; None before the first
        self._last: FrameTerms | None = None

    def push(self, image: np.ndarray, *, anew: bool = False) -> list[FrameTerms]:
        """Take the next frame's image; see :meth:`oddframe.detectors.contract.Stream.push`.

        Args:
            image: what is seen of it, see ``looks`` of the detector.
            anew: footage begins anew with it.
        """
        found = []
        if anew:
            found = self._begun() + self._measured()
            if not self._detector.carries_over_breaks:
                self._carried = self._detector.carried_at_first()
            self._recent.clear()
            self._since = None
        self._recent.append(image)
        self._unjudged += 1
        if len(self._recent) < self._detector.span:
            return found
        judged = self._detector.judged
        self._since = judged if self._since is None else self._since + 1
        if self._since == judged or self._live:
            self._take()
        self._since %= judged
        enough = 1 if self._live else self._detector.scoring_batch
        return found + (self._measured() if len(self._clips) == enough else [])

    def finish(self) -> list[FrameTerms]:
        """The terms that are left.

        Raises:
            TooShortError: the video is shorter than a clip, or nowhere goes on for one.
        """
        found = self._begun() + self._measured()
        if self._last is not None:  # what is left after the last break is too short for a clip
            first = self._last.frame + 1
            found += [replace(self._last, frame=first + more) for more in range(self._unjudged)]
        elif self._unjudged:
            raise TooShortError(
                f"{self._where}a video of {count(self._unjudged, 'frame')} is too short for "
                f"{self._detector.name}, which looks at clips of {self._detector.span} frames "
                "without a cut; give a longer video"
            )
        return found

    def _take(self) -> None:
        """A clip of the newest frames: a whole one, or as much of it as is there."""
        detector = self._detector
        missing = detector.judged - (self._since or 0)
        frames = list(self._recent)[:: detector.frame_step][missing:]
        self._clips.append(np.stack(frames))
        self._shares.append(self._unjudged)
        self._unjudged = 0

    def _begun(self) -> list[FrameTerms]:
        """Measure the clip that was begun, after those before it, which are longer."""
        if not self._since or not self._unjudged:
            return []
        found = self._measured()
        self._take()
        return found + self._measured()

    def _measured(self) -> list[FrameTerms]:
        if not self._clips:
            return []
        clips = np.stack(self._clips)
        terms, maps, self._carried = self._detector.measure_arrays(clips, self._carried)
        judged = next(iter(terms.values())).size // len(self._clips)
        flat = {name: values.ravel() for name, values in terms.items()}
        maps = maps.reshape(-1, *maps.shape[-2:])
        found = []
        for row, share in enumerate(self._shares):
            for left in range(share, 0, -1):
                at = row * judged + -left % judged
                number = 0 if self._last is None else self._last.frame + 1
                own = {name: float(values[at]) for name, values in flat.items()}
                self._last = FrameTerms(number, own, maps[at])
                found.append(self._last)
        self._clips, self._shares = [], []
        return found


class ClipStream:
    """Frames of one video in, the score of every frame out.

    Args:
        detector: what scores them.
        info: what is known of the video.
        live, source: see :class:`TermStream`.
    """

    def __init__(
        self, detector: MeasuresClips, info: MediaInfo, *, live: bool, source: str = ""
    ) -> None:
        self._detector = detector
        self._look = detector.looks.of
        self._terms = TermStream(detector, live=live, source=source)
        self._size = info.width, info.height

    def push(self, frame: Frame) -> list[FrameScore]:
        """Take the next frame; see :class:`oddframe.detectors.contract.Stream`."""
        found = self._terms.push(self._look(frame), anew=frame.anew)
        return self._detector.scored(found, self._size)

    def finish(self) -> list[FrameScore]:
        """The scores that are left.

        Raises:
            TooShortError: the video is shorter than a clip, or nowhere goes on for one.
        """
        return self._detector.scored(self._terms.finish(), self._size)


def terms_of(
    detector: MeasuresClips, images: Iterable[np.ndarray], breaks: Container[int] = ()
) -> Iterator[FrameTerms]:
    """The terms of every frame of a video, in order.

    Args:
        detector: what measures them.
        images: what is seen of each frame, see ``looks`` of the detector.
        breaks: frames at which footage begins anew (see :mod:`oddframe.media.continuity`); asked
            once for each frame, when its image has come.

    Raises:
        TooShortError: the video is shorter than a clip, or nowhere goes on for one.
    """
    stream = TermStream(detector)
    for number, image in enumerate(images):
        yield from stream.push(image, anew=number in breaks)
    yield from stream.finish()


def measured_video(
    detector: MeasuresClips, images: Iterable[np.ndarray], breaks: Container[int] = ()
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Each term ``(frames,)`` of a whole video, and the highest cell of each map.

    Arguments and errors are those of :func:`terms_of`.
    """
    terms: dict[str, list[float]] = {}
    peaks = []
    for found in terms_of(detector, images, breaks):
        for name, value in found.terms.items():
            terms.setdefault(name, []).append(value)
        peaks.append(float(found.map.max()))
    return {name: np.array(values) for name, values in terms.items()}, np.array(peaks)
