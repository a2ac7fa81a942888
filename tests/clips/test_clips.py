"""Which clips a step serves: every window once, reproducibly, and never across a border."""

import warnings
from collections import Counter
from math import ceil

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from oddframe.clips.batches import ClipBatches, even_clips
from oddframe.clips.frame_cache import FrameCache
from oddframe.errors import OddframeError, OddframeWarning


def cache_of(lengths: list[int], breaks: list[set[int]] | None = None) -> FrameCache:
    """Each frame holds the number of its video and its own: ``(frames, 2, 2, 3)``."""
    arrays = {}
    for video, length in enumerate(lengths):
        frames = np.zeros((length, 2, 2, 3), np.uint8)
        frames[..., 0] = video
        frames[..., 1] = np.arange(length)[:, None, None]
        arrays[f"v{video}"] = frames
    those = {f"v{video}": tuple(sorted(at)) for video, at in enumerate(breaks or [])}
    return FrameCache(arrays, breaks={video: at for video, at in those.items() if at})


def batches(
    lengths: list[int],
    clip_length: int = 3,
    frame_step: int = 1,
    batch_size: int = 4,
    clips_per_video: int = 0,
    seed: int = 0,
    breaks: list[set[int]] | None = None,
) -> ClipBatches:
    cache = cache_of(lengths, breaks)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OddframeWarning)
        return ClipBatches(
            cache, cache.videos, clip_length, frame_step, batch_size, clips_per_video, seed
        )


def all_windows(
    lengths: list[int],
    clip_length: int,
    frame_step: int,
    breaks: list[set[int]] | None = None,
) -> list[tuple[int, ...]]:
    """Video and frames of every clip, by brute force; none has a break behind its first frame."""
    breaks = breaks or [set() for _ in lengths]
    return [
        (video, *range(start, start + clip_length * frame_step, frame_step))
        for video, length in enumerate(lengths)
        for start in range(length)
        if start + (clip_length - 1) * frame_step < length
        and not breaks[video] & {*range(start + 1, start + (clip_length - 1) * frame_step + 1)}
    ]


def seen(clips: torch.Tensor) -> list[tuple[int, ...]]:
    """Video and frames of each clip, read from its pixels; a clip of two videos fails."""
    found = []
    for clip in clips.numpy():
        videos = set(clip[..., 0].ravel().tolist())
        assert len(videos) == 1
        found.append((videos.pop(), *clip[:, 0, 0, 1].tolist()))
    return found


def first(served: ClipBatches, count: int) -> list[tuple[int, ...]]:
    """The first clips that are served."""
    steps = range(ceil(count / served.batch_size))
    return [clip for step in steps for clip in seen(served.batch(step)["clip"])][:count]


SHAPES = {
    "lengths": st.lists(st.integers(1, 12), min_size=1, max_size=6),
    "clip_length": st.integers(1, 4),
    "frame_step": st.integers(1, 3),
    "batch_size": st.integers(1, 40),
    "seed": st.integers(0, 3),
}


@given(places=st.lists(st.sets(st.integers(1, 11)), min_size=6, max_size=6), **SHAPES)
def test_every_window_once_per_epoch_and_none_over_a_break(
    lengths, clip_length, frame_step, batch_size, seed, places
):
    breaks = [{at for at in where if at < n} for where, n in zip(places, lengths, strict=False)]
    expected = Counter(all_windows(lengths, clip_length, frame_step, breaks))
    if not expected:
        with pytest.raises(OddframeError, match="long enough"):
            batches(lengths, clip_length, frame_step, batch_size, breaks=breaks)
        return
    served = batches(lengths, clip_length, frame_step, batch_size, seed=seed, breaks=breaks)
    size = len(expected)
    assert served.steps_per_epoch == ceil(size / batch_size)
    clips = first(served, 3 * size)
    for epoch in range(3):
        assert Counter(clips[epoch * size : (epoch + 1) * size]) == expected


@given(clips_per_video=st.integers(1, 5), broken=st.booleans(), **SHAPES)
def test_a_number_of_windows_of_every_video(
    clips_per_video, lengths, clip_length, frame_step, batch_size, seed, broken
):
    lengths = [length + (clip_length - 1) * frame_step for length in lengths]
    breaks = [{length} if broken else set() for length in lengths]  # where a whole clip is left
    lengths = [length + 3 * broken for length in lengths]
    allowed = set(all_windows(lengths, clip_length, frame_step, breaks))
    served = batches(
        lengths, clip_length, frame_step, batch_size, clips_per_video, seed, breaks=breaks
    )
    size = clips_per_video * len(lengths)
    assert served.steps_per_epoch == ceil(size / batch_size)
    clips = first(served, 2 * size)
    for epoch in (clips[:size], clips[size:]):
        assert set(epoch) <= allowed
        assert Counter(video for video, *_ in epoch) == dict.fromkeys(
            range(len(lengths)), clips_per_video
        )


@given(
    lengths=st.lists(st.integers(1, 25), min_size=1, max_size=4),
    frame_step=st.integers(1, 2),
    strides=st.integers(1, 3),
    places=st.lists(st.sets(st.integers(1, 24)), min_size=4, max_size=4),
)
def test_clips_of_several_strides_are_those_of_each(lengths, frame_step, strides, places):
    breaks = [{at for at in where if at < n} for where, n in zip(places, lengths, strict=False)]
    steps = [frame_step * stride for stride in range(1, strides + 1)]
    expected = Counter(clip for step in steps for clip in all_windows(lengths, 3, step, breaks))
    if not expected:
        return
    cache = cache_of(lengths, breaks)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OddframeWarning)
        served = ClipBatches(cache, cache.videos, 3, frame_step, 4, 0, 0, strides)
        drawn = ClipBatches(cache, cache.videos, 3, frame_step, 4, 5, 0, strides)
    assert Counter(first(served, expected.total())) == expected
    assert set(first(drawn, 5 * len(drawn.windows.videos))) <= set(expected)


def test_footage_without_breaks_is_served_as_before_there_was_a_rule():
    """What version 0.1 served, in these very places."""
    few = batches([20, 9, 2, 30], clips_per_video=3, seed=5)
    assert few.served(0)[:, :2].tolist() == [[0, 11], [0, 14], [0, 12], [1, 5]]
    assert few.served(9)[:, :2].tolist() == [[1, 2], [1, 1], [1, 4], [0, 0]]
    every = batches([20, 9, 2, 30], seed=5)
    assert every.served(0)[:, :2].tolist() == [[2, 1], [2, 9], [1, 4], [0, 6]]
    assert every.served(9)[:, :2].tolist() == [[0, 3], [0, 8], [2, 18], [1, 3]]


def test_random_windows_are_new_each_epoch_and_reach_all_of_a_video():
    served = batches([40, 10], clips_per_video=2, batch_size=4)
    clips = first(served, 4000)
    epochs = [clips[at : at + 4] for at in range(0, 4000, 4)]
    assert len({tuple(sorted(epoch)) for epoch in epochs}) > 900
    times = Counter(clip for epoch in epochs for clip in epoch)
    assert set(times) == set(all_windows([40, 10], 3, 1))
    # 2000 draws of 38 and of 8 windows: five standard deviations around the mean.
    for video, windows in ((0, 38), (1, 8)):
        mean = 2000 / windows
        for clip, count in times.items():
            assert clip[0] != video or abs(count - mean) < 5 * mean**0.5


def test_the_order_changes_from_epoch_to_epoch_and_with_the_seed():
    served = batches([30, 30], batch_size=56)
    orders = [seen(served.batch(step)["clip"]) for step in range(3)]
    assert orders[0] != orders[1] != orders[2]
    assert orders[0] != sorted(orders[0])
    assert seen(batches([30, 30], batch_size=56, seed=1).batch(0)["clip"]) != orders[0]


@pytest.mark.parametrize("clips_per_video", [0, 3])
def test_a_step_is_the_same_whenever_asked(clips_per_video):
    served = batches([20, 9, 30], clips_per_video=clips_per_video, seed=5)
    steps = [0, 100, 7, 8, 7, 1000, 0]
    once = {step: served.batch(step)["clip"] for step in steps}
    for step in steps:
        fresh = batches([20, 9, 30], clips_per_video=clips_per_video, seed=5)
        assert torch.equal(fresh.batch(step)["clip"], once[step])
    assert not torch.equal(once[7], once[8])


def test_processes_share_a_batch_without_overlap():
    served = batches([20, 20], batch_size=7)
    whole = served.batch(3)["clip"]
    assert whole.dtype == torch.uint8
    assert whole.shape == (7, 3, 2, 2, 3)
    parts = [served.batch(3, part, 3)["clip"] for part in range(3)]
    assert [len(part) for part in parts] == [3, 2, 2]
    for index, part in enumerate(parts):
        assert torch.equal(part, whole[index::3])
    with pytest.raises(OddframeError, match="8 processes for batches of 7"):
        served.batch(0, 0, 8)


def test_a_batch_larger_than_the_data_serves_clips_again():
    served = batches([3], batch_size=64)
    assert served.steps_per_epoch == 1
    assert seen(served.batch(0)["clip"]) == [(0, 0, 1, 2)] * 64
    few = batches([9, 9], batch_size=64, clips_per_video=1)
    assert Counter(video for video, *_ in seen(few.batch(5)["clip"])) == {0: 32, 1: 32}


def test_a_clip_does_not_change_the_cache():
    served = batches([3], batch_size=1)
    served.batch(0)["clip"].fill_(200)
    assert seen(served.batch(1)["clip"]) == [(0, 0, 1, 2)]


def test_videos_shorter_than_a_clip_are_named_and_left_out():
    cache = cache_of([9, 4, 12, 2])
    message = (
        r"^2 of 4 videos left out as too short for a clip of 3 frames, 2 apart "
        r"\(5 frames in all\): 'v1' has 4, 'v3' has 2$"
    )
    with pytest.warns(OddframeWarning, match=message) as told:
        served = ClipBatches(cache, cache.videos, 3, 2, 4, 0, 0)
    assert len(told) == 1
    assert {video for video, *_ in first(served, 100)} == {0, 2}
    with pytest.raises(OddframeError, match=r"none of 2 .*longest has 4; .*frame_step"):
        ClipBatches(cache, ["v1", "v3"], 3, 2, 4, 0, 0)
    broken = cache_of([9, 12], [set(), {3, 7}])
    with pytest.warns(OddframeWarning, match=r"^1 of 2 .*: 'v1' has 5 without a break$"):
        ClipBatches(broken, broken.videos, 6, 1, 4, 0, 0)
    with pytest.raises(OddframeError, match="the longest has 5 without a break; give longer"):
        ClipBatches(broken, ["v1"], 6, 1, 4, 0, 0)
    many = cache_of([9] + [1] * 30)
    with pytest.warns(OddframeWarning, match=r"30 of 31 .*'v5' has 1 and 25 more are too short$"):
        ClipBatches(many, many.videos, 3, 1, 4, 0, 0)
    message = "none of 30 videos is long enough for a clip of 3 frames: the longest has 1"
    with pytest.raises(OddframeError, match=message):
        even_clips(many, many.videos[1:], 3, 1, 4)


def test_only_the_videos_asked_for():
    cache = cache_of([9, 9, 9])
    served = ClipBatches(cache, ["v2", "v0"], 3, 1, 4, 0, 0)
    assert {video for video, *_ in first(served, 50)} == {0, 2}
    assert {video for video, *_ in seen(torch.from_numpy(even_clips(cache, ["v1"], 3, 1, 4)))} == {
        1
    }


@given(count=st.integers(1, 60), **{name: SHAPES[name] for name in ("lengths", "frame_step")})
def test_even_clips_are_distinct_and_evenly_spaced(count, lengths, frame_step):
    lengths = [length + 2 * frame_step for length in lengths]
    cache = cache_of(lengths)
    every = all_windows(lengths, 3, frame_step)
    clips = seen(torch.from_numpy(even_clips(cache, cache.videos, 3, frame_step, count)))
    assert len(clips) == min(count, len(every))
    places = [every.index(clip) for clip in clips]
    gaps = np.diff([-(places[0] + 1), *places, 2 * len(every) - 1 - places[-1]])
    # All gaps are alike, and so is what lies before the first and after the last, taken twice.
    assert gaps[1:-1].min(initial=10**6) >= len(every) // len(clips)
    assert gaps.max() - gaps.min() <= 2


def test_a_large_data_set_is_no_burden():
    # ShanghaiTech's training footage: 330 videos, 274,515 frames.
    lengths = np.full(330, 274515 // 330)
    lengths[: 274515 % 330] += 1
    frames = np.broadcast_to(np.zeros((1, 2, 2, 3), np.uint8), (lengths.max(), 2, 2, 3))
    cache = FrameCache({f"{i}": frames[:n] for i, n in enumerate(lengths.tolist())})
    served = ClipBatches(cache, cache.videos, 5, 1, 8, 0, 0)
    assert served.steps_per_epoch == ceil((274515 - 330 * 4) / 8)
    for step in range(200):
        assert served.batch(step)["clip"].shape == (8, 5, 2, 2, 3)
