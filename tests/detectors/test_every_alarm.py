"""What every detector says of its scores: threshold, terms, places, reasons."""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from tests.made.every_detector import EVENT, HEIGHT, WIDTH, every, filmed, frames, streamed

from oddframe.detectors.stepping import scores_of
from oddframe.media.opening import open_video
from oddframe.videos.manifest import Manifest


@pytest.fixture(scope="session")
def planted():
    """Frames of a street, from the middle on with something striped in their left half."""
    images = [image.copy() for image in filmed("calm", 61)]
    for image in images[EVENT.start :]:
        image[8:32, 4:24] = (np.indices((24, 20)).sum(axis=0)[..., None] // 4 % 2) * (255, 50, 0)
    return frames(images)


@pytest.fixture(scope="module")
def scores_of_planted(every_detector, planted):
    return cache(lambda name: streamed(every_detector(name).detector, planted))


@pytest.fixture
def found(name, scores_of_planted):
    return scores_of_planted(name)


@every(looks_at="frames")
def test_a_threshold_keeps_what_it_says_of_normal_footage(trained, footage):
    detector = trained.detector
    calibrated = detector.calibrated
    assert np.isfinite(detector.threshold)
    assert detector.notes["threshold"] == calibrated.sentence
    assert calibrated.is_kept or "to promise at most 1" in calibrated.sentence
    manifest = Manifest.read(footage.manifest)
    (held_out,) = manifest.split("val")
    with open_video(manifest.locate(held_out), held_out.fps) as video:
        above = [score.value > detector.threshold for score in scores_of(detector, video)]
    alarms = sum(now and not before for before, now in pairwise([False, *above]))
    assert alarms <= calibrated.alarms


@every(looks_at="features")
def test_a_threshold_says_where_it_comes_from(trained):
    assert 0 < trained.detector.threshold < 1
    assert "on validation" in trained.detector.notes["threshold"]


@every(per_video=True)
def test_terms_add_up(trained, found):
    detector = trained.detector
    names = list(found[0].terms)
    assert all(list(score.terms) == names for score in found)
    terms = {name: np.array([score.terms[name] for score in found]) for name in names}
    for per_video in (False, True):
        scaled = detector.scaled_terms(terms, per_video=per_video)
        total = sum(weight * scaled[name] for name, weight in detector.weights.items())
        np.testing.assert_allclose(detector.combine(terms, per_video=per_video), total, rtol=1e-5)
        for name, values in scaled.items():
            assert (values.dtype, values.shape) == (np.float32, (len(found),))
            if per_video:
                assert (values.min(), values.max()) in ((0, 1), (0, 0)), name
    np.testing.assert_allclose([s.value for s in found], detector.combine(terms), rtol=1e-5)


@every(places=True)
def test_maps_and_boxes_are_where_the_picture_is_odd(trained, found):
    assert len({score.score_map.shape for score in found}) == 1
    left = 0
    for score in found:
        assert score.score_map.dtype.kind == "f"
        for x1, y1, x2, y2 in score.boxes:
            assert 0 <= x1 < x2 <= WIDTH
            assert 0 <= y1 < y2 <= HEIGHT
    for score in found[EVENT.start + 3 :]:
        column = np.unravel_index(score.score_map.argmax(), score.score_map.shape)[1]
        left += column < score.score_map.shape[1] / 2
    assert left > (len(found) - EVENT.start - 3) / 2


@every(looks_at="frames")
def test_every_odd_frame_has_a_reason(trained, found):
    odd = [score for score in found if score.value > trained.detector.threshold]
    for score in odd:
        assert score.cue
        assert score.reason
        assert "\n" not in score.reason
    for term in getattr(trained.detector, "weights", ()):
        assert trained.detector.reason(term)
