"""Trivial baselines: scores that look at no pixel, and simple rules beside a detector.

They stand beside every result because several published numbers do not beat them. Those that look
at no pixel, but for the constant, are rounded to thousandths.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np

from oddframe.evaluation.frame_samples import Truth, frame_samples
from oddframe.evaluation.intervals import Draws
from oddframe.evaluation.result import Measured
from oddframe.scores.frame_scores import Scores
from oddframe.videos.video import Video


def measured_baselines(
    truth: Truth, draws: Draws, seed: int, simple_rules: Mapping[str, Scores] | None = None
) -> dict[str, dict[str, Measured]]:
    """Name of a trivial baseline to the metrics that it reaches on these videos.

    Args:
        truth: the labels.
        draws: the resamples.
        seed: fixes the random baseline.
        simple_rules: by name the scores of rules that look at the same pixels as a detector.
    """
    every = [*trivial_baselines(truth.videos, seed), *(simple_rules or {}).items()]
    return {
        name: frame_samples(scores, truth, draws.weights).summary(draws) for name, scores in every
    }


def trivial_baselines(videos: Iterable[Video], seed: int = 0) -> Iterator[tuple[str, Scores]]:
    """All trivial baselines with their names, made one after the other.

    ``constant``
        the same score everywhere: what the padding of a metric gives away.
    ``random``
        uniform noise per frame, seeded.
    ``video_oracle``
        1 on every frame of an anomalous video, else 0: the right answer for each video and no
        localisation at all.
    ``centre_prior``
        rises linearly to the middle of each video and falls again: benchmark videos are cut so
        that the anomaly lies there.
    ``oracle_centre_prior``
        the two together: 1 + the centre prior on anomalous videos, the centre prior on others.
    """
    videos = list(videos)
    generator = np.random.default_rng(seed)
    makers: dict[str, Callable[[Video], np.ndarray]] = {
        "constant": lambda video: np.zeros(video.frames),
        "random": lambda video: generator.random(video.frames),
        "video_oracle": _oracle,
        "centre_prior": _centre,
        "oracle_centre_prior": lambda video: _oracle(video) + _centre(video),
    }
    for name, make in makers.items():
        values = {video.id: np.round(make(video), 3).astype(np.float32) for video in videos}
        yield name, Scores(values, {"detector": f"trivial baseline: {name}"})


def _oracle(video: Video) -> np.ndarray:
    return np.full(video.frames, float(video.label == "anomalous"))


def _centre(video: Video) -> np.ndarray:
    place = (np.arange(video.frames) + 0.5) / video.frames
    return 1 - np.abs(2 * place - 1)
