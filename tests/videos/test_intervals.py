"""Label readers: 1-based inclusive intervals become half-open 0-based events, once."""

import contextlib
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.io import savemat

from oddframe.datasets.layouts.annotation_files import read_counts
from oddframe.errors import OddframeError
from oddframe.videos.intervals import (
    CONVENTIONS,
    events_of_pairs,
    events_of_vector,
    inclusive,
    interval_pairs,
    labels_of_clip,
    read_mat_intervals,
    read_ucsd_intervals,
)
from oddframe.videos.video import Event

FRAMES = 300
quick = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@st.composite
def disjoint_intervals(draw, least=0):
    """Sorted 1-based inclusive intervals that neither overlap nor touch."""
    count = draw(st.integers(least, 4))
    cuts = draw(
        st.lists(st.integers(1, FRAMES // 2), min_size=2 * count, max_size=2 * count, unique=True)
    )
    cuts = [2 * cut for cut in sorted(cuts)]
    return [(cuts[i], cuts[i + 1] - draw(st.integers(0, 1))) for i in range(0, len(cuts), 2)]


def paint(intervals):
    """What the annotators mean, by brute force: frame i (from 1) is odd if first <= i <= last."""
    return np.array(
        [any(first <= i <= last for first, last in intervals) for i in range(1, FRAMES + 1)]
    )


def labels_of(events):
    labels = np.zeros(FRAMES, dtype=bool)
    for event in events:
        labels[event.start : event.end] = True
    return labels


def test_inclusive_keeps_the_length_of_an_interval():
    assert inclusive(61, 180, "here") == Event(60, 180)
    assert inclusive(1, 1, "here", "fall") == Event(0, 1, "fall")
    for first, last in ((0, 9), (9, 8)):
        with pytest.raises(OddframeError, match=f"here: expected 1 <= .*, found {first}:{last}"):
            inclusive(first, last, "here")


@quick
@given(
    clips=st.lists(disjoint_intervals(), min_size=1, max_size=5),
    gap=st.sampled_from(["", " ", "  "]),
    comma=st.sampled_from([",", ", ", " , ", "  "]),
    newline=st.sampled_from(["\n", "\r\n"]),
)
def test_ucsd_file_means_what_its_intervals_say(tmp_path, clips, gap, comma, newline):
    lines = ["% the ground truth", "TestVideoFile = {};"]
    for clip in clips:
        text = comma.join(f"{first}{gap}:{gap}{last}" for first, last in clip)
        lines.append(f"TestVideoFile{{end+1}}.gt_frame = [{text}];")
    path = tmp_path / "UCSDped1.m"
    path.write_bytes(newline.join(lines).encode())
    read = read_ucsd_intervals(path)
    assert len(read) == len(clips)
    for events, clip in zip(read, clips, strict=True):
        assert [event.end - event.start for event in events] == [b - a + 1 for a, b in clip]
        np.testing.assert_array_equal(labels_of(events), paint(clip))


def test_ucsd_file_may_name_single_frames(tmp_path):
    path = tmp_path / "a.m"
    path.write_text("TestVideoFile{end+1}.gt_frame = [5, 9:10]; % two\n")
    assert read_ucsd_intervals(path) == [(Event(4, 5), Event(8, 10))]


@quick
@given(text=st.text(max_size=80))
def test_ucsd_file_of_anything_is_read_or_refused(tmp_path, text):
    path = tmp_path / "a.m"
    path.write_text("gt_frame = [" + text, encoding="utf-8", errors="replace")
    with contextlib.suppress(OddframeError):
        clips = read_ucsd_intervals(path)
        assert all(isinstance(event, Event) for clip in clips for event in clip)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gt_frame = [60-152];", "line 1: expected intervals"),
        ("x\ngt_frame = [90:60];", "line 2: expected 1 <= first <= last"),
        ("gt_frame = [0:60];", "1-based"),
        ("nothing here", "found none"),
    ],
)
def test_ucsd_file_with_a_mistake_is_refused(tmp_path, text, message):
    path = tmp_path / "UCSDped2.m"
    path.write_text(text)
    with pytest.raises(OddframeError, match=message):
        read_ucsd_intervals(path)


def cells(clips):
    """A MATLAB cell array of (2, K) arrays."""
    gt = np.empty((1, len(clips)), dtype=object)
    for i, clip in enumerate(clips):
        gt[0, i] = np.array(clip, dtype=np.int32).reshape(-1, 2).T
    return gt


@quick
@given(clips=st.lists(disjoint_intervals(), min_size=1, max_size=5))
def test_mat_cells_mean_what_their_intervals_say(tmp_path, clips):
    path = tmp_path / "ped2.mat"
    savemat(path, {"gt": cells(clips)})
    read = read_mat_intervals(path)
    assert len(read) == len(clips)
    for events, clip in zip(read, clips, strict=True):
        np.testing.assert_array_equal(labels_of(events), paint(clip))


@pytest.mark.parametrize(
    ("gt", "expected"),
    [
        pytest.param(np.array([[3], [7]]), [[(3, 7)]], id="one clip, one event"),
        pytest.param(np.array([[3, 20], [7, 30]]), [[(3, 7), (20, 30)]], id="one clip, two events"),
        pytest.param(
            np.array([[[3], [7]], [[20], [30]]]), [[(3, 7)], [(20, 30)]], id="all clips alike"
        ),
        pytest.param(cells([[(3, 7)], [(20, 30)]]), [[(3, 7)], [(20, 30)]], id="cells alike"),
        pytest.param(cells([[(3, 7)]]), [[(3, 7)]], id="a single cell"),
    ],
)
def test_mat_of_equal_shapes_is_not_mixed_up(tmp_path, gt, expected):
    path = tmp_path / "avenue.mat"
    savemat(path, {"gt": gt})
    assert read_mat_intervals(path) == [
        tuple(Event(a - 1, b) for a, b in clip) for clip in expected
    ]


def test_mat_without_intervals_says_what_it_holds(tmp_path):
    path = tmp_path / "avenue.mat"
    savemat(path, {"volLabel": np.zeros(3)})
    with pytest.raises(OddframeError, match=r"'gt'.*found volLabel"):
        read_mat_intervals(path)


@pytest.mark.parametrize("gt", [np.zeros((3, 4)), np.array(["a", "b"]), np.array([[5], [2]])])
def test_mat_of_another_shape_is_refused(tmp_path, gt):
    path = tmp_path / "ped2.mat"
    savemat(path, {"gt": gt})
    with pytest.raises(OddframeError, match="clip 1: expected"):
        read_mat_intervals(path)


def test_mat_that_is_missing_or_cut_is_refused(tmp_path):
    path = tmp_path / "ped2.mat"
    with pytest.raises(OddframeError, match="found no such file"):
        read_mat_intervals(path)
    savemat(path, {"gt": cells([[(3, 7)], [(20, 30)]])})
    whole = path.read_bytes()
    for length in (0, 10, 130, len(whole) // 2, len(whole) - 3):
        path.write_bytes(whole[:length])
        with pytest.raises(OddframeError, match=r"ped2\.mat"):
            read_mat_intervals(path)


@quick
@given(labels=st.lists(st.booleans(), min_size=1, max_size=40))
def test_vector_and_events_hold_the_same(labels):
    events = events_of_vector(np.array([labels], dtype=np.uint8), len(labels), "here")
    back = np.zeros(len(labels), dtype=bool)
    for event in events:
        assert not back[max(event.start - 1, 0) : event.end].any(), "events touch"
        back[event.start : event.end] = True
    assert back.tolist() == labels


@pytest.mark.parametrize(
    ("vector", "message"),
    [
        (np.ones(11), "expected 10 labels, one per frame of the video, found 11"),
        (np.ones(9), "found 9"),
        (np.full(10, 2), "only 0 and 1"),
        (np.full(10, np.nan), "only 0 and 1"),
        (np.ones((2, 5)), "one 0 or 1 per frame"),
        (np.array(["0"] * 10), "one 0 or 1 per frame"),
        (np.ones(0), "found 0"),
    ],
)
def test_vector_that_does_not_fit_is_refused(vector, message):
    with pytest.raises(OddframeError, match=message):
        events_of_vector(vector, 10, "masks/01.npy")


@pytest.mark.parametrize("number", [0, 3])
def test_clip_beyond_the_labels_is_refused(number):
    with pytest.raises(OddframeError, match="labels of 2 clips"):
        labels_of_clip([(), ()], number, "ped2.mat")


def test_real_ucsd_files(real_data: Path):
    folder = real_data / "annotations" / "ucsd"
    ped1 = read_ucsd_intervals(folder / "UCSDped1.m")
    assert len(ped1) == 36
    assert ped1[4] == (Event(4, 90), Event(139, 200))
    ped2 = read_ucsd_intervals(folder / "UCSDped2.m")
    assert ped2 == read_mat_intervals(real_data / "ped2" / "ped2.mat")


MEANT = {
    "one-based-inclusive": lambda i, first, last: first <= i + 1 <= last,
    "zero-based-inclusive": lambda i, first, last: first <= i <= last,
    "zero-based-exclusive": lambda i, first, last: first <= i < last,
}
"""Whether the 0-based frame i is meant, in the words of each convention."""


@quick
@given(pairs=disjoint_intervals(), convention=st.sampled_from(sorted(CONVENTIONS)))
def test_pairs_are_read_as_their_convention_says(pairs, convention):
    pairs = [(first, max(last, first + 1)) for first, last in pairs]
    events = events_of_pairs(pairs, convention, FRAMES, "crime", "a.txt")
    meant = [any(MEANT[convention](i, *pair) for pair in pairs) for i in range(FRAMES)]
    np.testing.assert_array_equal(labels_of(events), meant)


@pytest.mark.parametrize("pair", [(0, 5), (9, 8), (290, 317), (301, 302)])
def test_pairs_outside_the_video_are_refused(pair):
    with pytest.raises(OddframeError, match=f"a.txt: the interval {pair[0]} {pair[1]}"):
        events_of_pairs([pair], "one-based-inclusive", FRAMES, "crime", "a.txt")


def test_pairs_are_cut_at_the_end_of_the_video():
    events = events_of_pairs([(290, 316)], "one-based-inclusive", FRAMES, "crime", "a.txt")
    assert events == (Event(289, 300, "crime"),)


@given(st.lists(st.tuples(st.integers(-1, 9**9), st.integers(-1, 9**9)), min_size=1))
def test_pairs_come_back_as_listed_without_the_empty_ones(pairs):
    words = [str(number) for pair in pairs for number in pair]
    assert interval_pairs(words, "a.txt") == tuple(pair for pair in pairs if pair != (-1, -1))
    for broken in (words[1:], [*words[:-1], "1.5"], []):
        with pytest.raises(OddframeError, match=r"a\.txt: expected pairs of whole numbers"):
            interval_pairs(broken, "a.txt")


def test_what_is_not_a_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "UCSDped2.m")
    with pytest.raises(OddframeError, match="found a pipe"):
        read_ucsd_intervals(tmp_path / "UCSDped2.m")
    with pytest.raises(OddframeError, match="found no such file; the file comes with"):
        read_ucsd_intervals(tmp_path / "UCSDped1.m")


@pytest.mark.parametrize("number", ["0", "-1", "1.5", "1" * 5000, "٣", ""])
def test_a_count_that_is_none_is_named_with_its_line(tmp_path, number):
    path = tmp_path / "frame_counts.csv"
    path.write_text(f"video,frames\na,b,7\nc,{number}\n")
    with pytest.raises(OddframeError, match="line 3: expected a video and its number of frames"):
        read_counts(path, "frames")
