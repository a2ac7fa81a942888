"""A discriminative framework: how easily a moment is told from all before it, in any order.

Source: Del Giorno, Bagnell and Hebert, "A discriminative framework for anomaly detection in large
videos", ECCV 2016, with their code (alliedel/anomalyframework_ECCV2016, alliedel/videofeatures) and
the configuration in it that is said to be that of Avenue.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np

from oddframe.calibration.places import odd_boxes, where
from oddframe.cluster.threads import one_thread_each
from oddframe.console.words import count
from oddframe.detectors.frame_score import FrameScore
from oddframe.detectors.traits import Traits
from oddframe.errors import OddframeWarning
from oddframe.media.frames import Frame, MediaInfo
from oddframe.motion_cubes.components import principal_components
from oddframe.motion_cubes.cubes import COLUMNS, MARGIN, ROWS, SIZE, Moment, MotionCubes
from oddframe.numerics.smoothing import weighted_neighbours
from oddframe.scores.standing_out import StandsOut
from oddframe.settings.ranges import setting
from oddframe.untrained.detector import (
    MOVING_CUBES,
    NEWNESS,
    UntrainedConfig,
    UntrainedDetector,
    untested,
    warn_of_untested,
)
from oddframe.untrained.passes import averaged_probabilities

_SURE = 0.999
"""Probabilities are cut here: odds have no end."""
_MOST_COMPARED = 25_000_000
"""Cubes that are looked at in an order, each as often as a window is told from it: minutes."""
_SMOOTHED = np.full(5, 1 / 5)


@dataclass(frozen=True)
class GiornoConfig(UntrainedConfig):
    """Settings; the defaults are those of the released code.

    Attributes:
        motion_threshold: a cube of 10x10 pixels and five frames moves if its changes, of pixels
            from 0 to 1, add up to more.
        unit: what is put into an order: a ``frame`` with all its cubes, or each ``cube``.
        window: units that are told from all those before them at a time.
        shuffles: how many orders by chance the video is gone through in, beside its own.
        components: principal components of the video's cubes that are kept of each.
        penalty: weight of the l2 penalty in the logistic regression (1 / C).
        pooling: score of a frame from its cells: the ``max``, or the ``mean``, weighted by a
            triangle over rows and columns as the released code resizes the grid to one cell.
        most_cubes: cubes that are kept of a video at most; of one with more only every second
            moment is judged, or every fourth, and so on, and the frames between take its score.
    """

    motion_threshold: float = setting(5.0, at_least=0)
    unit: Literal["frame", "cube"] = "frame"
    window: int = setting(10, at_least=1, at_most=10_000)
    shuffles: int = setting(10, at_least=0, at_most=1000)
    components: int = setting(100, at_least=1, at_most=500)
    penalty: float = setting(10.0, above=0)
    pooling: Literal["max", "mean"] = "max"
    most_cubes: int = setting(100_000, at_least=1000, at_most=10_000_000)


class Giorno(UntrainedDetector):
    """Odds that a classifier gives a moment's cubes when it tells them from those before.

    Deviations from the released code: cubes are reduced by principal components of the video itself
    (the code's are of training videos; its error message names this way out); the mean over passes
    counts the passes in which a unit was tested (there a pass without counts as 0); a frame's score
    is the greatest in the grid, not its mean, which is hardly more than the number of cubes that
    move (``pooling``); units are frames by default (the released files number each cube apart); the
    orders are drawn with a seed.
    """

    name: ClassVar[str] = "giorno"
    traits: ClassVar[Traits] = replace(UntrainedDetector.traits, causal=False)
    config_type: ClassVar[type[UntrainedConfig]] = GiornoConfig
    normalisation: ClassVar[str] = "none: odds that what moves is new, smoothed over 5x5x5 cells"
    smoothing_seconds: ClassVar[float] = 0.0
    assumes: ClassVar[str] = (
        "normality is what repeats in this video, before or after: what is odd from end to end is "
        "not found, and what moves but once is; where little moves scores are low"
    )

    @property
    def stands_out(self) -> StandsOut:
        """Scores are odds: to double them takes one bit, which is what the toss of a coin tells."""
        return StandsOut(times=2.0)

    @property
    def notes(self) -> dict[str, Any]:
        """Plain values for a report."""
        orders = self.config.shuffles
        compared = f"each {self.config.unit} with all before it, in its own order and {orders} more"
        return {"compares": compared, **super().notes}

    def stream(self, info: MediaInfo, *, source: str = "", live: bool = False) -> GiornoStream:  # noqa: ARG002 - no score comes before the end
        """Begin a video, whose scores come out when it is over."""
        return GiornoStream(self, info, source)


@dataclass(frozen=True)
class _Judged:
    """A moment that is kept to be judged.

    Attributes:
        moving: bool ``(12, 16)``, where a cube moves.
        cubes: float32 ``(cubes, 500)`` of these, row by row.
    """

    moving: np.ndarray
    cubes: np.ndarray


class GiornoStream:
    """Frames of one video in; at its end the scores of all of them out.

    Kept until then are the cubes that move, 2 kB each, at most ``most_cubes`` of them: 200 MB, and
    two to three times as much when they are judged, and of few cubes a moment so many that they are
    compared in minutes. An hour of video fits as a minute does.

    Args:
        detector: what scores them.
        info: what is known of the video.
        source: what a warning calls it.
    """

    def __init__(self, detector: Giorno, info: MediaInfo, source: str) -> None:
        self._config, self._info, self._source = detector.config, info, source
        self._random = detector.random(info.name)
        self._motion = MotionCubes(self._config.motion_threshold)
        self._kept: list[_Judged] = []
        self._every = 1
        self._cubes = self._units = 0
        self._over: list[int] = []
        self._reachable: list[bool] = []

    def push(self, frame: Frame) -> list[FrameScore]:
        """Take the next frame; there are no scores before the end."""
        for moment in self._motion.push(frame.grey(SIZE), anew=frame.anew):
            self._keep(moment)
        return []

    def _keep(self, moment: Moment) -> None:
        self._over.append(moment.over)
        self._reachable.append(moment.reachable)
        if moment.frame % self._every:
            return
        self._kept.append(_Judged(moment.moving, moment.cubes()))
        self._count()
        while len(self._kept) > 1 and self._is_too_much():
            self._kept = self._kept[::2]
            self._every *= 2
            self._count(anew=True)

    def _count(self, *, anew: bool = False) -> None:
        """Count the cubes and the units of the moments that are kept, or of the newest as well."""
        if anew:
            self._cubes = self._units = 0
        for part in self._kept if anew else self._kept[-1:]:
            cubes = len(part.cubes)
            self._cubes += cubes
            self._units += cubes if self._config.unit == "cube" else min(cubes, 1)

    def _is_too_much(self) -> bool:
        """Whether what is kept would take too much memory, or too long to be compared."""
        compared = self._units // self._config.window * self._cubes // 2
        return self._cubes > self._config.most_cubes or compared > _MOST_COMPARED

    def finish(self) -> list[FrameScore]:
        """The scores of all frames; a warning where nothing could be compared."""
        for moment in self._motion.finish():
            self._keep(moment)
        frames = len(self._over)
        if self._units < 2 * self._config.window:
            if frames:
                warn_of_untested(self._source, self._why_untested())
            return [self._untested(frame) for frame in range(frames)]
        if self._every > 1:
            warnings.warn(
                f"{self._source}: so much moves in it, or for so long, that one moment in "
                f"{self._every} is judged, and what is shorter may be missed; shorter videos are "
                "judged whole",
                OddframeWarning,
                stacklevel=3,
            )
        with one_thread_each():
            grid, tested = self._grid()
        reachable = np.array(self._reachable)
        tested &= reachable[:: self._every]
        # Of a video that was thinned, frames take what the nearest moment says.
        nearest = (np.arange(frames) + self._every // 2) // self._every
        nearest = np.minimum(nearest, len(grid) - 1).tolist()
        # Frames that were not tested keep what the grid says, next to 0, as the public code has it:
        # 0.5 says "no difference" of an accuracy; of these odds it would be above nearly all.
        return [
            self._score(frame, grid[at], tested=bool(tested[at] and reachable[frame]))
            for frame, at in enumerate(nearest)
        ]

    def _why_untested(self) -> str:
        if not any(self._reachable):
            return f"too short for a cube of motion, which needs {2 * MARGIN + 2} frames"
        if not self._units:
            return "nothing moves"
        unit = "moment" if self._config.unit == "frame" else "cube"
        return (
            f"only {count(self._units, unit)} with motion of the {2 * self._config.window} needed"
        )

    def _grid(self) -> tuple[np.ndarray, np.ndarray]:
        """Odds of each cell of each moment that is kept, float32 ``(moments, 12, 16)``, smoothed.

        And whether a moment was tested, bool ``(moments,)``: one with cubes of which no order
        tested any was not, one without cubes has odds of 0.
        """
        counts = np.array([len(part.cubes) for part in self._kept])
        units = counts[counts > 0] if self._config.unit == "frame" else np.ones(self._cubes, int)
        rows = self._rows()
        config = self._config
        probable = averaged_probabilities(
            rows,
            units,
            self._random,
            window=config.window,
            shuffles=config.shuffles,
            penalty=config.penalty,
        )
        known = np.isfinite(probable)
        tests = np.bincount(np.arange(len(counts)).repeat(counts), known, len(counts))
        probable = np.where(known, np.minimum(probable, _SURE), 0)
        grid = np.zeros((len(self._kept), ROWS, COLUMNS), np.float32)
        grid[np.stack([part.moving for part in self._kept])] = probable / (1 - probable)
        for axis in range(3):
            grid = weighted_neighbours(grid, _SMOOTHED, axis)
        return grid, (tests > 0) | (counts == 0)

    def _rows(self) -> np.ndarray:
        """Principal components of all cubes and a column of ones, float64; the cubes are let go."""
        parts = [part.cubes for part in self._kept]
        directions = principal_components(parts, self._config.components)
        rows = np.ones((self._cubes, directions.shape[1] + 1))
        first = 0
        for number, part in enumerate(parts):
            rows[first : first + len(part), :-1] = part @ directions
            first += len(part)
            self._kept[number] = _Judged(self._kept[number].moving, part[:0])
        return rows

    def _score(self, frame: int, cells: np.ndarray, *, tested: bool) -> FrameScore:
        pooled = float(cells.max() if self._config.pooling == "max" else (cells * _TRIANGLE).sum())
        boxes, width, height = (), self._info.width, self._info.height
        if tested and cells.any():
            boxes = odd_boxes(cells, width, height)
        place = f" ({where(boxes[0], width, height)})" if boxes else ""
        return FrameScore(
            frame=frame,
            value=pooled,
            score_map=cells,
            cue="motion" if boxes else "",
            reason=f"what moves is unlike what moves in the rest of the video{place}" * bool(boxes),
            boxes=boxes,
            terms={NEWNESS: pooled},
            tested=tested,
            baselines=self._baselines(frame),
        )

    def _untested(self, frame: int) -> FrameScore:
        return untested(frame, (ROWS, COLUMNS), self._baselines(frame))

    def _baselines(self, frame: int) -> dict[str, float]:
        return {MOVING_CUBES: float(self._over[frame])}


def _triangle(cells: int) -> np.ndarray:
    """Weights of a row of cells that is resized to one, as MATLAB's ``imresize`` has them."""
    weights = 1 - np.abs(2 * (np.arange(cells) + 0.5) / cells - 1)
    return weights / weights.sum()


_TRIANGLE = np.outer(_triangle(ROWS), _triangle(COLUMNS))

DETECTOR = Giorno
CONFIG = GiornoConfig
