"""XD-Violence: labels in file names, official counts, and what goes wrong."""

import re
import shutil
import string
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oddframe.datasets.xd_violence import CODES, codes_of, prepare_xd_violence
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.evaluation.metrics.class_metrics import class_frames, class_names

BOTH = "v=a__#00-01_label_B2-G-0"
NORMAL = "A.Film.2001__#1_label_A"
TRAIN = "v=__b__0_label_B1-0-0"


@pytest.fixture
def part(tmp_path, video_file):
    root = tmp_path / "xd"
    for folder, name, frames in (
        ("1-1004", TRAIN, 20),
        ("videos", BOTH, 41),
        ("videos", NORMAL, 33),
    ):
        video_file(root / folder / f"{name}.mp4", frames, fps=24)
    (root / "train_videos.txt").write_text(f"{TRAIN}\n")
    (root / "test_videos.txt").write_text(f"{BOTH}\n{NORMAL}\n")
    (root / "annotations.txt").write_text(f"{BOTH}.mp4 0 5 20 30 33 46")
    (root / "test_segment_counts.csv").write_text(
        f"video,segments_of_16_frames\n{BOTH},2\n{NORMAL},2\n"
    )
    return root


def partial(root, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OddframeWarning)
        return prepare_xd_violence(root, allow_partial=True, **options)


def feature_files(folder, snippets):
    """Empty-looking feature files: only their headers matter here."""
    folder.mkdir()
    blocks = {}
    for name, count in snippets.items():
        if count not in blocks:
            np.save(folder / f"{name}.npy", np.zeros((count, 1, 1), np.float16))
            blocks[count] = (folder / f"{name}.npy").read_bytes()
        (folder / f"{name}.npy").write_bytes(blocks[count])


@pytest.fixture(scope="module")
def whole(real_data, tmp_path_factory):
    """The whole data set on tiny features: official test lengths, two snippets for training."""
    root = real_data / "annotations" / "xd-violence"
    rows = (root / "test_segment_counts.csv").read_text().splitlines()[1:]
    snippets = {row.rsplit(",", 1)[0]: int(row.rsplit(",", 1)[1]) for row in rows}
    train = (root / "train_videos.txt").read_text().splitlines()
    features = tmp_path_factory.mktemp("xd") / "features"
    feature_files(features, {**dict.fromkeys(train, 2), **snippets})
    yield root, features
    shutil.rmtree(features)  # 4,754 files that pytest would keep


def test_official_annotation_has_the_published_counts(whole):
    root, features = whole
    manifest = prepare_xd_violence(root, features=features, val_split="thesis")
    counts = manifest.counts()
    for split, videos, anomalous in (("train", 3164, 1524), ("val", 790, 381), ("test", 800, 500)):
        assert (counts[split]["videos"], counts[split]["anomalous_videos"]) == (videos, anomalous)
    assert counts["test"]["frames"] == 2_330_384
    assert counts["train"]["frames"] == 3164 * 32
    assert "3,954 videos without an official count: 16 x snippets" in manifest.source
    # The anomalous frames again, from the text alone.
    anomalous = 0
    by_name = {video.id: video for video in manifest}
    for line in (root / "annotations.txt").read_text().splitlines():
        name, *numbers = line.split()
        video = by_name[re.sub(r"\.mp4$", "", name)]
        labels = np.zeros(video.frames, bool)
        for first, last in zip(numbers[::2], numbers[1::2], strict=True):
            labels[int(first) : int(last)] = True
        np.testing.assert_array_equal(video.frame_labels(), labels)
        anomalous += int(labels.sum())
    assert anomalous == counts["test"]["anomalous_frames"]
    inclusive = partial(root, intervals="zero-based-inclusive")
    assert inclusive.counts()["test"]["anomalous_frames"] == 538_955


def test_without_features_only_the_test_videos_have_counts(real_data):
    root = real_data / "annotations" / "xd-violence"
    with pytest.raises(OddframeError, match=r"3954 of 4754 videos.*no official frame count"):
        prepare_xd_violence(root)
    manifest = partial(root)
    assert manifest.counts()["test"]["frames"] == 2_330_384
    assert "without 3954 of 4,754 videos" in manifest.source


def test_a_video_counts_for_every_code_it_carries(part):
    manifest = partial(part)
    video = manifest[BOTH]
    assert video.classes == ("shooting", "explosion")
    assert class_names(manifest.split("test")) == ["explosion", "shooting"]
    for name in video.classes:
        np.testing.assert_array_equal(class_frames(video, name), video.frame_labels())


def test_footage_of_up_to_a_snippet_more_than_the_official_count_is_right(part):
    manifest = partial(part)
    assert [video.frames for video in manifest] == [20, 41, 33]
    assert [(e.start, e.end) for e in manifest[BOTH].events] == [(0, 5), (20, 30), (33, 41)]
    assert manifest[TRAIN].path == f"1-1004/{TRAIN}.mp4"
    assert "partial" not in manifest.source
    manifest.check_files()
    counts = part / "test_segment_counts.csv"
    for wrong in (1, 3):
        counts.write_text(f"video,segments_of_16_frames\n{BOTH},{wrong}\n")
        with pytest.warns(OddframeWarning, match=f"expected {16 * wrong} frames.*found 41"):
            prepare_xd_violence(part, allow_partial=True)


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("test_videos.txt", f"{BOTH}\nv=nothing\n", "'v=nothing' has no label"),
        ("test_videos.txt", f"{BOTH}\nv_label_B3-0-0\n", "'v_label_B3-0-0' has no label"),
        ("test_videos.txt", f"{BOTH}\n{TRAIN}\n", "is listed twice .train and test"),
        ("test_videos.txt", f"{NORMAL}\n", "is not in .*test_videos.txt"),
        ("annotations.txt", "", "annotations.txt: the list is empty"),
        ("annotations.txt", f"{BOTH} 3", "line 1: expected pairs"),
        ("annotations.txt", f"{BOTH} 3 4\n{NORMAL} 1 2", "expected no interval"),
        ("annotations.txt", f"{NORMAL} 1 2", "expected at least one interval"),
        ("test_segment_counts.csv", "video,frames\n", "expected the header"),
        ("test_segment_counts.csv", f"video,segments_of_16_frames\n{BOTH}", "line 2: expected"),
        ("test_segment_counts.csv", f"video,segments_of_16_frames\n{BOTH},0", "line 2: expected"),
    ],
)
def test_a_broken_annotation_is_one_clear_line(part, file, text, message):
    (part / file).write_text(text)
    with pytest.raises(OddframeError, match=message):
        partial(part)


def test_its_numbers_are_not_one_based(part):
    with pytest.raises(OddframeError, match=r"its numbers start at 0.*'one-based-inclusive'"):
        prepare_xd_violence(part, intervals="one-based-inclusive")


@given(
    st.text(string.printable, max_size=30),
    st.lists(st.sampled_from(sorted(set(CODES) - {"A"})), min_size=1, max_size=3, unique=True),
    st.booleans(),
)
def test_codes_are_those_after_the_last_label(before, codes, padded):
    label = "-".join(codes + ["0"] * (3 - len(codes)) * padded)
    assert codes_of(f"{before}label_{label}") == tuple(codes)
    assert codes_of(f"{before}_label_B1-0-0_label_A") == ("A",)
    with pytest.raises(OddframeError, match="has no label"):
        codes_of(f"{before}_label_{label}-A")
