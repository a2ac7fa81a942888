"""UCF-Crime: the official lists and intervals, footage, features, and what goes wrong."""

import csv
import shutil
import warnings
from collections import Counter

import numpy as np
import pytest

from oddframe.datasets.ucf_crime import CLASSES, COUNTS, prepare_ucf_crime
from oddframe.errors import OddframeError, OddframeWarning

INTERVALS = "Temporal_Anomaly_Annotation_for_Testing_Videos.txt"

TRAIN = {
    "Abuse/Abuse001_x264.mp4": 40,
    "Training_Normal_Videos_Anomaly/Normal_Videos001_x264.mp4": 33,
}
TEST = {
    "Abuse/Abuse028_x264.mp4": 50,
    "Testing_Normal_Videos_Anomaly/Normal_Videos_003_x264.mp4": 20,
}


def stem(place):
    return place.split("/")[-1].removesuffix(".mp4")


@pytest.fixture
def part(tmp_path, video_file):
    """Two training and two test videos in the official folders, with their annotation."""
    root = tmp_path / "ucf"
    for place, frames in (TRAIN | TEST).items():
        folder = place.replace("Training_Normal_Videos_Anomaly", "Training-Normal-Videos-Part-1")
        video_file(root / "Videos" / folder, frames, fps=30)
    notes = root / "notes"
    notes.mkdir()
    (notes / "Anomaly_Train.txt").write_text("\n".join(TRAIN) + "\n")
    (notes / "Anomaly_Test.txt").write_text("\r\n".join(TEST) + "\r\n")
    (notes / INTERVALS).write_text(
        "Abuse028_x264.mp4  Abuse  5  9  40  51  \n"
        "Normal_Videos_003_x264.mp4  Normal  -1 -1 -1 -1\n"
    )
    return root


def partial(root, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OddframeWarning)
        return prepare_ucf_crime(root, allow_partial=True, **options)


def true_counts(real_data):
    with (real_data / "annotations" / "ucf-crime" / "frame_counts.csv").open() as stream:
        return {row["video"]: int(row["frames"]) for row in csv.DictReader(stream)}


@pytest.mark.parametrize("convention", COUNTS)
def test_official_annotation_alone_makes_a_manifest_with_the_published_counts(
    real_data, convention
):
    root = real_data / "annotations" / "ucf-crime"
    manifest = prepare_ucf_crime(root, intervals=convention)
    counts = manifest.counts()
    assert (counts["train"]["videos"], counts["train"]["anomalous_videos"]) == (1610, 810)
    assert (counts["test"]["videos"], counts["test"]["anomalous_videos"]) == (290, 140)
    assert counts["test"]["frames"] == 1_111_808
    # The anomalous frames again, from the text alone.
    frames = true_counts(real_data)
    first, last = {
        "one-based-inclusive": (-1, 0),
        "zero-based-inclusive": (0, 1),
        "zero-based-exclusive": (0, 0),
    }[convention]
    anomalous = 0
    for line in (root / INTERVALS).read_text().splitlines():
        name, _, *numbers = line.split()
        labels = np.zeros(frames[name.removesuffix(".mp4")], bool)
        for i in (0, 2):
            if numbers[i] != "-1":
                labels[int(numbers[i]) + first : int(numbers[i + 1]) + last] = True
        np.testing.assert_array_equal(manifest[name.removesuffix(".mp4")].frame_labels(), labels)
        anomalous += int(labels.sum())
    assert counts["test"]["anomalous_frames"] == anomalous == COUNTS[convention].anomalous_frames
    assert counts["train"]["anomalous_frames"] == 0
    assert {(v.path, v.width, v.height, v.fps) for v in manifest} == {("", 0, 0, 30.0)}
    assert "neither footage nor features" in manifest.source
    assert set(manifest.annotations) == {
        "Anomaly_Train.txt",
        "Anomaly_Test.txt",
        INTERVALS,
        "frame_counts.csv",
    }


def test_thesis_split_has_the_published_counts_of_each_class(real_data):
    manifest = prepare_ucf_crime(real_data / "annotations" / "ucf-crime", val_split="thesis")

    def counts(split):
        return Counter("".join(v.classes) or "normal" for v in manifest.split(split))

    # Counted in the lists of the thesis, in the order of CLASSES.
    val = (5, 4, 4, 5, 9, 3, 4, 13, 14, 3, 3, 10, 4, 80)
    train = (43, 41, 37, 42, 78, 26, 41, 114, 131, 24, 26, 85, 41, 720)
    test = (2, 5, 9, 3, 13, 21, 5, 23, 5, 23, 21, 5, 5, 150)
    for split, numbers in (("train", train), ("val", val), ("test", test)):
        assert counts(split) == dict(zip(CLASSES, numbers, strict=True))


def test_a_part_from_footage(part):
    manifest = partial(part)
    assert [video.id for video in manifest] == [stem(place) for place in TRAIN | TEST]
    assert [video.frames for video in manifest] == [40, 33, 50, 20]
    assert manifest["Abuse028_x264"].path == "Videos/Abuse/Abuse028_x264.mp4"
    assert manifest["Abuse028_x264"].classes == ("Abuse",)
    # 1-based and inclusive; the second one is cut at the end.
    assert [(e.start, e.end, e.name) for e in manifest["Abuse028_x264"].events] == [
        (4, 9, "Abuse"),
        (39, 50, "Abuse"),
    ]
    assert (manifest["Abuse001_x264"].label, manifest["Abuse001_x264"].events) == ("anomalous", ())
    assert {v.label for v in manifest if v.id.startswith("Normal")} == {"normal"}
    assert "partial" in manifest.source
    manifest.check_files()


def test_annotations_may_lie_elsewhere(part, tmp_path):
    (part / "notes").rename(tmp_path / "elsewhere")
    assert len(partial(part, annotations=tmp_path / "elsewhere")) == 4
    with pytest.raises(OddframeError, match=r"official annotation 'Anomaly_Train\.txt', 'Temp"):
        prepare_ucf_crime(part)


def test_a_part_from_features_keeps_the_official_frame_counts(part, tmp_path):
    shutil.rmtree(part / "Videos")
    features = tmp_path / "features"
    features.mkdir()
    rows = ["video,split,frames"]
    for place, frames in (TRAIN | TEST).items():
        np.save(features / f"{stem(place)}_i3d.npy", np.zeros((-(-frames // 16), 2, 3), np.float16))
        rows.append(f"{stem(place)},x,{frames}")
    without = partial(part, features=features)
    assert [video.frames for video in without] == [48, 48, 64, 32]
    assert "16 x snippets" in without.source
    (part / "notes" / "frame_counts.csv").write_text("\n".join(rows))
    manifest = partial(part, features=features)
    assert [video.frames for video in manifest] == [40, 33, 50, 20]
    assert {video.path for video in manifest} == {""}
    np.save(features / "Abuse028_x264_i3d.npy", np.zeros((2, 2, 3), np.float16))
    with pytest.raises(OddframeError, match=r"'Abuse028_x264'.* 2 snippets but its 50 frames"):
        partial(part, features=features)
    (features / "Abuse028_x264_i3d.npy").unlink()
    with pytest.warns(OddframeWarning, match="first 'Abuse028_x264', have no features"):
        assert len(prepare_ucf_crime(part, features=features, allow_partial=True)) == 3


def test_copies_of_a_video_are_settled_by_the_official_place(part, video_file):
    video_file(part / "Videos" / "Normal_Videos_event" / "Normal_Videos_003_x264.mp4", 20, fps=30)
    video_file(part / "A" / "Abuse001_x264.mp4", 41, fps=30)
    manifest = partial(part)
    assert manifest["Abuse001_x264"].frames == 40
    folder = "Testing_Normal_Videos_Anomaly"
    assert manifest["Normal_Videos_003_x264"].path.split("/")[1] == folder
    video_file(part / "A" / "Normal_Videos001_x264.mp4", 21, fps=30)
    with pytest.raises(OddframeError, match=r"'Normal_Videos001_x264': found .* which differ"):
        partial(part)


def test_footage_that_contradicts_the_official_count_is_an_error(part):
    (part / "notes" / "frame_counts.csv").write_text("video,split,frames\nAbuse028_x264,test,49\n")
    with pytest.warns(OddframeWarning, match=r"Abuse028.*expected 49 frames.*found 50"):
        manifest = prepare_ucf_crime(part, allow_partial=True)
    assert manifest["Abuse028_x264"].frames == 50
    assert "partial: 1 video with other counts" in manifest.source


def test_the_counts_of_a_part_are_an_error(part):
    with pytest.raises(OddframeError, match=r"expected 48 videos of class 'Abuse' in train, found"):
        prepare_ucf_crime(part)


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("Anomaly_Train.txt", None, "\n \n", "Anomaly_Train.txt: the list is empty"),
        ("Anomaly_Train.txt", "Abuse001", "Cooking001", "'Cooking001_x264' has no label"),
        ("Anomaly_Train.txt", "Normal_Videos001", "Abuse001", "line 2: .*listed before"),
        ("Anomaly_Train.txt", "Abuse001", "Abuse028", "'Abuse028_x264' is listed twice"),
        ("Anomaly_Test.txt", "Abuse028", "Abuse029", "'Abuse02[89]_x264' is only in one"),
        (INTERVALS, "  5  9", "  5", "line 1: expected pairs of whole numbers"),
        (INTERVALS, "  5  9", "  5  x", "line 1: expected pairs of whole numbers"),
        (INTERVALS, "  5  9", "  9  5", "interval 9 5 .one-based-inclusive. does not lie"),
        (INTERVALS, "  5  9", "  0  5", "interval 0 5"),
        (INTERVALS, "40  51", "40  90", "interval 40 90 .* 50 frames"),
        (INTERVALS, "40  51", "51  52", "interval 51 52"),
        (INTERVALS, "5  9  40  51", "-1 -1 -1 -1", "Abuse028_x264.*at least one interval"),
        (INTERVALS, "Normal  -1 -1", "Normal  1 2", "Normal_Videos_003.*expected no interval"),
        (INTERVALS, "Abuse  5", "Arson  5", "line 1: expected a video, its class Abuse"),
    ],
)
def test_a_broken_annotation_is_one_clear_line(part, file, old, new, message):
    path = part / "notes" / file
    path.write_text(new if old is None else path.read_text().replace(old, new, 1))
    with pytest.raises(OddframeError, match=message) as raised:
        partial(part)
    assert "\n" not in str(raised.value)


def test_a_missing_video_is_an_error_and_left_out_of_a_part(part):
    (part / "Videos" / "Abuse" / "Abuse028_x264.mp4").unlink()
    with pytest.warns(OddframeWarning, match="1 of 4 videos, first 'Abuse028_x264', have no foota"):
        manifest = prepare_ucf_crime(part, allow_partial=True)
    assert len(manifest) == 3
    assert "without 1 of 4 videos" in manifest.source


def test_neither_footage_nor_counts(part):
    shutil.rmtree(part / "Videos")
    with pytest.raises(OddframeError, match="no official frame count; give the folder of the vid"):
        partial(part)


def test_unknown_conventions_and_splits_are_errors(part):
    with pytest.raises(OddframeError, match="--intervals of ucf-crime: expected one-based-incl"):
        prepare_ucf_crime(part, intervals="matlab")
    with pytest.raises(OddframeError, match="--val-split: expected seeded or thesis"):
        partial(part, val_split="random")
    with pytest.raises(OddframeError, match=r"expected all 1610 training videos.*found 2"):
        partial(part, val_split="thesis")
