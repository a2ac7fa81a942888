"""Lists and vectors in the forms of published code: rows, order and lengths on the real data."""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest

from oddframe.datasets.layouts.legacy_lists import FORMS, write_legacy_lists
from oddframe.datasets.shanghaitech_weak import prepare_shanghaitech_weak
from oddframe.datasets.ucf_crime import prepare_ucf_crime
from oddframe.datasets.xd_violence import prepare_xd_violence
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.videos.manifest import Manifest


def lines(path):
    return path.read_text().splitlines()


@pytest.fixture(scope="module")
def ucf(real_data, tmp_path_factory):
    """UCF-Crime's manifest and its lists."""
    folder = tmp_path_factory.mktemp("ucf")
    root = real_data / "annotations" / "ucf-crime"
    return prepare_ucf_crime(root, legacy_lists=folder), folder


def test_ucf_crime_has_the_published_lengths(ucf):
    manifest, folder = ucf
    written = json.loads((folder / "legacy.json").read_text())
    assert set(written) == set(FORMS["ucf-crime"])
    # 1,109,680, the length for UR-DMU, cannot come from frame counts: 9 of the 20 test videos
    # whose frames are whole snippets lack their last one there.
    lengths = {"true-frames": 1_111_808, "rtfm": 1_114_144, "thesis": 1_114_144}
    for name, frames in {**lengths, "ur-dmu": 1_109_824}.items():
        vector = np.load(folder / name / "gt.npy")
        assert vector.dtype == np.float64
        assert vector.size == frames == written[name]["frames"]
        assert vector.sum() == written[name]["anomalous_frames"]
    own = np.concatenate(
        [
            manifest[n[: -len("_i3d.npy")]].frame_labels()
            for n in lines(folder / "true-frames" / "test.list")
        ]
    )
    np.testing.assert_array_equal(np.load(folder / "true-frames" / "gt.npy"), own)


def test_ucf_crime_lists_have_the_published_rows(ucf):
    _, folder = ucf
    train = lines(folder / "rtfm" / "train.list")
    test = lines(folder / "rtfm" / "test.list")
    assert (len(train), len(test)) == (1610, 290)
    assert [i for i, row in enumerate(train) if "Normal" in row] == list(range(810, 1610))
    assert [i for i, row in enumerate(test) if "Normal" in row] == list(range(140, 290))
    test = lines(folder / "thesis" / "test.list")
    assert [i for i, row in enumerate(test) if "Normal" in row] == list(range(58, 208))
    both = lines(folder / "thesis" / "train_cheat.list")
    normal = [i for i, row in enumerate(both) if "Normal" in row]
    assert normal == [*range(308, 1028), *range(1483, 1563)]
    train = lines(folder / "ur-dmu" / "train.list")
    assert [i for i, row in enumerate(train) if "Normal" in row] == list(range(8100, 16100))
    assert train[:2] == ["Abuse001_x264__0.npy", "Abuse001_x264__1.npy"]


@pytest.mark.parametrize("form", ["thesis", "rtfm", "ur-dmu"])
def test_ucf_crime_vector_is_that_of_the_published_code(ucf, real_data, form):
    """RTFM's rule, again: each number of the text is a 0-based index, the end included."""
    manifest, folder = ucf
    root = real_data / "annotations" / "ucf-crime"
    text = {
        line.split()[0]: line.split()[2:]
        for line in lines(root / "Temporal_Anomaly_Annotation_for_Testing_Videos.txt")
    }
    parts = []
    rows = lines(folder / form / "test.list")
    for row in rows[::10] if form == "ur-dmu" else rows:
        name = row[: -len("_i3d.npy")] if form != "ur-dmu" else row[: -len("__0.npy")]
        snippets, rest = divmod(manifest[name].frames, 16)
        part = [0.0] * (16 * (snippets + (rest > 0 and form != "ur-dmu")))
        numbers = [int(word) for word in text[f"{name}.mp4"]]
        for first, last in (numbers[:2], numbers[2:]):
            for i in range(first, last + 1) if first != -1 else ():
                if i < len(part):
                    part[i] = 1.0
        parts += part
    np.testing.assert_array_equal(np.load(folder / form / "gt.npy"), parts)


def test_snippets_of_features_decide_the_length(real_data, tmp_path):
    """The published total for UR-DMU: the last snippet of 9 videos of whole snippets is missing."""
    root = real_data / "annotations" / "ucf-crime"
    rows = [row.split(",") for row in lines(root / "frame_counts.csv")]
    lacking = 9
    features = tmp_path / "features"
    features.mkdir()
    for name, split, frames in rows[1:]:
        if split == "test":
            snippets = int(frames) // 16
            if int(frames) % 16 == 0 and lacking:
                snippets, lacking = snippets - 1, lacking - 1
            for crop in range(2):
                np.save(features / f"{name}__{crop}.npy", np.zeros((snippets, 1), np.float16))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OddframeWarning)
        prepare_ucf_crime(
            root, features=features, allow_partial=True, legacy_lists=tmp_path / "lists"
        )
    assert np.load(tmp_path / "lists" / "ur-dmu" / "gt.npy").size == 1_109_680
    first = lines(tmp_path / "lists" / "ur-dmu" / "test.list")[0]
    assert first == f"{features}/Abuse028_x264__0.npy"


@pytest.mark.parametrize(
    ("snippets", "found"),
    [({"stride": 8, "rate": None}, "a stride of 8"), ({"stride": 16, "rate": 5}, "at 5 resampled")],
)
def test_other_snippets_than_published_ones_are_refused(tmp_path, snippets, found):
    """16 times their number is not the length of anything."""
    features = tmp_path / "features"
    features.mkdir()
    np.save(features / "01_0014.npy", np.zeros((4, 1, 2), np.float16))
    info = {"format": "oddframe-features/1", "snippet_length": 16, "crops": 1, "channels": 2}
    (features / "features.json").write_text(json.dumps(info | snippets))
    manifest = Manifest("shanghaitech-weak", ())
    with pytest.raises(OddframeError, match=f"a snippet per 16 frames.*{found}"):
        write_legacy_lists(tmp_path / "lists", manifest, [], {}, features)
    assert not (tmp_path / "lists").exists()


def test_xd_violence(real_data, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OddframeWarning)
        prepare_xd_violence(
            real_data / "annotations" / "xd-violence", allow_partial=True, legacy_lists=tmp_path
        )
    train = lines(tmp_path / "xdviodet" / "train.list")
    assert [i for i, row in enumerate(train) if "label_A" in row] == list(range(9525, 19770))
    test = lines(tmp_path / "xdviodet" / "test.list")
    assert [i for i, row in enumerate(test) if "label_A" in row] == list(range(2500, 4000))
    assert len(lines(tmp_path / "thesis" / "val.list")) == 790
    assert lines(tmp_path / "thesis" / "test.list") == sorted(
        set(lines(tmp_path / "thesis" / "test.list"))
    )
    sums = {name: np.load(tmp_path / name / "gt.npy") for name in FORMS["xd-violence"]}
    assert {vector.size for vector in sums.values()} == {2_330_384}
    assert sums["xdviodet"].sum() == 537_805
    assert sums["thesis"].sum() == 538_955
    # Again, video by video in the order of each list.
    root = real_data / "annotations" / "xd-violence"
    counts = dict(row.rsplit(",", 1) for row in lines(root / "test_segment_counts.csv")[1:])
    text = {row.split()[0].removesuffix(".mp4"): row for row in lines(root / "annotations.txt")}
    for form, step, included in (("xdviodet", 5, 0), ("thesis", 1, 1)):
        parts = []
        for row in lines(tmp_path / form / "test.list")[::step]:
            name = row[: -len("__0.npy")] if step == 5 else row[: -len(".npy")]
            part = [0.0] * (16 * int(counts[name]))
            numbers = list(map(int, text[name].split()[1:])) if name in text else []
            for first, last in zip(numbers[::2], numbers[1::2], strict=True):
                for i in range(first, min(last + included, len(part))):
                    part[i] = 1.0
            parts += part
        np.testing.assert_array_equal(sums[form], parts)


def test_shanghaitech(real_data, tmp_path):
    """The published total needs the features: 48 of the 155 normal videos are a snippet shorter.

    As many normal videos have 1 to 3 frames more than whole snippets; without these frames the
    published total comes out.
    """
    root = real_data / "annotations" / "shanghaitech"
    features = tmp_path / "features"
    features.mkdir()
    for file in ("SH_Train_frame_counts.txt", "SH_Test_frame_counts.txt"):
        for row in lines(root / file):
            name, label, *count = row.split(",")
            frames = int(count[0]) - 3 if count else 160
            if label == "1":
                frames = len(np.load(root / "test_frame_mask" / f"{name}.npy"))
            np.save(features / f"{name}.npy", np.zeros((-(-frames // 16), 1, 1), np.float16))
    prepare_shanghaitech_weak(root, features=features, legacy_lists=tmp_path / "lists")
    vector = np.load(tmp_path / "lists" / "rtfm" / "gt.npy")
    assert (vector.size, vector.sum()) == (142_912, 8_028)
    train = lines(tmp_path / "lists" / "rtfm" / "train.list")
    test = lines(tmp_path / "lists" / "rtfm" / "test.list")
    # Masks first, each with its last value repeated to whole snippets; then normal videos.
    masks = [
        np.load(root / "test_frame_mask" / f"{r.rsplit('/', 1)[1][:7]}.npy") for r in test[:44]
    ]
    padded = [np.append(mask, [mask[-1]] * (-mask.size % 16)) for mask in masks]
    first = np.concatenate(padded)
    np.testing.assert_array_equal(vector[: first.size], first)
    assert not vector[first.size :].any()
    # The rows name the files that are there, whatever the form calls them.
    assert {Path(row) for row in train + test} == set(features.iterdir())
    digits = [len(Path(row).stem) for row in train + test]
    assert digits == [7] * 63 + [6] * 175 + [7] * 44 + [6] * 155
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OddframeWarning)
        prepare_shanghaitech_weak(root, allow_partial=True, legacy_lists=tmp_path / "counts")
    vector = np.load(tmp_path / "counts" / "rtfm" / "gt.npy")
    assert (vector.size, vector.sum()) == (143_680, 8_028)
