"""A discriminative framework: how easily a moment is told from all before it, in any order.

Source: Del Giorno, Bagnell and Hebert, "A discriminative framework for anomaly detection in large
videos", ECCV 2016, with their code (alliedel/anomalyframework_ECCV2016, alliedel/videofeatures) and
the configuration in it that is said to be that of Avenue.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np
from scipy.ndimage import correlate1d
from scipy.special import expit

from oddframe.calibration.places import odd_boxes, where
from oddframe.cluster.threads import one_thread_each
from oddframe.detectors.frame_score import FrameScore
from oddframe.detectors.traits import Traits
from oddframe.errors import OddframeWarning
from oddframe.media.frames import Frame, MediaInfo
from oddframe.motion_cubes.components import principal_components
from oddframe.motion_cubes.cubes import COLUMNS, ROWS, SIZE, Moment, MotionCubes
from oddframe.settings.ranges import setting
from oddframe.untrained.detector import (
    MOVING_CUBES,
    NEWNESS,
    NO_VERDICT,
    UntrainedConfig,
    UntrainedDetector,
    warn_of_untested,
)
from oddframe.untrained.logistic_regression import fit_in_columns

_SURE = 0.999
"""Probabilities are cut here: odds have no end."""
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
    two to three times as much when they are judged. An hour of video fits as a minute does.

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
        self._cubes = 0
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
        self._cubes += len(self._kept[-1].cubes)
        while self._cubes > self._config.most_cubes and len(self._kept) > 1:
            self._kept = self._kept[::2]
            self._every *= 2
            self._cubes = sum(len(part.cubes) for part in self._kept)

    def finish(self) -> list[FrameScore]:
        """The scores of all frames; a warning where nothing could be compared."""
        for moment in self._motion.finish():
            self._keep(moment)
        if not self._over:
            return []
        if self._every > 1:
            warnings.warn(
                f"{self._source}: more than {self._config.most_cubes} cubes move in it, so one "
                f"moment in {self._every} is judged, and what is shorter may be missed; a run with "
                "a larger --settings.most_cubes judges more",
                OddframeWarning,
                stacklevel=3,
            )
        with one_thread_each():
            grid = self._grid()
        if grid is None:
            why = "hardly anything moves" if any(self._over) else "nothing moves"
            warn_of_untested(self._source, why)
            grid = np.full((len(self._kept), ROWS, COLUMNS), NO_VERDICT, np.float32)
            self._reachable = [False] * len(self._over)
        # Of a video that was thinned, frames take what the nearest moment says.
        nearest = (np.arange(len(self._over)) + self._every // 2) // self._every
        nearest = np.minimum(nearest, len(grid) - 1)
        return [self._score(frame, grid[at]) for frame, at in enumerate(nearest.tolist())]

    def _grid(self) -> np.ndarray | None:
        """Odds of each cell of each moment that is kept, float32 ``(moments, 12, 16)``, smoothed.

        None if there are too few units to compare any.
        """
        counts = np.array([len(part.cubes) for part in self._kept])
        units = counts[counts > 0] if self._config.unit == "frame" else np.ones(self._cubes, int)
        if len(units) < 2 * self._config.window:
            return None
        rows = self._rows()
        probable = averaged_probabilities(rows, units, self._config, self._random)
        probable = np.minimum(probable, _SURE)
        grid = np.zeros((len(self._kept), ROWS, COLUMNS), np.float32)
        grid[np.stack([part.moving for part in self._kept])] = probable / (1 - probable)
        for axis in range(3):
            grid = correlate1d(grid, _SMOOTHED, axis=axis, mode="nearest")
        return grid

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

    def _score(self, frame: int, cells: np.ndarray) -> FrameScore:
        pooled = float(cells.max() if self._config.pooling == "max" else (cells * _TRIANGLE).sum())
        boxes, width, height = (), self._info.width, self._info.height
        if self._reachable[frame] and cells.any():
            boxes = odd_boxes(cells, width, height)
        place = f" ({where(boxes[0], width, height)})" if boxes else ""
        return FrameScore(
            frame=frame,
            value=pooled,
            score_map=cells,
            cue="motion" if boxes else "",
            reason=f"what moves here is easily told from the rest of the video{place}"
            * bool(boxes),
            boxes=boxes,
            terms={NEWNESS: pooled},
            tested=self._reachable[frame],
            baselines={MOVING_CUBES: float(self._over[frame])},
        )


def averaged_probabilities(
    rows: np.ndarray, units: np.ndarray, config: GiornoConfig, random: np.random.Generator
) -> np.ndarray:
    """How probably each row is a new one, averaged over orders of the units: ``(rows,)``.

    In an order of the units, each ``window`` of them is told from all before them by a logistic
    regression whose two classes weigh the same, and takes what that says of it. A unit that was
    tested in no order has 0.5.

    Args:
        rows: ``(rows, columns)`` in the units' own order, the last column ones.
        units: rows of each unit.
        config: window, shuffles and penalty.
        random: draws the orders.
    """
    ends = np.cumsum(units)
    total, tests = np.zeros(len(rows)), np.zeros(len(rows))
    own = np.arange(len(units))
    for order in [own, *(random.permutation(own) for _ in range(config.shuffles))]:
        at = np.concatenate([np.arange(ends[unit] - units[unit], ends[unit]) for unit in order])
        for first, said in _pass(rows[at], np.cumsum(units[order]), config):
            tested = at[first : first + len(said)]
            total[tested] += said
            tests[tested] += 1
    return np.where(tests > 0, total / np.maximum(tests, 1), NO_VERDICT)


def _pass(
    rows: np.ndarray, ends: np.ndarray, config: GiornoConfig
) -> Sequence[tuple[int, np.ndarray]]:
    """For each window of an order its first row, and how probably its rows are new ones."""
    found, weights = [], np.zeros(rows.shape[1])
    for end in range(2 * config.window, len(ends) + 1, config.window):
        first, last = ends[end - config.window - 1], ends[end - 1]
        signs = np.full(last, -1.0)
        signs[first:] = 1.0
        share = config.window / end
        costs = np.where(signs > 0, 1 - share, share) / config.penalty
        weights = fit_in_columns(rows[:last], signs, costs, weights)
        found.append((first, expit(rows[first:last] @ weights)))
    return found


def _triangle(cells: int) -> np.ndarray:
    """Weights of a row of cells that is resized to one, as MATLAB's ``imresize`` has them."""
    weights = 1 - np.abs(2 * (np.arange(cells) + 0.5) / cells - 1)
    return weights / weights.sum()


_TRIANGLE = np.outer(_triangle(ROWS), _triangle(COLUMNS))

DETECTOR = Giorno
CONFIG = GiornoConfig
