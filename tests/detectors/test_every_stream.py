"""Streams of every detector of frames: each as if it were alone, and nothing left behind."""

import gc
import threading
from itertools import zip_longest

import numpy as np
import pytest
import torch
from tests.made.every_detector import FPS, HEIGHT, WIDTH, filmed, flat, frames, having
from tests.made.small_settings import short_name

from oddframe.detectors.frame_score import FrameScore
from oddframe.media.frames import MediaInfo

VARIANTS = [
    ("future-frame", {"frame_step": 2}),
    ("convlstm-ae", {"frame_step": 2, "frames": 4, "judged_frames": 2}),
    ("mnad", {"update_memory": True, "update_below": 10.0}),
]
CUT = 17


@pytest.fixture(
    scope="module",
    params=[*((name, {}) for name in having(looks_at="frames")), *VARIANTS],
    ids=lambda case: "-".join([short_name(case[0]), *case[1]]),
)
def detector(request, every_detector):
    name, changes = request.param
    found = every_detector(name).detector
    state = found.state()
    return type(found).from_state({**state, "config": {**state["config"], **changes}})


@pytest.fixture(scope="module")
def two_streams():
    """Frames of two streams; in the first, another piece of footage begins at one of them."""
    images = filmed("large", 60)[20:58]
    turned = [np.ascontiguousarray(image[:, ::-1]) for image in images[CUT:]]
    first = frames([*images[:CUT], *turned])
    first[CUT].anew = True
    return first, frames(filmed("large", 61)[25:50])


@pytest.fixture(scope="module")
def wanted(detector, two_streams):
    """The scores of the two streams, each alone."""
    return [alone(detector, frames) for frames in two_streams]


def stream(detector, **options):
    return detector.stream(MediaInfo(0, FPS, WIDTH, HEIGHT), **options)


def alone(detector, frames, **options):
    begun = stream(detector, **options)
    return [score for frame in frames for score in begun.push(frame)] + begun.finish()


def assert_same(found: list[FrameScore], wanted: list[FrameScore]) -> None:
    assert [score.frame for score in found] == [score.frame for score in wanted]
    for one, other in zip(found, wanted, strict=True):
        assert (one.value, one.terms, one.boxes) == (other.value, other.terms, other.boxes)
        assert (one.cue, one.reason) == (other.cue, other.reason)
        np.testing.assert_array_equal(one.score_map, other.score_map)


def test_two_streams_do_not_meet(detector, two_streams, wanted):
    first, second = two_streams
    assert [score.frame for score in wanted[0]] == list(range(len(first)))
    begun = stream(detector), stream(detector)
    found: tuple[list[FrameScore], list[FrameScore]] = [], []
    for pair in zip_longest(first, second):
        for one, scores, frame in zip(begun, found, pair, strict=True):
            scores += one.push(frame) if frame else []
    for one, scores, expected in zip(begun, found, wanted, strict=True):
        assert_same(scores + one.finish(), expected)


def test_a_stream_that_is_dropped_leaves_no_trace(detector, two_streams, wanted):
    first, second = two_streams
    before, threads = flat(detector.state()), threading.active_count()
    begun = stream(detector)
    for frame in first[: CUT + 1]:
        begun.push(frame)
    del begun
    gc.collect()
    assert_same(alone(detector, second), wanted[1])
    assert flat(detector.state()) == before
    assert threading.active_count() <= threads


@pytest.mark.parametrize("at", [0, 1, CUT, CUT + 9])
def test_a_fork_goes_on_as_if_alone(detector, two_streams, wanted, at):
    first, second = two_streams
    begun = stream(detector)
    assert hasattr(begun, "fork") == detector.traits.forks
    if not detector.traits.forks:
        return
    said = [score for frame in first[:at] for score in begun.push(frame)]
    forked, elsewhere = begun.fork(), begun.fork()
    found: tuple[list[FrameScore], list[FrameScore]] = [*said], [*said]
    for frame, other in zip_longest(first[at:], second):
        if other is not None:
            elsewhere.push(other)
        for one, scores in zip((begun, forked), found, strict=True):
            scores += one.push(frame) if frame else []
    elsewhere.finish()
    assert_same(found[0] + begun.finish(), wanted[0])
    assert_same(found[1] + forked.finish(), wanted[0])


def test_a_live_score_comes_out_with_its_frame(detector, two_streams, wanted):
    first, _ = two_streams
    begun = stream(detector, live=True)
    came = [begun.push(frame) for frame in first]
    if not detector.traits.causal or detector.traits.delayed:
        known = np.cumsum([len(scores) for scores in came])
        late = detector.latency if detector.traits.delayed else len(first)
        assert (known >= np.arange(1, len(first) + 1) - late).all()
        assert_same([*(score for scores in came for score in scores), *begun.finish()], wanted[0])
        return
    span = getattr(detector, "span", 1)  # the first frames of a piece wait for a whole clip
    wanted_counts = [*[0] * (span - 1), span, *[1] * (CUT - span)]
    wanted_counts += [*[0] * (span - 1), span, *[1] * (len(first) - CUT - span)]
    assert [len(scores) for scores in came] == wanted_counts
    assert begun.finish() == []
    values = [score.value for scores in came for score in scores]
    np.testing.assert_allclose(values, [score.value for score in wanted[0]], rtol=1e-4, atol=1e-4)


def test_no_score_depends_on_a_later_frame(detector, two_streams):
    first, _ = two_streams
    whole = alone(detector, first, live=True)
    if not detector.traits.causal:
        assert alone(detector, first[:15])[0].value != whole[0].value
        return
    if detector.traits.delayed:
        begun = stream(detector, live=True)
        found = [score for frame in first[:35] for score in begun.push(frame)]
        assert len(found) >= 35 - detector.latency
        assert_same(found, whole[: len(found)])
        return
    assert_same(alone(detector, first[:15], live=True), whole[:15])


def test_memory_does_not_grow_with_the_stream(detector, two_streams):
    if not detector.traits.causal:
        pytest.skip("it keeps a whole video, up to a bound that its own tests know")
    _, second = two_streams
    begun = stream(detector)
    sizes = []
    for count in (2, 8):
        for _ in range(count):
            for frame in second[:24]:  # whole batches, so that as many frames wait each time
                begun.push(frame)
        sizes.append(array_bytes(begun))
    assert sizes[1] <= 1.1 * sizes[0]  # how many looks wait is a matter of moments


def array_bytes(value) -> int:
    """Bytes of all arrays and tensors that something leads to."""
    seen, found, left = set(), 0, [value]
    while left:
        one = left.pop()
        if id(one) in seen or isinstance(one, type) or type(one).__name__ == "module":
            continue
        seen.add(id(one))
        if isinstance(one, torch.Tensor | np.ndarray):
            found += one.nbytes
        elif not callable(one) or hasattr(one, "push") or isinstance(one, torch.nn.Module):
            left += gc.get_referents(one)
    return found
