"""Avenue: the official files and the ano_pred tree, and its two label sets."""

import shutil

import numpy as np
import pytest
from scipy.io import savemat

from oddframe.datasets.avenue import prepare_avenue
from oddframe.errors import OddframeError, OddframeWarning

# Frames and 1-based inclusive events of each test clip (Hasan et al.; facts sheet, 1.3).
AVENUE = [
    (1439, "78-120, 392-422, 503-666, 868-910, 932-1101"),
    (1211, "273-320, 724-764, 1051-1100"),
    (923, "295-340, 582-622"),
    (947, "380-428, 649-692"),
    (1007, "469-786"),
    (1283, "345-625, 856-1007"),
    (605, "423-494, 563-595"),
    (36, "21-30"),
    (1175, "136-183, 496-566, 741-755, 875-981, 1013-1044, 1104-1163"),
    (841, "571-607, 637-656, 678-713, 724-755, 783-818"),
    (472, "21-164, 308-346"),
    (1271, "539-617, 645-729, 759-843"),
    (549, "259-286, 458-510"),
    (507, "399-455, 485-500"),
    (1001, "498-587"),
    (740, "632-730"),
    (426, "21-56, 99-420"),
    (294, "21-285"),
    (248, "109-240"),
    (273, "65-144, 168-241"),
    (76, "14-66"),
]


def intervals(text):
    return [tuple(map(int, part.split("-"))) for part in text.split(", ")]


def write_interval_mat(path):
    gt = np.empty((1, len(AVENUE)), dtype=object)
    for i, (_, text) in enumerate(AVENUE):
        gt[0, i] = np.array(intervals(text)).T
    savemat(path, {"gt": gt})


@pytest.fixture
def ano_pred(tmp_path, frame_folder):
    """The ano_pred tree with its avenue.mat."""
    root = tmp_path / "avenue"
    frame_folder(root / "training" / "frames" / "01", 3)
    for i, (frames, _) in enumerate(AVENUE, start=1):
        frame_folder(root / "testing" / "frames" / f"{i:02d}", frames)
    write_interval_mat(root / "avenue.mat")
    yield root
    shutil.rmtree(root)  # 15,324 links that pytest would keep


@pytest.fixture
def official(tmp_path, video_file):
    """The official tree with the two shortest test clips and invented masks."""
    root = tmp_path / "Avenue"
    video_file(root / "training_videos" / "01.avi", 5)
    for number, frames in ((8, 36), (21, 76)):
        video_file(root / "testing_videos" / f"{number:02d}.avi", frames)
    return root


def write_masks(folder, number, labels):
    folder.mkdir(parents=True, exist_ok=True)
    cells = np.empty((1, len(labels)), dtype=object)
    for i, label in enumerate(labels):
        cells[0, i] = np.zeros((24, 32), np.uint8)
        cells[0, i][3, 4] = label
    savemat(folder / f"{number}_label.mat", {"volLabel": cells})


def test_intervals_of_the_ano_pred_tree(ano_pred):
    manifest = prepare_avenue(ano_pred)
    test = manifest.split("test")
    for video, (frames, text) in zip(test, AVENUE, strict=True):
        expected = [any(a <= i <= b for a, b in intervals(text)) for i in range(1, frames + 1)]
        assert video.frame_labels().tolist() == expected, video.id
    assert manifest.counts()["test"]["anomalous_frames"] == 3867
    assert manifest.label_rule.startswith("intervals")
    assert list(manifest.annotations) == ["avenue.mat"]
    assert {video.fps for video in test} == {25.0}


def test_real_packed_masks_give_the_other_label_set(ano_pred, real_data):
    shutil.copy(real_data / "annotations" / "avenue" / "avenue_masks.npz", ano_pred)
    by_masks = prepare_avenue(ano_pred, labels="masks")
    assert by_masks.counts()["test"]["anomalous_frames"] == 3712
    assert by_masks.label_rule.startswith("masks")
    assert list(by_masks.annotations) == ["avenue_masks.npz"]
    by_intervals = prepare_avenue(ano_pred, labels="intervals")
    assert by_intervals.counts()["test"]["anomalous_frames"] == 3867
    differ = sum(
        (a.frame_labels() != b.frame_labels()).any()
        for a, b in zip(by_masks.split("test"), by_intervals.split("test"), strict=True)
    )
    assert differ == 15
    assert by_intervals["test/07"].mask == "avenue_masks.npz#07"


def test_real_file_of_the_same_name_holds_the_masks_labels(ano_pred, real_data):
    # A file called avenue.mat goes round that has one 0/1 vector per clip instead of 'gt'.
    shutil.copy(real_data / "annotations" / "avenue" / "avenue.mat", ano_pred)
    manifest = prepare_avenue(ano_pred)
    assert manifest.counts()["test"]["anomalous_frames"] == 3712
    assert manifest.label_rule.startswith("masks")
    with pytest.raises(OddframeError, match=r"'gt'.*found"):
        prepare_avenue(ano_pred, labels="intervals")


def test_real_mask_files_of_the_official_tree(official, real_data):
    shutil.copytree(
        real_data / "annotations" / "avenue" / "testing_label_mask",
        official / "ground_truth_demo" / "testing_label_mask",
    )
    with pytest.warns(OddframeWarning, match="found 89 anomalous of 112 frames"):
        manifest = prepare_avenue(official, allow_partial=True)
    assert int(manifest["test/08"].frame_labels().sum()) == 36
    assert int(manifest["test/21"].frame_labels().sum()) == 53
    assert manifest["test/21"].mask == "ground_truth_demo/testing_label_mask/21_label.mat"
    assert manifest.label_rule.startswith("masks")
    assert len(manifest.annotations) == 2
    assert manifest["train/01"].path == "training_videos/01.avi"
    manifest.check_files()


def test_the_archive_fills_in_what_a_part_of_the_official_masks_lacks(ano_pred, real_data):
    """The layout of the real annotation folder: two official files beside all packed masks."""
    given = real_data / "annotations" / "avenue"
    shutil.copy(given / "avenue_masks.npz", ano_pred)
    whole = prepare_avenue(ano_pred, labels="masks")
    shutil.copytree(given / "testing_label_mask", ano_pred / "testing_label_mask")
    both = prepare_avenue(ano_pred, labels="masks")
    assert [video.events for video in both] == [video.events for video in whole]
    assert both["test/08"].mask == "testing_label_mask/8_label.mat"
    assert both["test/07"].mask == "avenue_masks.npz#07"


def test_labels_follow_the_masks(official):
    labels = {8: [0] * 10 + [1] * 6 + [0] * 20, 21: [1] + [0] * 74 + [1]}
    for number, vector in labels.items():
        write_masks(official / "testing_label_mask", number, vector)
    with pytest.warns(OddframeWarning, match="not comparable"):
        manifest = prepare_avenue(official, allow_partial=True)
    for number, vector in labels.items():
        assert manifest[f"test/{number:02d}"].frame_labels().tolist() == [bool(x) for x in vector]


def test_official_files_may_use_the_intervals(official):
    write_interval_mat(official / "avenue.mat")
    with pytest.warns(OddframeWarning, match="found 63 anomalous of 112"):
        manifest = prepare_avenue(official, labels="intervals", allow_partial=True)
    assert manifest["test/08"].events[0].start == 20


def test_counts_of_a_part_are_an_error(official):
    write_interval_mat(official / "avenue.mat")
    with pytest.raises(OddframeError, match="has 3867 anomalous of 15324 frames, found 63"):
        prepare_avenue(official)


def test_masks_longer_than_the_video_are_an_error(official):
    write_masks(official / "testing_label_mask", 8, [1] * 37)
    with pytest.raises(OddframeError, match=r"8_label\.mat.*expected 36 labels.*found 37"):
        prepare_avenue(official, labels="masks", allow_partial=True)


def test_missing_masks_are_an_error_naming_the_file(official):
    with pytest.raises(OddframeError, match=r"testing_label_mask/8_label\.mat"):
        prepare_avenue(official)


def test_missing_intervals_are_an_error_naming_the_file(official):
    with pytest.raises(OddframeError, match=r"avenue\.mat: expected .* found no such file"):
        prepare_avenue(official, labels="intervals")


def test_unknown_label_set_is_an_error(official):
    with pytest.raises(OddframeError, match="expected intervals or masks, found 'pixels'"):
        prepare_avenue(official, labels="pixels")


def test_a_mask_file_of_another_kind_is_an_error(official):
    (official / "testing_label_mask").mkdir()
    savemat(official / "testing_label_mask" / "8_label.mat", {"other": np.zeros(3)})
    with pytest.raises(OddframeError, match=r"8_label\.mat.*'volLabel', found other"):
        prepare_avenue(official)


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04 cut short"])
def test_a_broken_mask_archive_is_an_error_naming_it(official, content):
    (official / "avenue_masks.npz").write_bytes(content)
    with pytest.raises(OddframeError, match=r"avenue_masks\.npz: expected an \.npz"):
        prepare_avenue(official)


def test_a_damaged_mask_is_an_error_naming_the_archive(official):
    path = official / "avenue_masks.npz"
    np.savez_compressed(path, **{"08": np.ones((36, 96), np.uint8)})
    content = bytearray(path.read_bytes())
    content[60:90] = bytes(30)
    path.write_bytes(content)
    with pytest.raises(OddframeError, match=r"avenue_masks\.npz: expected an \.npz"):
        prepare_avenue(official)
