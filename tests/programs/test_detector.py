"""A detector as an object does what the verbs do, with paths and with images."""

import itertools
import math

import numpy as np
import pytest

import oddframe
from oddframe.errors import OddframeError
from oddframe.media.opening import open_video
from oddframe.programs.given_frames import write_frames


@pytest.fixture(scope="module")
def opened(street):
    return oddframe.open_run(street.run)


def test_it_is_fitted_on_images_and_knows_what_is_odd(street):
    """The same street as images: what the film's codec takes away is there, nothing else is new."""
    detector = oddframe.Detector(**street.settings)
    assert repr(detector) == "<oddframe.Detector fixed-camera, not fitted>"
    normal = [image for seed in (1, 2, 3) for image in street.images(16, seed)]
    assert detector.fit(normal, fps=street.fps) is detector
    assert math.isfinite(detector.threshold)
    found = detector.score(np.stack(street.images(8, 5, street.fast)), fps=street.fps)
    ((first, *_),) = found.detections.values()
    assert street.event[0] - 4 <= first.start <= street.event[1]
    assert not detector.score(street.images(8, 4), fps=street.fps).odd


def test_a_run_that_is_opened_scores_as_the_verb_does(opened, street, tmp_path):
    video = street.root / "fast.mp4"
    by_verb = oddframe.score(street.run, video, out=tmp_path / "a" / "scores.npz")
    found = opened.score(video, out=str(tmp_path / "b" / "scores.npz"))
    assert found.rows() == by_verb.rows()
    np.testing.assert_array_equal(found.scores["fast"], by_verb.scores["fast"])
    assert opened.threshold == by_verb.scores.threshold
    assert repr(opened).startswith(f"<oddframe.Detector fixed-camera of {street.run}, threshold ")


def test_the_stream_of_a_recording_is_what_score_says_without_later_frames(
    opened, street, tmp_path
):
    video = street.root / "fast.mp4"
    causal = oddframe.score(street.run, video, out=tmp_path / "scores.npz", causal=True)
    found = list(opened.stream(video))
    np.testing.assert_allclose([one.score for one in found], causal.scores["fast"], atol=1e-6)
    odd = [number for number, one in enumerate(found) if one.is_odd]
    assert odd == np.flatnonzero(causal.scores["fast"] > opened.threshold).tolist()
    assert all(one.reason for one in found if one.is_odd)
    assert [one.seconds for one in found] == pytest.approx(np.arange(100) / street.fps)
    assert found[0].image().shape == (street.height, street.width, 3)
    assert "odd: " in repr(found[odd[0]])


def test_images_that_never_end_are_judged_as_they_come(opened, street):
    given = []

    def endless():
        for image in itertools.cycle(street.images(8, 5, street.fast)):
            given.append(1)
            yield image

    found = list(itertools.islice(opened.stream(endless(), fps=street.fps), 60))
    assert len(given) < 75, "some wait until what comes next is known"
    assert any(one.is_odd for one in found)
    assert not any(one.is_odd for one in found[: street.event[0] - 1])


def test_a_camera_is_judged_as_it_films(opened, street):
    source = f"lavfi:testsrc2=size={street.width}x{street.height}:rate=12.5"
    found = list(itertools.islice(opened.stream(source), 20))
    assert [one.seconds for one in found] == sorted({one.seconds for one in found})
    assert found[-1].is_odd, "a test picture is not that street"


def test_frames_are_written_without_loss(tmp_path):
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (5, 31, 47, 3), dtype=np.uint8)
    path = write_frames(images, tmp_path, 12.5)
    with open_video(path) as film:
        assert film.info.fps == 12.5
        np.testing.assert_array_equal([frame.rgb() for frame in film], images)
    grey = [image[..., 0] for image in images]
    with open_video(write_frames(grey, tmp_path, None)) as film:
        assert film.info.fps == 25
        np.testing.assert_array_equal([frame.rgb()[..., 1] for frame in film], grey)


IMAGE = np.zeros((8, 8, 3), np.uint8)


@pytest.mark.parametrize(
    ("images", "said"),
    [
        ([], "expected at least one image, found none"),
        ([IMAGE, np.zeros((8, 9, 3), np.uint8)], "frame 1: expected 8x8 pixels like frame 0"),
        ([IMAGE.astype(float)], "frame 0: expected an image of uint8"),
        (np.zeros((2, 8, 8, 4), np.uint8), "found uint8 (8, 8, 4)"),
        ([None], "frame 0: expected an image of uint8"),
    ],
)
def test_what_is_no_image_is_refused(images, said, opened, tmp_path):
    with pytest.raises(OddframeError, match="frame") as caught:
        opened.score(images)
    assert said in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_judged_is_one_line(opened, street, tmp_path):
    with pytest.raises(OddframeError, match=r"not fitted; call fit\(FOOTAGE\) first"):
        oddframe.Detector().score(street.root / "fast.mp4")
    with pytest.raises(OddframeError, match="no such run folder"):
        oddframe.open_run(str(tmp_path / "gone"))
    with pytest.raises(OddframeError, match="learnt from pictures of 128x80"):
        next(opened.stream([np.zeros((200, 80, 3), np.uint8)] * 3))
    with pytest.raises(OddframeError, match=r"nothing for 0\.5 s \(") as caught:
        next(opened.stream("rtsp://eva:secret@127.0.0.1:9/live", patience=0.5))
    assert "secret" not in str(caught.value)
