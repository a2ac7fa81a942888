import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from oddframe.errors import OddframeError
from oddframe.videos.pixel_truth import read_mask, read_tracks
from oddframe.videos.video import Video


def make_video(frames=3, width=10, height=6, **changes):
    values = {"id": "v", "path": "v", "split": "test", "label": "anomalous", "fps": 10.0}
    return Video(**{**values, "frames": frames, "width": width, "height": height, **changes})


@pytest.fixture
def mask():
    """Three frames of 6x10: 60 pixels, not a multiple of 8, so packed rows have padding."""
    made = np.zeros((3, 6, 10), dtype=bool)
    made[1, 2:4, 3:9] = True
    made[2, 5, 9] = True
    return made


def test_packed_and_plain_archives(mask, tmp_path):
    np.savez(tmp_path / "m.npz", packed=np.packbits(mask.reshape(3, -1), axis=1), plain=mask)
    for key in ("packed", "plain"):
        assert (read_mask(make_video(mask=f"m.npz#{key}"), tmp_path) == mask).all()


@pytest.mark.parametrize("kind", [bool, np.uint8, np.float32])
def test_array_file(mask, tmp_path, kind):
    np.save(tmp_path / "m.npy", mask.astype(kind))
    read = read_mask(make_video(mask="m.npy"), tmp_path)
    assert read.dtype == bool
    assert (read == mask).all()


def test_image_folder_in_natural_order(mask, tmp_path):
    for index, frame in enumerate(mask):
        cv2.imwrite(str(tmp_path / f"frame{index + 8}.bmp"), frame.astype(np.uint8) * 255)
    (tmp_path / "Thumbs.db").write_text("not an image")
    # The names are frame8, frame9, frame10: text order would put the last first.
    assert (read_mask(make_video(mask="."), tmp_path) == mask).all()


def test_tracks(tmp_path):
    rows = [{"id": 7, "name": "bike", "boxes": [[1, 3, 2, 9, 4], [2, 9.5, 5, 10, 6]]}]
    (tmp_path / "t.json").write_text(json.dumps({"tracks": rows}))
    (track,) = read_tracks(make_video(tracks="t.json"), tmp_path)
    assert (track.id, track.name) == ("7", "bike")
    assert track.boxes == {1: (3, 2, 9, 4), 2: (9.5, 5, 10, 6)}


def test_missing_truth_is_an_error(tmp_path):
    with pytest.raises(OddframeError, match="'v' has no pixel mask"):
        read_mask(make_video(), tmp_path)
    with pytest.raises(OddframeError, match="'v' has no tracks"):
        read_tracks(make_video(), tmp_path)


@pytest.mark.parametrize(
    "name",
    ["absent.npy", "absent.npz#a", "m.npz", "m.npz#other", "text.npy", "text.npz#a", "t.mat"],
)
def test_unreadable_masks_are_one_clear_line(mask, tmp_path, name):
    np.savez(tmp_path / "m.npz", right=mask)
    for file in ("text.npy", "text.npz", "t.mat"):
        (tmp_path / file).write_text("not an array")
    with pytest.raises(OddframeError, match=name.split("#")[0]) as caught:
        read_mask(make_video(mask=name), tmp_path)
    wanted = "a MATLAB file of labels" if name == "t.mat" else "expected a"
    assert wanted in str(caught.value)
    assert "\n" not in str(caught.value)


def test_pickled_masks_are_refused(mask, tmp_path):
    np.save(tmp_path / "m.npy", np.array([mask, None], dtype=object), allow_pickle=True)
    with pytest.raises(OddframeError, match=r"Python objects .* never loaded"):
        read_mask(make_video(mask="m.npy"), tmp_path)


@pytest.mark.parametrize("changes", [{"frames": 4}, {"width": 11}, {"height": 5}])
@pytest.mark.parametrize("name", ["m.npz#plain", "m.npz#packed", "m.npy"])
def test_another_shape_is_an_error(mask, tmp_path, changes, name):
    np.savez(tmp_path / "m.npz", packed=np.packbits(mask.reshape(3, -1), axis=1), plain=mask)
    np.save(tmp_path / "m.npy", mask)
    with pytest.raises(OddframeError, match=r"expected a mask of shape|cannot be read"):
        read_mask(make_video(mask=name, **changes), tmp_path)


def test_broken_mask_folders(mask, tmp_path):
    folder = tmp_path / "masks"
    folder.mkdir()
    video = make_video(mask="masks")
    with pytest.raises(OddframeError, match="found none"):
        read_mask(video, tmp_path)
    for index, frame in enumerate(mask):
        cv2.imwrite(str(folder / f"{index}.png"), frame.astype(np.uint8))
    (folder / "1.png").write_bytes(b"no image")
    with pytest.raises(OddframeError, match=r"1\.png.*cannot be decoded"):
        read_mask(video, tmp_path)
    cv2.imwrite(str(folder / "1.png"), np.zeros((3, 3), np.uint8))
    with pytest.raises(OddframeError, match="masks"):
        read_mask(video, tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "{}",
        '{"tracks": [{"id": 1}]}',
        '{"tracks": [{"id": 1, "name": "a", "boxes": [[1, 2, 3]]}]}',
        '{"tracks": 3}',
    ],
)
def test_broken_tracks_are_one_clear_line(tmp_path, text):
    (tmp_path / "t.json").write_text(text)
    with pytest.raises(
        OddframeError, match=r"t\.json: expected (a JSON file of tracks|tracks in JSON)"
    ):
        read_tracks(make_video(tracks="t.json"), tmp_path)


def test_ped2_masks_fit_the_event_intervals(real_data: Path):
    """Every pixel mask agrees frame by frame with the intervals, from another file."""
    from scipy.io import loadmat

    folder = real_data / "ped2"
    intervals = loadmat(folder / "ped2.mat", squeeze_me=True)["gt"]
    frames, anomalous = 0, 0
    with np.load(folder / "masks" / "ped2_masks.npz") as archive:
        lengths = {key: len(archive[key]) for key in archive.files}
    for index, cell in enumerate(intervals, start=1):
        name = f"{index:02d}"
        video = make_video(lengths[name], 360, 240, mask=f"masks/ped2_masks.npz#{name}")
        flags = read_mask(video, folder).any(axis=(1, 2))
        start, end = cell
        expected = np.zeros(len(flags), dtype=bool)
        expected[start - 1 : end] = True
        assert (flags == expected).all(), name
        frames += len(flags)
        anomalous += int(flags.sum())
    assert (frames, anomalous) == (2010, 1648)


@pytest.mark.parametrize("clip", [8, 21])
def test_avenue_masks_equal_their_official_files(real_data: Path, clip: int):
    folder = real_data / "annotations" / "avenue"
    with np.load(folder / "avenue_masks.npz") as archive:
        frames = len(archive[f"{clip:02d}"])
    packed = make_video(frames, 640, 360, mask=f"avenue_masks.npz#{clip:02d}")
    official = make_video(frames, 640, 360, mask=f"testing_label_mask/{clip}_label.mat")
    mask = read_mask(official, folder)
    assert mask.shape == (frames, 360, 640)
    assert mask.any()
    assert (mask == read_mask(packed, folder)).all()


def test_avenue_masks_hold_the_published_count(real_data: Path):
    with np.load(real_data / "annotations" / "avenue" / "avenue_masks.npz") as archive:
        counts = [(len(archive[key]), archive[key].any(axis=1).sum()) for key in archive.files]
    assert np.sum(counts, axis=0).tolist() == [15324, 3712]


def test_official_ped2_mask_images_equal_the_packed_ones(real_data: Path):
    """Three original .bmp masks of clip 6, in the naming habit that starts with "frame"."""
    folder = real_data / "annotations" / "ucsd" / "Test006_gt"
    mask = read_mask(make_video(3, 360, 240, mask="Test006_gt"), folder.parent)
    packed = make_video(180, 360, 240, mask="masks/ped2_masks.npz#06")
    assert (mask == read_mask(packed, real_data / "ped2")[:3]).all()


@pytest.mark.parametrize("name", ["m.npz", "m.npy", "m.mat"])
def test_damaged_masks_are_one_clear_line(mask, tmp_path, name, monkeypatch):
    from scipy.io import savemat

    cells = np.empty(3, dtype=object)
    cells[:] = list(mask.astype(np.uint8))
    np.savez_compressed(tmp_path / "m.npz", k=mask)
    np.save(tmp_path / "m.npy", mask)
    savemat(tmp_path / "m.mat", {"volLabel": cells}, do_compression=True)
    whole = (tmp_path / name).read_bytes()
    video = make_video(mask=name + ("#k" if name.endswith("z") else ""))
    assert (read_mask(video, tmp_path) == mask).all()
    generator = np.random.default_rng(0)
    refused = 0
    # A process of its own reads .mat files; a damaged one may end it, or keep it busy for ever.
    monkeypatch.setattr("oddframe.files.matlab_files.MOST_SECONDS", 2.0)
    times = 8 if name == "m.mat" else 60
    for size in generator.integers(0, len(whole), times):
        (tmp_path / name).write_bytes(whole[:size])
        with pytest.raises(OddframeError):
            read_mask(video, tmp_path)
    for _ in range(times):
        damaged = np.frombuffer(whole, dtype=np.uint8).copy()
        damaged[generator.integers(0, len(whole), 3)] = generator.integers(0, 256, 3)
        (tmp_path / name).write_bytes(damaged.tobytes())
        try:
            read_mask(video, tmp_path)
        except OddframeError:
            refused += 1
    assert refused > 0
