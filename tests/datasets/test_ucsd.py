"""UCSD Ped1 and Ped2: both trees, both mask habits, litter, and what goes wrong."""

import os
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.io import savemat

from oddframe.datasets.ucsd import prepare_ped1, prepare_ped2
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.videos.manifest import Manifest
from oddframe.videos.pixel_truth import read_mask
from oddframe.videos.video import Video

# Frames and 1-based inclusive interval of each test clip of Ped2, as published.
PED2 = [
    (180, 61, 180),
    (180, 95, 180),
    (150, 1, 146),
    (180, 31, 180),
    (150, 1, 129),
    (180, 1, 159),
    (180, 46, 180),
    (180, 1, 180),
    (120, 1, 120),
    (150, 1, 150),
    (180, 1, 180),
    (180, 88, 180),
]


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """A folder of images for each clip of Ped2, once in either tree's way of naming them."""
    root = tmp_path_factory.mktemp("ped2")
    for suffix, first in ((".tif", 1), (".jpg", 0)):
        assert cv2.imwrite(str(root / f"source{suffix}"), np.full((6, 8), 90, np.uint8))
        for clip, (frames, _, _) in enumerate(PED2, start=1):
            (root / f"{clip}{suffix}").mkdir()
            for i in range(first, first + frames):
                os.link(root / f"source{suffix}", root / f"{clip}{suffix}" / f"{i:03d}{suffix}")
    for clip in range(1, 13):
        for litter in ("Thumbs.db", ".DS_Store", "._001.tif"):
            (root / f"{clip}.tif" / litter).write_bytes(b"x")
    return root


@pytest.fixture
def native(tmp_path, clips, frame_folder):
    """UCSDped2 as it is unpacked, with the litter that the archive carries."""
    root = tmp_path / "UCSD_Anomaly_Dataset.v1p2" / "UCSDped2"
    for i in (1, 2):
        frame_folder(root / "Train" / f"Train{i:03d}", 4, ".tif", first=1)
    (root / "Test").mkdir()
    for i in range(1, 13):
        (root / "Test" / f"Test{i:03d}").symlink_to(clips / f"{i}.tif")
    (root / "Test" / ".DS_Store").write_bytes(b"x")
    (root / "Test" / "Thumbs.db").write_bytes(b"x")
    lines = [f"TestVideoFile{{end+1}}.gt_frame = [{a}:{b}];" for _, a, b in PED2]
    (root / "Test" / "UCSDped2.m").write_text("\r\n".join(lines))
    return root


@pytest.fixture
def ano_pred(tmp_path, clips, frame_folder):
    """The ano_pred tree of Ped2."""
    root = tmp_path / "ped2"
    frame_folder(root / "training" / "frames" / "01", 4)
    (root / "testing" / "frames").mkdir(parents=True)
    gt = np.empty((1, len(PED2)), dtype=object)
    for i, (_, first, last) in enumerate(PED2):
        (root / "testing" / "frames" / f"{i + 1:02d}").symlink_to(clips / f"{i + 1}.jpg")
        gt[0, i] = np.array([[first], [last]])
    savemat(root / "ped2.mat", {"gt": gt})
    return root


def without(clip: Path, *names: str) -> None:
    """Take images away from a clip, which other tests have whole."""
    shared = clip.resolve()
    clip.unlink()
    clip.mkdir()
    for image in shared.iterdir():
        if image.name not in names:
            os.link(image, clip / image.name)


def labels_of(manifest: Manifest) -> dict[str, list[bool]]:
    return {video.id: video.frame_labels().tolist() for video in manifest.split("test")}


def write_masks(folder: Path, frames: int, odd: range, prefix: str = "") -> None:
    folder.mkdir()
    for i in range(1, frames + 1):
        mask = np.zeros((6, 8), np.uint8)
        mask[1:3, 2:4] = 255 * (i in odd)
        cv2.imwrite(str(folder / f"{prefix}{i:03d}.bmp"), mask)


@pytest.mark.parametrize("inner", [True, False])
def test_native_tree_has_the_published_labels(native, inner):
    manifest = prepare_ped2(native if inner else native.parent)
    assert [video.id for video in manifest.split("train")] == ["train/01", "train/02"]
    assert len(manifest.split("test")) == 12
    for video, (frames, first, last) in zip(manifest.split("test"), PED2, strict=True):
        expected = [first <= i <= last for i in range(1, frames + 1)]
        assert video.frame_labels().tolist() == expected
    assert manifest.counts()["test"]["anomalous_frames"] == 1648
    assert list(manifest.annotations) == ["Test/UCSDped2.m"]
    assert "1-based" in manifest.label_rule
    manifest.check_files()


def test_both_trees_give_the_same_videos_and_labels(native, ano_pred):
    assert labels_of(prepare_ped2(native)) == labels_of(prepare_ped2(ano_pred))


@pytest.mark.parametrize("prefix", ["", "frame"])
def test_masks_of_both_naming_habits_are_found(native, prefix):
    frames, first, last = PED2[5]
    folder = native / "Test" / "Test006_gt"
    write_masks(folder, frames, range(first, last + 1), prefix)
    (folder / "Thumbs.db").write_bytes(b"x")
    manifest = prepare_ped2(native)
    video = manifest["test/06"]
    assert video.mask == "Test/Test006_gt"
    assert manifest["test/05"].mask is None
    mask = read_mask(video, manifest.root)
    np.testing.assert_array_equal(mask.any(axis=(1, 2)), video.frame_labels())


def test_masks_of_part_of_a_clip_are_left_out_with_a_warning(native):
    write_masks(native / "Test" / "Test006_gt", 20, range(5))
    with pytest.warns(OddframeWarning, match="expected 180 masks.*found 20"):
        assert prepare_ped2(native)["test/06"].mask is None


def test_frame_rate_is_an_option(native):
    assert {video.fps for video in prepare_ped2(native)} == {25.0}
    assert {video.fps for video in prepare_ped2(native, fps=12.5)} == {12.5}


def test_interval_file_may_lie_beside_the_folders(native):
    (native / "Test" / "UCSDped2.m").rename(native / "UCSDped2.m")
    assert list(prepare_ped2(native).annotations) == ["UCSDped2.m"]


def test_missing_labels_are_an_error_naming_the_file(native, ano_pred):
    (native / "Test" / "UCSDped2.m").unlink()
    (ano_pred / "ped2.mat").unlink()
    with pytest.raises(OddframeError, match=r"UCSDped2\.m"):
        prepare_ped2(native)
    with pytest.raises(OddframeError, match=r"ped2\.mat"):
        prepare_ped2(ano_pred)


def test_a_missing_normal_frame_changes_the_count(ano_pred):
    # Frames are lost at the front, so every interval still ends inside the video.
    without(ano_pred / "testing" / "frames" / "05", "000.jpg", "003.jpg")
    with (
        pytest.raises(
            OddframeError, match="has 1648 anomalous of 2010 frames, found 1648 anomalous of 2008"
        ),
        pytest.warns(OddframeWarning, match="image numbers missing: 3;"),
    ):
        prepare_ped2(ano_pred)


def test_labels_longer_than_the_video_are_an_error_even_for_a_part(ano_pred):
    lost = [f"{number}.jpg" for number in range(170, 180)]
    without(ano_pred / "testing" / "frames" / "01", *lost)
    with pytest.raises(OddframeError, match=r"'test/01': event \[60, 180\).*170 frames"):
        prepare_ped2(ano_pred, allow_partial=True)


def test_a_part_of_the_clips_needs_permission_and_keeps_its_labels(ano_pred):
    whole = labels_of(prepare_ped2(ano_pred))
    for number in (1, 2, 3, 5, 6, 7, 8, 9, 10):
        (ano_pred / "testing" / "frames" / f"{number:02d}").unlink()
    with pytest.raises(OddframeError, match="--allow-partial"):
        prepare_ped2(ano_pred)
    with pytest.warns(OddframeWarning, match="not comparable"):
        manifest = prepare_ped2(ano_pred, allow_partial=True)
    part = labels_of(manifest)
    assert list(part) == ["test/04", "test/11", "test/12"]
    assert part == {key: whole[key] for key in part}
    assert "partial" in manifest.source


def test_a_clip_without_labels_is_an_error(ano_pred, frame_folder):
    frame_folder(ano_pred / "testing" / "frames" / "13", 10)
    with pytest.raises(OddframeError, match="labels of 12 clips"):
        prepare_ped2(ano_pred)


def test_an_empty_clip_is_an_error_naming_it(ano_pred):
    (ano_pred / "testing" / "frames" / "13").mkdir()
    with pytest.raises(OddframeError, match=r"frames/13.*no image"):
        prepare_ped2(ano_pred)


def test_a_folder_without_number_is_an_error_naming_it(ano_pred, frame_folder):
    frame_folder(ano_pred / "testing" / "frames" / "extra", 10)
    with pytest.raises(OddframeError, match=r"frames/extra.*number"):
        prepare_ped2(ano_pred)


def test_another_folder_says_what_is_expected_and_found(tmp_path):
    (tmp_path / "videos").mkdir()
    with pytest.raises(OddframeError, match=r"Train/ or training/frames/, found videos/"):
        prepare_ped2(tmp_path)
    with pytest.raises(OddframeError, match="no such folder"):
        prepare_ped2(tmp_path / "nowhere")


def test_ped1_has_the_counts_of_its_interval_file(tmp_path, frame_folder, real_data):
    root = tmp_path / "UCSDped1"
    frame_folder(root / "Train" / "Train001", 2, ".tif")
    for i in range(1, 37):
        frame_folder(root / "Test" / f"Test{i:03d}", 200, ".tif", first=1)
    shutil.copy(real_data / "annotations" / "ucsd" / "UCSDped1.m", root / "Test")
    counts = prepare_ped1(root).counts()["test"]
    shutil.rmtree(root)  # 7,202 links that pytest would keep
    assert (counts["videos"], counts["frames"], counts["anomalous_frames"]) == (36, 7200, 4045)


@pytest.mark.parametrize(
    ("clip", "expected"),
    [
        ("Test001_gt", {"060": False, "061": True, "062": True}),
        ("Test006_gt", {"frame001": True, "frame002": True, "frame003": True}),
    ],
)
def test_original_mask_files_are_read(real_data, clip, expected):
    folder = real_data / "annotations" / "ucsd"
    assert sorted(file.stem for file in (folder / clip).iterdir()) == sorted(expected)
    video = Video(clip, ".", "test", "anomalous", len(expected), 10.0, 360, 240, mask=clip)
    mask = read_mask(video, folder)
    assert mask.any(axis=(1, 2)).tolist() == list(expected.values())
    assert mask.mean() < 0.1, "a person or two, not the background"


def test_real_ped2(real_data):
    manifest = prepare_ped2(real_data / "ped2")
    counts = manifest.counts()
    assert counts["train"]["frames"] == 2550
    assert counts["train"]["videos"] == 16
    assert counts["test"]["frames"] == 2010
    assert counts["test"]["anomalous_frames"] == 1648
    manifest.check_files()
    # Pixel truth was annotated by other means: it must agree with the intervals.
    for video in manifest.split("test"):
        mask = read_mask(video, manifest.root)
        assert mask.shape == (video.frames, 240, 360)
        agreement = (mask.any(axis=(1, 2)) == video.frame_labels()).mean()
        assert agreement == 1.0, video.id
