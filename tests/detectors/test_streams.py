"""Streams of every detector of frames: each as if it were alone, and nothing left behind."""

import gc
import threading
from itertools import zip_longest

import numpy as np
import pytest
import torch

from oddframe.detectors import available, load
from oddframe.detectors.contract import FrameScore
from oddframe.media.frames import MediaInfo
from oddframe.media.pictures import PictureFrame
from oddframe.runs.run_folder import read_run

TINY = {"size": 32, "width": 4}
JUDGED = {**TINY, "discriminator_width": 4}
CASES = [
    ("conv-ae", TINY),
    ("dcgan", {**TINY, "width": 8}),
    ("fixed-camera", {}),
    ("future-frame", {**JUDGED, "frame_step": 2}),
    ("mnad", TINY),
    ("mnad", {**TINY, "update_memory": True, "update_below": 10.0}),
    ("ognet", {**TINY, "size": 66, "patches": 33, "motion": 0.0}),
    ("pseudo-anomaly", {**JUDGED, "classifier_width": 4}),
]


def test_every_detector_of_frames_is_here():
    frames = [name for name in available() if load(name).DETECTOR.traits.looks_at == "frames"]
    assert sorted({name for name, _ in CASES}) == frames


@pytest.fixture(scope="module", params=CASES, ids=lambda case: "-".join(map(str, case[1].values())))
def detector(request, street):
    name, settings = request.param
    if load(name).DETECTOR.traits.trained == "at once":
        return read_run(street.run).detector
    module = load(name)
    torch.manual_seed(0)
    made = module.DETECTOR(module.CONFIG(**settings))
    made.scales = dict.fromkeys((*made.weights, "map"), (0.5, 2.0))
    return made.eval()


CUT = 17


def frames_of(street, seed, seconds, cut=None):
    """Frames of a street, at one of which another piece of footage begins."""
    found = []
    for index, image in enumerate(street.images(seconds, seed, street.large)):
        turned = image[:, ::-1] if cut is not None and index >= cut else image
        frame = PictureFrame(index, index / street.fps, np.ascontiguousarray(turned))
        frame.anew = index == cut
        found.append(frame)
    return found


@pytest.fixture(scope="module")
def footage(street):
    return frames_of(street, 60, 3, cut=CUT), frames_of(street, 61, 2)


def stream(detector, street, **options):
    return detector.stream(MediaInfo(0, street.fps, street.width, street.height), **options)


def alone(detector, street, frames, **options):
    begun = stream(detector, street, **options)
    return [score for frame in frames for score in begun.push(frame)] + begun.finish()


def assert_same(found: list[FrameScore], wanted: list[FrameScore]) -> None:
    assert [score.frame for score in found] == [score.frame for score in wanted]
    for one, other in zip(found, wanted, strict=True):
        assert (one.value, one.terms, one.boxes) == (other.value, other.terms, other.boxes)
        assert (one.cue, one.reason) == (other.cue, other.reason)
        np.testing.assert_array_equal(one.score_map, other.score_map)


def test_two_streams_do_not_meet(detector, street, footage):
    first, second = footage
    wanted = alone(detector, street, first), alone(detector, street, second)
    assert [score.frame for score in wanted[0]] == list(range(len(first)))
    begun = stream(detector, street), stream(detector, street)
    found: tuple[list[FrameScore], list[FrameScore]] = [], []
    for pair in zip_longest(first, second):
        for one, scores, frame in zip(begun, found, pair, strict=True):
            scores += one.push(frame) if frame else []
    for one, scores, expected in zip(begun, found, wanted, strict=True):
        assert_same(scores + one.finish(), expected)


def test_a_stream_that_is_dropped_leaves_no_trace(detector, street, footage):
    first, second = footage
    before, threads = state_of(detector), threading.active_count()
    wanted = alone(detector, street, second)
    begun = stream(detector, street)
    for frame in first[:18]:
        begun.push(frame)
    del begun
    gc.collect()
    assert_same(alone(detector, street, second), wanted)
    assert state_of(detector) == before
    assert threading.active_count() <= threads


def state_of(detector) -> str:
    def plain(value):
        if isinstance(value, dict):
            return {key: plain(part) for key, part in value.items()}
        return value.tolist() if isinstance(value, torch.Tensor | np.ndarray) else value

    return repr(plain(detector.state()))


def test_a_live_score_comes_out_with_its_frame(detector, street, footage):
    first, _ = footage
    begun = stream(detector, street, live=True)
    came = [begun.push(frame) for frame in first]
    span = getattr(detector, "span", 1)  # the first frames of a piece wait for a whole clip
    wanted_counts = [*[0] * (span - 1), span, *[1] * (CUT - span)]
    wanted_counts += [*[0] * (span - 1), span, *[1] * (len(first) - CUT - span)]
    assert [len(scores) for scores in came] == wanted_counts
    assert begun.finish() == []
    values = [score.value for scores in came for score in scores]
    wanted = [score.value for score in alone(detector, street, first)]
    np.testing.assert_allclose(values, wanted, rtol=1e-4, atol=1e-4)


def test_no_score_depends_on_a_later_frame(detector, street, footage):
    first, _ = footage
    whole = alone(detector, street, first, live=True)
    assert_same(alone(detector, street, first[:15], live=True), whole[:15])
