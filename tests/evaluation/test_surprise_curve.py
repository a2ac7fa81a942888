import numpy as np
import pytest

from oddframe.calibration.surprise import Surprise
from oddframe.evaluation.frame_samples import Truth
from oddframe.evaluation.intervals import Draws
from oddframe.evaluation.surprise_curve import surprise_curve
from oddframe.scores.frame_scores import Scores

META = {"normalisation": "none (surprise against held-out normal footage)"}


def curve_of(make_video, values, **changes):
    """Of 20 normal videos and one whose frames are all anomalous and would spoil it."""
    parts = {
        f"v{index}": part.astype(np.float32) for index, part in enumerate(np.split(values, 20))
    }
    videos = [make_video(name, np.zeros(len(part))) for name, part in parts.items()]
    videos.append(make_video("odd", np.ones(50)))
    truth = Truth.of(videos)
    scores = Scores(parts | {"odd": np.full(50, 9.0)}, META | changes)
    return surprise_curve(scores, truth, Draws.of(truth.anomalous, 200, 0)).get("surprise")


def test_exponential_scores_fall_on_the_diagonal(make_video):
    """p is uniform, so -log10 p is exponential: the surprise of fresh frames of the same kind."""
    values = -np.log10(np.random.default_rng(0).random(200_000))
    curve = curve_of(make_video, values)
    x, y = np.array(curve.x), np.array(curve.y)
    assert x[0] == y[0] == 0
    assert x[-1] == 2  # beyond, scores are of what lasts
    assert y == pytest.approx(x, abs=0.08)
    inside = [
        low <= promised <= high
        for promised, low, high in zip(curve.x, curve.low, curve.high, strict=True)
        if low is not None
    ]
    assert np.mean(inside) > 0.8


def test_equals_counting_frames(make_video):
    values = np.random.default_rng(1).exponential(0.4, 2000).round(2)
    curve = curve_of(make_video, values)
    for promised, observed in zip(curve.x, curve.y, strict=True):
        share = np.mean(values.astype(np.float32) >= np.float32(promised))
        assert observed == pytest.approx(-np.log10(share), abs=1e-6)


def test_a_detector_whose_footage_is_too_calm_promises_too_much(make_video):
    """Calibrated on footage of one noise, watching another of twice its size."""
    generator = np.random.default_rng(2)
    surprise = Surprise.fit(generator.exponential(1, 50_000))
    same = curve_of(make_video, surprise(generator.exponential(1, 50_000)))
    worse = curve_of(make_video, surprise(generator.exponential(2, 50_000)))
    at = same.x.index(2.0)
    assert same.y[at] == pytest.approx(2, abs=0.1)
    assert worse.y[at] == pytest.approx(1, abs=0.1)  # one frame in ten, not one in a hundred


def test_only_of_surprises_and_of_normal_frames(make_video):
    values = np.random.default_rng(3).random(200)
    assert curve_of(make_video, values, normalisation="none") is None
    truth = Truth.of([make_video("a", np.ones(10))])
    scores = Scores({"a": np.ones(10)}, META)
    assert surprise_curve(scores, truth, Draws.of(truth.anomalous, 0, 0)) == {}
