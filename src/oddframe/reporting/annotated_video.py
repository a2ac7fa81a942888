"""The source video with its scores: running curve, heat map, event marker with reason, boxes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from oddframe.calibration.places import odd_boxes
from oddframe.console.player_times import offset
from oddframe.errors import OddframeError
from oddframe.media.clock import Clock
from oddframe.media.frames import MediaInfo
from oddframe.media.grey_levels import Levels
from oddframe.media.opening import open_video
from oddframe.media.video_writing import VideoWriter
from oddframe.pages.colours import DETECTION, SERIES, TRUTH, Colour
from oddframe.reporting.drawing.heat import heat_reference, overlay_heat
from oddframe.reporting.drawing.lettering import Lettering
from oddframe.reporting.drawing.score_axes import ScoreAxis, score_axis
from oddframe.reporting.times import shown_time
from oddframe.reporting.wording import HIGHEST
from oddframe.scores.detections import Detection
from oddframe.scores.untested import Spans, spans_of, were_tested

Boxes = tuple[tuple[int, int, int, int], ...]

SMALLEST_WIDTH = 640
"""Narrower videos are enlarged by a whole factor, so that the text is legible."""

WINDOW_SECONDS = 60.0
"""How much of the curve is on screen; a longer video scrolls."""

BOX_SECONDS = 0.5
"""Without score maps or a threshold above 0 boxes belong to a detection's peak, and are drawn so
long before and after."""

_PANEL: Colour = (24, 27, 31)
_TEXT: Colour = (235, 238, 241)
_QUIET: Colour = (140, 148, 156)
_AHEAD: Colour = (112, 126, 140)
_UNTESTED: Colour = (62, 69, 76)
_PAST = SERIES[3]
_TAG, _TAG_WITHOUT_THRESHOLD = "ODD", "HIGHEST SCORES"


def write_annotated_video(
    source: Path,
    target: Path,
    scores: np.ndarray,
    *,
    threshold: float | None = None,
    maps: np.ndarray | None = None,
    detections: Sequence[Detection] = (),
    untested: Spans = (),
    truth: np.ndarray | None = None,
    clock: Clock | None = None,
    levels: Levels | None = None,
    advance: Callable[[int], object] | None = None,
) -> Path:
    """Write an MP4 that shows the source and, under it, its scores as they run.

    Frames stream from the reader to the writer, so memory does not grow with the length.

    Args:
        source: video file or folder of numbered images.
        target: file to write, ending in ``.mp4``; whole or absent.
        scores: ``(frames,)``, one per frame of the source.
        threshold: drawn as a line; also the value of the map that is clearly coloured.
        maps: score maps ``(frames, h, w)``, read one frame at a time; not drawn where there is
            neither a threshold nor a moment.
        detections: their intervals and reasons are marked; boxes are where the frame's own map is
            above the threshold, without maps or threshold those of the peak, around it. Without a
            threshold they are called what they are: the moments of the highest scores.
        untested: ``[start, end)`` of frames that nothing was found out about: their map is not
            drawn, and the curve is pale.
        truth: bool ``(frames,)``, annotated frames, shaded under the curve.
        clock: when the frames are shown; by default at the source's rate (25 for images).
        levels: what becomes black and white in pictures deeper than 8 bits.
        advance: called with 1 after each frame, for a progress bar.

    Raises:
        OddframeError: the source cannot be read, or scores, maps or truth do not fit its frames.
    """
    for name, array in (("score maps", maps), ("annotated frames", truth)):
        if array is not None and len(array) != len(scores):
            raise OddframeError(
                f"{source}: expected {name} for {len(scores)} frames like the scores, found "
                f"{len(array)}; score the video again"
            )
    tested = were_tested(untested, len(scores))
    reference = None
    if threshold is not None or detections:
        reference = heat_reference(threshold, [scores[tested]] if tested.any() else [])
    with open_video(source, clock.fps if clock else None, levels) as video:
        clock = clock or Clock(len(scores), video.info.fps)
        clock = replace(clock, frames=len(scores))  # which a damaged file may promise more of
        enlarged = max(1, -(-SMALLEST_WIDTH // video.info.width))
        size = (video.info.width * enlarged, video.info.height * enlarged)
        panel = _Panel(size[0], scores, clock, threshold, detections, tested, truth)
        # Time that was not filmed is left out: a player would stand still over it.
        times = None if clock.is_regular else clock.filmed
        writer = VideoWriter(target, clock.fps, (size[0], size[1] + panel.height), times)
        with writer:
            for frame in video:
                if frame.index >= len(scores):
                    raise OddframeError(
                        f"{source}: has more frames than the {len(scores)} scores; score this "
                        "very file again"
                    )
                picture = _enlarge(frame.rgb(), size)
                if maps is not None and reference is not None and tested[frame.index]:
                    picture = overlay_heat(picture, maps[frame.index], reference)
                event = next((d for d in detections if d.start <= frame.index < d.end), None)
                if event is not None:
                    score_map = None if maps is None else maps[frame.index]
                    away = clock.seconds(frame.index) - clock.seconds(event.pictured)
                    near = abs(away) <= BOX_SECONDS
                    boxes = event.boxes if near else ()
                    if score_map is not None and threshold is not None and threshold > 0:
                        boxes = _boxes(score_map, threshold, video.info)
                    _mark(picture, boxes, enlarged)
                writer.write(np.vstack([picture, panel.draw(frame.index, event)]))
                if advance is not None:
                    advance(1)
    return Path(target)


def _enlarge(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    if (image.shape[1], image.shape[0]) == size:
        return image.copy()
    return cv2.resize(image, size, interpolation=cv2.INTER_CUBIC)


def _boxes(score_map: np.ndarray, reference: float, info: MediaInfo) -> Boxes:
    """Where this very frame is odd, so that boxes go with the things; none where it is calm."""
    levels = np.maximum(np.asarray(score_map, np.float32), 0)
    return odd_boxes(levels, info.width, info.height) if levels.max() > reference else ()


def _mark(picture: np.ndarray, boxes: Boxes, enlarged: int) -> None:
    """Frame the picture while an event lasts and draw boxes, in place."""
    height, width = picture.shape[:2]
    stroke = max(2, width // 320)
    cv2.rectangle(picture, (0, 0), (width - 1, height - 1), DETECTION, 2 * stroke)
    for x1, y1, x2, y2 in boxes:
        corners = (x1 * enlarged, y1 * enlarged), (x2 * enlarged - 1, y2 * enlarged - 1)
        cv2.rectangle(picture, *corners, (255, 255, 255), stroke + 2, cv2.LINE_AA)
        cv2.rectangle(picture, *corners, DETECTION, stroke, cv2.LINE_AA)


class _Panel:
    """The strip under the picture: time, verdict, score, and the curve around this moment."""

    def __init__(
        self,
        width: int,
        scores: np.ndarray,
        clock: Clock,
        threshold: float | None,
        detections: Sequence[Detection],
        tested: np.ndarray,
        truth: np.ndarray | None,
    ) -> None:
        unit = width / SMALLEST_WIDTH
        self.width = width
        self._scores, self._clock, self._threshold = scores, clock, threshold
        self._detections, self._tested = detections, tested
        self._truth = None if truth is None else np.asarray(truth, dtype=bool)
        self._margin = round(10 * unit)
        self._head = round(52 * unit)
        self._curve = round(76 * unit)
        # One row more where it is needed: 4:2:0 colour wants an even height.
        self.height = (self._head + self._curve + round(12 * unit) + 1) // 2 * 2
        self._stroke = max(1, round(1.4 * unit))
        self._letters = Lettering(round(13 * unit))
        self._bold = Lettering(round(13 * unit), bold=True)
        self._small = Lettering(round(10 * unit))
        self._tag = _TAG_WITHOUT_THRESHOLD if threshold is None else _TAG
        parts = ["dashed: threshold"] if threshold is not None else []
        parts += [f"bar: {HIGHEST if threshold is None else 'detected'}"] if detections else []
        parts += ["shaded: annotated"] if truth is not None else []
        self._legend = "   ".join(parts)
        self._axis: ScoreAxis = score_axis([scores], threshold).holding([scores])
        # Ticks of film: what was not filmed is in the video no more than in the curve.
        self._ticks = np.concatenate(([0], np.cumsum(clock.held)))
        self._window = min(int(self._ticks[-1]), max(2, clock.ticks_in(WINDOW_SECONDS)))

    def draw(self, index: int, event: Detection | None) -> np.ndarray:
        """The strip for one frame, uint8 ``(height, width, 3)``."""
        image = np.full((self.height, self.width, 3), _PANEL, np.uint8)
        self._draw_head(image, index, event)
        self._draw_curve(image, index)
        return image

    def _draw_head(self, image: np.ndarray, index: int, event: Detection | None) -> None:
        base, second = round(self._head * 0.42), round(self._head * 0.84)
        self._letters.draw(image, shown_time(self._clock, index), self._margin, base, _TEXT)
        score = f"score {self._scores[index]:.3g}" if self._tested[index] else "not tested"
        right = self.width - self._margin - self._letters.width(score)
        odd = self._threshold is not None and self._scores[index] > self._threshold
        odd = odd and bool(self._tested[index])
        self._letters.draw(image, score, right, base, _TEXT if odd else _QUIET)
        room = self.width - 2 * self._margin
        if event is None:
            self._small.draw(image, self._legend, self._margin, second, _QUIET)
            return
        pad = self._margin // 2
        longest = shown_time(self._clock, len(self._scores) - 1)
        left = self._margin + self._letters.width(longest) + 2 * pad
        corners = (
            (left, round(self._head * 0.08)),
            (left + self._bold.width(self._tag) + 2 * pad, base + pad),
        )
        cv2.rectangle(image, *corners, DETECTION, cv2.FILLED)
        self._bold.draw(image, self._tag, left + pad, base, (255, 255, 255))
        # It is that of the peak, where things may be in another place than now.
        when = offset(self._clock.seconds(event.peak))
        reason = self._letters.fit(event.reason and f"at {when}: {event.reason}", room)
        self._letters.draw(image, reason, self._margin, second, _TEXT)

    def _draw_curve(self, image: np.ndarray, index: int) -> None:
        # The present stays in the middle, except near both ends of the recording.
        ticks, window = self._ticks, self._window
        begin = min(max(int(ticks[index]) - window // 2, 0), int(ticks[-1]) - window)
        start = int(np.searchsorted(ticks, begin, side="right")) - 1
        stop = int(np.searchsorted(ticks, begin + window))
        left, width = self._margin, self.width - 2 * self._margin
        top, foot = self._head, self._head + self._curve

        def column(frame: int) -> int:
            return left + round(min(max((int(ticks[frame]) - begin) / window, 0), 1) * width)

        cv2.rectangle(image, (left, top), (left + width, foot), (38, 43, 49), cv2.FILLED)
        self._shade_truth(image[top : foot + 1], start, stop, column)
        middles = (ticks[start:stop] + ticks[start + 1 : stop + 1]) / 2
        places = left + np.clip((middles - begin) / window, 0, 1) * width
        heights = np.clip(self._axis.height(self._scores[start:stop]), 0, 1)
        points = np.stack([places, foot - heights * (foot - top)], axis=1)
        # OpenCV draws between pixels if coordinates are given in 1/16.
        line = np.rint(points * 16).astype(np.int32)
        now = index - start
        for part, colour in ((line[now:], _AHEAD), (line[: now + 1], _PAST)):
            cv2.polylines(image, [part], False, colour, self._stroke, cv2.LINE_AA, 4)
        for first, last in spans_of(self._tested[start:stop]):
            pale = line[max(first - 1, 0) : last + 1]
            cv2.polylines(image, [pale], False, _UNTESTED, self._stroke, cv2.LINE_AA, 4)
        if self._threshold is not None:
            level = round(foot - float(self._axis.height(self._threshold)) * (foot - top))
            _dash(image, left, left + width, level, _QUIET)
        bar = max(3, self._stroke * 3)
        for event in self._detections:
            if event.end > start and event.start < stop:
                ends = column(max(event.start, start)), column(min(event.end, stop))
                cv2.rectangle(image, (ends[0], top), (ends[1], top + bar), DETECTION, cv2.FILLED)
        x, y = (round(value) for value in points[now].tolist())
        cv2.line(image, (x, top), (x, foot), _TEXT, max(1, self._stroke // 2))
        cv2.circle(image, (x, y), self._stroke * 2, _TEXT, cv2.FILLED, cv2.LINE_AA)

    def _shade_truth(
        self, area: np.ndarray, start: int, stop: int, column: Callable[[int], int]
    ) -> None:
        if self._truth is None or not self._truth[start:stop].any():
            return
        flags = np.concatenate(([0], self._truth[start:stop].astype(np.int8), [0]))
        edges = np.flatnonzero(np.diff(flags)) + start
        for begin, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            part = area[:, column(begin) : column(end) + 1]
            part[:] = np.rint(part * 0.7 + np.array(TRUTH) * 0.3)


def _dash(image: np.ndarray, left: int, right: int, row: int, colour: Colour) -> None:
    for begin in range(left, right, 10):
        cv2.line(image, (begin, row), (min(begin + 5, right), row), colour, 1)
