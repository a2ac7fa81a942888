"""From held-out normal footage to the scale of each term and the threshold of the score."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import replace
from typing import Protocol

import numpy as np

from oddframe.clips.stream import MeasuresClips, TooShortError, measured_video
from oddframe.console.words import HELD_OUT, count
from oddframe.media.clock import Clock


class LearnsScales(MeasuresClips, Protocol):
    """What measures clips and makes scores of that."""

    def learn_scales(
        self,
        normal: Iterable[tuple[str, Mapping[str, np.ndarray], np.ndarray, Clock]],
        footage: str = HELD_OUT,
    ) -> None:
        """See :class:`oddframe.calibration.score_of_terms.ScoreOfTerms`."""
        ...


def calibrate_detector(
    detector: LearnsScales,
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
    measured: list[tuple[str, dict[str, np.ndarray], np.ndarray, Clock]] = []
    for video_id, images, clock, breaks in videos:
        try:
            terms, map_peaks = measured_video(detector, images, breaks)
        except TooShortError:
            short += 1
            continue
        # As many as decode, which a damaged file may promise more of.
        measured.append((video_id, terms, map_peaks, replace(clock, frames=len(map_peaks))))
    if not measured:
        raise TooShortError(
            f"none of {count(short, 'normal video')} goes on for a clip of {detector.span} frames "
            "without a cut"
        )
    detector.learn_scales(measured, footage)
    return short
