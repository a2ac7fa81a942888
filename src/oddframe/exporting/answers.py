"""What detectors answer to the same frames or features, and how far two answers lie apart."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from oddframe.detectors.contract import Detector, has_terms, looks_at_frames
from oddframe.detectors.frame_score import FrameScore
from oddframe.errors import OddframeWarning
from oddframe.media.frames import Frame, MediaInfo

TOLERANCE = 1e-3
"""Largest difference of two numbers that are the same, in deviations of normal footage; of numbers
above 1, a thousandth of them."""
LEAST_RANKS = 0.99
"""Spearman's rank correlation of scores that rank the same frames alike."""


@dataclass(frozen=True)
class Answers:
    """What a detector says of frames, or of snippets.

    Attributes:
        scores: float64 ``(n,)``.
        terms: what they are combined from, on their scale, by name ``(n,)``.
        maps: float32 ``(n, rows, columns)``; empty where there are none.
    """

    scores: np.ndarray
    terms: Mapping[str, np.ndarray] = field(default_factory=dict)
    maps: np.ndarray = field(default_factory=lambda: np.zeros((0, 0, 0), np.float32))

    def arrays(self) -> dict[str, np.ndarray]:
        """All of it, by names that :meth:`from_arrays` knows."""
        terms = {f"terms/{name}": values for name, values in self.terms.items()}
        return {"scores": self.scores, "maps": self.maps, **terms}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Answers:
        """What gave :meth:`arrays`.

        Raises:
            KeyError: something is missing.
        """
        terms = {n.removeprefix("terms/"): v for n, v in arrays.items() if n.startswith("terms/")}
        return cls(arrays["scores"], terms, arrays["maps"])


@dataclass(frozen=True)
class Agreement:
    """How far answers lie apart; differences as :data:`TOLERANCE` counts them.

    Attributes:
        sample: what was looked at.
        frames: how many frames, or snippets.
        scores, terms, maps: the largest difference.
        odd: frames above the threshold.
        otherwise: frames that are on the other side of it in one of the two, though further from
            it than the tolerance.
        at_threshold: those that are, and lie as near to it as rounding reaches.
        alike: of a network of integers, whose scores are others: it need only rank frames alike,
            and find the same moments odd, to a frame.
        ranks: then Spearman's correlation of the scores, where frames differ enough to have one.
    """

    sample: str
    frames: int
    scores: float
    terms: float
    maps: float
    odd: int
    otherwise: int
    at_threshold: int
    alike: bool = False
    ranks: float | None = None

    @property
    def fault(self) -> str:
        """What is wrong, in words; empty where nothing is."""
        if self.ranks is not None and not self.ranks >= LEAST_RANKS:
            least = f"expected {LEAST_RANKS:g} at least"
            return f"Spearman's rank correlation of scores is {self.ranks:.4f}, {least}"
        for what in () if self.alike else ("terms", "maps", "scores"):
            apart = getattr(self, what)
            if not apart <= TOLERANCE:  # NaN is not
                return f"{what} differ by {apart:.2g}, expected {TOLERANCE:g} at most"
        if self.otherwise:
            return f"{self.otherwise} of {self.frames} are odd to one and not to the other"
        return ""


def agreement(sample: str, wanted: Answers, found: Answers, threshold: float) -> Agreement:
    """How far two answers to the same sample lie apart.

    Args:
        sample: its name.
        wanted: of the detector that was exported.
        found: of what became of it.
        threshold: scores above it are odd.
    """
    both = min(len(wanted.scores), len(found.scores))  # others are infinitely far apart
    odd, other = wanted.scores[:both] > threshold, found.scores[:both] > threshold
    away = np.abs(wanted.scores[:both] - threshold)
    far = away > TOLERANCE * np.maximum(1, np.abs(wanted.scores[:both]))
    return Agreement(
        sample,
        len(wanted.scores),
        *_differences(wanted, found),
        int(odd.sum()),
        int(((odd != other) & far).sum()),
        int(((odd != other) & ~far).sum()),
    )


def likeness(
    sample: str, wanted: Answers, found: Answers, limits: tuple[float, float], *, ranked: bool
) -> Agreement:
    """How alike two answers are whose scores are on scales of their own.

    Args:
        sample: its name.
        wanted: of the one in floats.
        found: of the one in integers.
        limits: the threshold of each.
        ranked: whether frames differ enough to be ranked: of real footage.
    """
    odd = [said.scores > limit for said, limit in zip((wanted, found), limits, strict=True)]
    beside = [np.convolve(one, (1, 1, 1), "same") > 0 for one in odd]
    alone = (odd[0] & ~beside[1]) | (odd[1] & ~beside[0])
    return Agreement(
        sample,
        len(wanted.scores),
        *_differences(wanted, found),
        int(odd[0].sum()),
        int(alone.sum()),
        int((odd[0] != odd[1]).sum() - alone.sum()),
        alike=True,
        ranks=spearman(wanted.scores, found.scores) if ranked else None,
    )


def _differences(wanted: Answers, found: Answers) -> tuple[float, float, float]:
    """The largest of scores, terms and maps."""
    return (
        apart(wanted.scores, found.scores),
        max((apart(wanted.terms[n], found.terms[n]) for n in wanted.terms), default=0.0),
        apart(wanted.maps, found.maps),
    )


def spearman(one: np.ndarray, other: np.ndarray) -> float:
    """Spearman's rank correlation; equal values share the mean of their ranks."""
    return float(np.corrcoef(_ranks(one), _ranks(other))[0, 1])


def _ranks(values: np.ndarray) -> np.ndarray:
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[places]


def apart(wanted: np.ndarray, found: np.ndarray) -> float:
    """The largest difference of two arrays; infinite where they are of other shapes."""
    if wanted.shape != found.shape:
        return float("inf")
    wanted, found = wanted.astype(np.float64), found.astype(np.float64)
    both = np.abs(wanted - found) / np.maximum(1, np.abs(wanted))
    return float(both.max(initial=0.0))


def of_frames(
    detectors: Sequence[Detector], frames: Iterable[Frame], info: MediaInfo, *, live: bool = False
) -> list[Answers]:
    """What detectors of frames answer to one stream, each frame shown to all of them.

    Args:
        detectors: they are not changed.
        frames: of one video; they need not all be in memory.
        info: what is known of it.
        live: as of :meth:`oddframe.detectors.contract.FrameDetector.stream`.

    Raises:
        OddframeError: too few frames.
    """
    found: list[list[FrameScore]] = [[] for _ in detectors]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OddframeWarning)  # pictures of other shapes, on purpose
        streams = [d.stream(info, live=live) for d in detectors if looks_at_frames(d)]
        for frame in frames:
            for scores, stream in zip(found, streams, strict=True):
                scores += stream.push(frame)
        for scores, stream in zip(found, streams, strict=True):
            scores += stream.finish()
    return [_answers(*pair) for pair in zip(detectors, found, strict=True)]


def together(parts: Iterable[Answers]) -> Answers:
    """The answers to several videos, one after another.

    Maps of other shapes than the first's are left out.
    """
    there = list(parts)
    names = list(there[0].terms)
    maps = [part.maps for part in there if part.maps.shape[1:] == there[0].maps.shape[1:]]
    return Answers(
        np.concatenate([part.scores for part in there]),
        {name: np.concatenate([part.terms[name] for part in there]) for name in names},
        np.concatenate(maps),
    )


def _answers(detector: Detector, scores: Sequence[FrameScore]) -> Answers:
    values = np.array([one.value for one in scores], np.float64)
    terms: dict[str, np.ndarray] = {}
    if has_terms(detector):
        measured = {n: np.array([one.terms[n] for one in scores]) for n in scores[0].terms}
        terms = detector.scaled_terms(measured)
    maps = [one.score_map for one in scores if one.score_map is not None]
    return Answers(values, terms, np.stack(maps)) if maps else Answers(values, terms)
