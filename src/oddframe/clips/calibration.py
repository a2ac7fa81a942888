"""From held-out normal footage to the scale of each term and the threshold of the score."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import replace

import numpy as np

from oddframe.calibration.threshold import calibrate
from oddframe.clips.learner import ClipLearner
from oddframe.clips.stream import measured_video
from oddframe.clips.terms import TooShortError
from oddframe.console.words import HELD_OUT, count
from oddframe.errors import OddframeError
from oddframe.media.clock import Clock


def fitted_scales(
    terms: Mapping[str, np.ndarray], map_peaks: np.ndarray
) -> dict[str, tuple[float, float]]:
    """Each term's mean and deviation, and under ``map`` those of the maps' highest cells.

    Args:
        terms: by name ``(frames,)``, of held-out normal footage.
        map_peaks: ``(frames,)``.
    """
    scales = {}
    for name, values in {**terms, "map": map_peaks}.items():
        mean, deviation = float(values.mean()), float(values.std())
        # A term that never changes but for rounding has no scale; 1 keeps it harmless.
        scales[name] = (mean, deviation if deviation > 1e-5 * abs(mean) else 1.0)
    return scales


def calibrate_detector(
    detector: ClipLearner,
    videos: Iterable[tuple[str, Iterable[np.ndarray], Clock, Container[int]]],
    footage: str = HELD_OUT,
) -> int:
    """Give a detector its scales and its threshold, from normal videos.

    Args:
        detector: the detector.
        videos: for each its id, the images of its frames, when they are shown, and where footage
            begins anew, as for :func:`oddframe.clips.stream.terms_of`: the threshold need not let
            through what no score says.
        footage: what they are, in words.

    Returns:
        How many of the videos nowhere go on for a clip, and taught nothing.

    Raises:
        TooShortError: none of them does, or there is none.
        OddframeError: a term that is no finite number.
    """
    short = 0
    measured: list[tuple[dict[str, np.ndarray], Clock]] = []
    peaks = []
    for video_id, images, clock, breaks in videos:
        try:
            terms, map_peaks = measured_video(detector, images, breaks)
        except TooShortError:
            short += 1
            continue
        _check_finite(detector.name, video_id, {**terms, "map": map_peaks})
        # As many as decode, which a damaged file may promise more of.
        measured.append((terms, replace(clock, frames=len(map_peaks))))
        peaks.append(map_peaks)
    if not measured:
        raise TooShortError(
            f"none of {count(short, 'normal video')} goes on for a clip of {detector.span} frames "
            "without a cut"
        )
    names = measured[0][0]
    together = {n: np.concatenate([terms[n] for terms, _ in measured]) for n in names}
    detector.scales = fitted_scales(together, np.concatenate(peaks))
    stretches = [(detector.combine(terms), clock) for terms, clock in measured]
    wanted = detector.config.false_alarms_per_hour
    detector.calibrated = calibrate(stretches, wanted, footage=footage)
    return short


def _check_finite(name: str, video_id: str, terms: Mapping[str, np.ndarray]) -> None:
    """Refuse what would make every score of every video NaN."""
    for term, values in terms.items():
        if (broken := np.flatnonzero(~np.isfinite(values))).size:
            raise OddframeError(
                f"detector {name}: video '{video_id}': expected a finite term '{term}' of frame "
                f"{broken[0]}, found {values[broken[0]]}"
            )
