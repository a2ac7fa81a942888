"""ShanghaiTech, weakly supervised: official counts and masks, and what goes wrong."""

import warnings

import numpy as np
import pytest

from oddframe.datasets.shanghaitech_weak import prepare_shanghaitech_weak
from oddframe.errors import OddframeError, OddframeWarning


@pytest.fixture
def part(tmp_path, video_file, frame_folder):
    root = tmp_path / "shanghaitech"
    video_file(root / "training" / "videos" / "01_001.avi", 9, fps=24)
    frame_folder(root / "training" / "frames" / "01_001", 8)
    video_file(root / "training" / "videos" / "01_002.avi", 7, fps=24)
    masks = root / "testing" / "test_frame_mask"
    masks.mkdir(parents=True)
    for name, labels in {"01_0014": [0, 0, 1, 1, 0], "12_0151": [1, 1, 0]}.items():
        frame_folder(root / "testing" / "frames" / name, len(labels))
        np.save(masks / f"{name}.npy", np.array(labels, dtype=np.uint8))
    (root / "SH_Train.txt").write_text("01_0014\n01_001\n")
    (root / "SH_Test.txt").write_text("01_002\n12_0151\n")
    (root / "SH_Test_frame_counts.txt").write_text("01_002,0,7\n12_0151,1,-1\n")
    return root


def partial(root, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OddframeWarning)
        return prepare_shanghaitech_weak(root, allow_partial=True, **options)


def test_official_lists_and_masks_have_the_published_counts(real_data, tmp_path):
    root = real_data / "annotations" / "shanghaitech"
    features = tmp_path / "features"
    features.mkdir()
    for file in ("SH_Train_frame_counts.txt", "SH_Test_frame_counts.txt"):
        for line in (root / file).read_text().split():
            name, _, *count = line.split(",")
            frames = int(count[0]) if count else 160
            if len(name) == 7:
                frames = len(np.load(root / "test_frame_mask" / f"{name}.npy"))
            array = np.zeros((-(-frames // 16), 1, 1), np.float16)
            np.save(features / f"{name}_i3d.npy", array)
    manifest = prepare_shanghaitech_weak(root, features=features)
    counts = manifest.counts()
    for split, videos, anomalous in (("train", 238, 63), ("test", 199, 44)):
        assert (counts[split]["videos"], counts[split]["anomalous_videos"]) == (videos, anomalous)
    assert counts["train"]["anomalous_frames"] == 0
    assert (counts["test"]["frames"], counts["test"]["anomalous_frames"]) == (141_870, 7_962)
    assert len(manifest.annotations) == 107 + 4
    for video in manifest.split("test"):
        if video.label == "anomalous":
            mask = np.load(root / "test_frame_mask" / f"{video.id}.npy")
            np.testing.assert_array_equal(video.frame_labels(), mask != 0)
    with pytest.raises(OddframeError, match="175 of 437 videos, first '01_002', have no footage"):
        prepare_shanghaitech_weak(root)


def test_a_part_from_footage(part):
    manifest = partial(part)
    assert [(v.id, v.split, v.label, v.frames) for v in manifest] == [
        ("01_0014", "train", "anomalous", 5),
        ("01_001", "train", "normal", 9),
        ("01_002", "test", "normal", 7),
        ("12_0151", "test", "anomalous", 3),
    ]
    assert manifest["01_0014"].events == ()
    assert manifest["12_0151"].frame_labels().tolist() == [True, True, False]
    assert manifest["01_001"].path == "training/videos/01_001.avi"
    manifest.check_files()


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("SH_Train.txt", "\n", "SH_Train.txt: the list is empty"),
        ("SH_Train.txt", "01_0014\n01_01\n", "'01_01' has no label"),
        ("SH_Train.txt", "01_0014\n12_0151\n", "'12_0151' is listed twice"),
        ("SH_Train.txt", "01_0099\n", r"01_0099\.npy.*found no such file"),
        ("SH_Test_frame_counts.txt", "01_002,1,7\n", "its label 0"),
        ("SH_Test_frame_counts.txt", "01_002,0,x\n", "its label 0"),
    ],
)
def test_a_broken_annotation_is_one_clear_line(part, file, text, message):
    (part / file).write_text(text)
    with pytest.raises(OddframeError, match=message):
        partial(part)


def test_footage_that_contradicts_the_official_count_is_noted(part):
    (part / "SH_Test_frame_counts.txt").write_text("01_002,0,6\n")
    with pytest.warns(OddframeWarning, match=r"01_002.*expected 6 frames.*found 7"):
        manifest = prepare_shanghaitech_weak(part, allow_partial=True)
    assert manifest["01_002"].frames == 7


def test_a_mask_of_another_length_than_the_footage_is_an_error(part):
    np.save(part / "testing" / "test_frame_mask" / "12_0151.npy", np.ones(4))
    with pytest.raises(OddframeError, match=r"12_0151.*expected 3 labels.*found 4"):
        partial(part)


def test_a_mask_without_an_anomaly_is_an_error(part):
    np.save(part / "testing" / "test_frame_mask" / "12_0151.npy", np.zeros(3))
    with pytest.raises(OddframeError, match=r"12_0151.*at least one interval"):
        partial(part)
