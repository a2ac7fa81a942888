"""ShanghaiTech, one-class protocol: counts against the official masks, and what goes wrong."""

import shutil

import numpy as np
import pytest

from oddframe.datasets.shanghaitech import prepare_shanghaitech
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.videos.pixel_truth import read_mask


@pytest.fixture
def part(tmp_path, frame_folder, video_file):
    """Two training files and two test clips."""
    root = tmp_path / "shanghaitech"
    video_file(root / "training" / "videos" / "01_001.avi", 7, fps=24)
    video_file(root / "training" / "videos" / "02_001.avi", 9, fps=24)
    masks = root / "testing" / "test_frame_mask"
    masks.mkdir(parents=True)
    for name, labels in {"01_0014": [0, 0, 1, 1, 0], "12_0151": [1, 1, 1]}.items():
        frame_folder(root / "testing" / "frames" / name, len(labels))
        np.save(masks / f"{name}.npy", np.array(labels, dtype=np.uint8))
    return root


def test_official_masks_have_the_published_counts(tmp_path, real_data, frame_folder):
    root = tmp_path / "whole"
    frame_folder(root / "training" / "frames" / "01_001", 3)
    masks = real_data / "annotations" / "shanghaitech" / "test_frame_mask"
    shutil.copytree(masks, root / "testing" / "test_frame_mask")
    for file in masks.iterdir():
        frame_folder(root / "testing" / "frames" / file.stem, len(np.load(file)))
    try:
        manifest = prepare_shanghaitech(root)
        counts = manifest.counts()["test"]
        assert (counts["videos"], counts["anomalous_videos"]) == (107, 107)
        assert (counts["frames"], counts["anomalous_frames"]) == (40791, 17326)
        assert len(manifest.annotations) == 107
    finally:
        shutil.rmtree(root)  # 40,794 links that pytest would keep


def test_a_part_keeps_labels_and_rates(part):
    with pytest.warns(OddframeWarning, match="not comparable"):
        manifest = prepare_shanghaitech(part, allow_partial=True)
    assert [video.id for video in manifest] == ["01_001", "02_001", "01_0014", "12_0151"]
    assert [video.frames for video in manifest] == [7, 9, 5, 3]
    assert manifest["01_0014"].frame_labels().tolist() == [False, False, True, True, False]
    assert {video.fps for video in manifest} == {24.0}
    assert manifest["01_001"].label == "normal"
    manifest.check_files()


def test_pixel_masks_are_used_where_they_are(part):
    folder = part / "testing" / "test_pixel_mask"
    folder.mkdir()
    pixels = np.zeros((5, 6, 8), np.uint8)
    pixels[2:4, 1, 1] = 1
    np.save(folder / "01_0014.npy", pixels)
    with pytest.warns(OddframeWarning):
        manifest = prepare_shanghaitech(part, allow_partial=True)
    assert manifest["12_0151"].mask is None
    np.testing.assert_array_equal(read_mask(manifest["01_0014"], part), pixels != 0)


def test_counts_of_a_part_are_an_error(part):
    with pytest.raises(
        OddframeError, match="has 17326 anomalous of 40791 frames, found 5 anomalous of 8 frames"
    ):
        prepare_shanghaitech(part)


@pytest.mark.parametrize("change", [-1, 1])
def test_labels_of_another_length_are_an_error(part, change):
    file = part / "testing" / "test_frame_mask" / "12_0151.npy"
    np.save(file, np.ones(3 + change))
    with pytest.raises(OddframeError, match=f"expected 3 labels.*found {3 + change}"):
        prepare_shanghaitech(part, allow_partial=True)


def test_missing_or_broken_labels_are_an_error_naming_the_file(part):
    file = part / "testing" / "test_frame_mask" / "12_0151.npy"
    for content in (b"", b"text", file.read_bytes()[:-1]):
        file.write_bytes(content)
        with pytest.raises(OddframeError, match=r"12_0151\.npy"):
            prepare_shanghaitech(part, allow_partial=True)
    file.unlink()
    with pytest.raises(OddframeError, match=r"12_0151\.npy.*found no such file"):
        prepare_shanghaitech(part, allow_partial=True)


@pytest.mark.parametrize("folder", ["training", "testing/frames", "testing/test_frame_mask"])
def test_a_missing_folder_is_an_error_naming_it(part, folder):
    shutil.rmtree(part / folder)
    with pytest.raises(OddframeError, match=f"expected .* in {folder}"):
        prepare_shanghaitech(part, allow_partial=True)


def test_a_broken_training_video_is_an_error_naming_it(part):
    (part / "training" / "videos" / "03_001.avi").write_text("not a video")
    with pytest.raises(OddframeError, match=r"03_001\.avi"):
        prepare_shanghaitech(part, allow_partial=True)
