"""The feature folder: every published layout, names that resist splitting, and bad files."""

import json
import pickle
import string
from fractions import Fraction
from pathlib import Path
from unicodedata import normalize

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from oddframe.errors import OddframeError, OddframeWarning
from oddframe.features.feature_folder import FeatureFolder
from oddframe.features.feature_info import read_info
from oddframe.features.feature_writing import begin_folder, finished_videos, write_features
from oddframe.features.snippets import check_snippets, expected_snippets, shown_frames
from oddframe.media.clock import Clock

RANDOM = np.random.default_rng(0)
INFO = {"snippet_length": 16, "stride": 16, "crops": 2, "channels": 3}
XD_NAMES = (
    "A.Beautiful.Mind.2001__#00-01-45_00-02-50_label_A",
    "v=38GQ9L2meyE__#1_label_B6-0-0",
    "Bad.Boys.1995__#01-33-51_01-34-37_label_B2-0-0",
)


def save(path: Path, *shape: int, kind: type = np.float32) -> np.ndarray:
    array = RANDOM.standard_normal(shape).astype(kind)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, array)
    return array


def fails(*words: str):
    return pytest.raises(OddframeError, match=".*".join(words))


def test_ucf_ten_crop_files_are_found_by_the_manifests_name(tmp_path):
    wanted = save(tmp_path / "train" / "Abuse001_x264_i3d.npy", 7, 10, 8)
    save(tmp_path / "test" / "Arson011_x264_i3d.npy", 3, 10, 8)
    folder = FeatureFolder.open(tmp_path)
    assert folder.ids == ("Abuse001_x264", "Arson011_x264")
    assert (folder.crops, folder.channels, folder.stride) == (10, 8, 16)
    for name in ("Abuse001_x264", "Abuse001_x264_i3d", "train/Abuse/Abuse001_x264"):
        np.testing.assert_array_equal(folder.read(name), wanted)
    assert folder.snippets("Arson011_x264") == 3
    assert folder.resolve("Arson011") is None


@pytest.mark.parametrize("crops", [5, 10])
def test_files_per_crop_are_stacked_in_the_order_of_their_numbers(tmp_path, crops):
    for name in XD_NAMES:
        for crop in reversed(range(crops)):
            np.save(tmp_path / f"{name}__{crop}.npy", np.full((4, 6), crop, np.float32))
    folder = FeatureFolder.open(tmp_path)
    assert set(folder.ids) == set(XD_NAMES)
    features = folder.read(XD_NAMES[0])
    assert features.shape == (4, crops, 6)
    np.testing.assert_array_equal(features[0, :, 0], np.arange(crops))


def test_single_crop_arrays_get_an_axis_of_one(tmp_path):
    wanted = save(tmp_path / "a.npy", 4, 6, kind=np.float16)
    save(tmp_path / "b__3.npy", 5, 6, kind=np.float16)
    folder = FeatureFolder.open(tmp_path)
    assert folder.ids == ("a", "b__3")
    np.testing.assert_array_equal(folder.read("a"), wanted[:, None])
    assert folder.read("a").dtype == np.float16


NAMES = st.text(string.ascii_letters + "#_.- 0=", min_size=1, max_size=12).filter(
    lambda name: name == name.strip() and name[0] not in "._" and not name.endswith("_i3d")
)


@settings(max_examples=20, deadline=None)
@given(st.sets(NAMES, min_size=1, max_size=4), st.sampled_from([2, 5]))
def test_any_name_survives_both_layouts(tmp_path_factory, names, crops):
    whole, split = tmp_path_factory.mktemp("whole"), tmp_path_factory.mktemp("split")
    for name in names:
        features = save(whole / f"{name}.npy", 2, crops, 3)
        for crop in range(crops):
            np.save(split / f"{name}__{crop}.npy", features[:, crop])
    one, many = FeatureFolder.open(whole), FeatureFolder.open(split)
    assert set(one.ids) == set(many.ids) == names
    for name in names:
        np.testing.assert_array_equal(one.read(name), many.read(name))


def test_own_folder_keeps_folders_in_ids_and_never_swaps_splits(tmp_path):
    begin_folder(tmp_path, INFO)
    wanted = RANDOM.standard_normal((4, 2, 3)).astype(np.float16)
    write_features(tmp_path, "train/a__0", wanted)
    write_features(tmp_path, "test/b", wanted)
    write_features(tmp_path, "val/b", wanted)
    folder = FeatureFolder.open(tmp_path)
    assert folder.ids == ("test/b", "train/a__0", "val/b")
    assert folder.resolve("a__0") == "train/a__0"
    assert folder.resolve("b") is None
    assert folder.resolve("test/a__0") is None
    np.testing.assert_array_equal(folder.read("train/a__0"), wanted)


def test_unfinished_files_are_invisible(tmp_path):
    begin_folder(tmp_path, INFO)
    save(tmp_path / "a.npy", 4, 2, 3)
    (tmp_path / ".b.x.partial.npy").write_bytes((tmp_path / "a.npy").read_bytes()[:90])
    assert FeatureFolder.open(tmp_path).ids == ("a",)
    (tmp_path / "b.npy").write_bytes((tmp_path / "a.npy").read_bytes()[:-4])
    assert finished_videos(tmp_path, {"a": 4, "b": 4, "c": 1}) == {"a"}
    assert finished_videos(tmp_path, {"a": 5}) == set()


def test_bad_arrays_are_named_in_one_line(tmp_path):
    good = tmp_path / "a.npy"
    np.save(good, np.zeros((4, 2, 3), np.float32))
    bad = tmp_path / "b.npy"
    contents = {
        "float64": np.zeros((4, 2, 3)),
        "int32": np.zeros((4, 2, 3), np.int32),
        "NaN or infinity in snippet 3": np.array([0, 0, 0, np.nan], np.float32)[:, None, None]
        * np.ones((1, 2, 3), np.float32),
        "expected 2 crops of 3 channels": np.zeros((4, 2, 5), np.float32),
        "2 crops.*shape": np.zeros((4, 5, 3), np.float32),
        "found shape": np.zeros((0, 2, 3), np.float32),
        "snippets, channels": np.zeros(4, np.float32),
    }
    for message, array in contents.items():
        np.save(bad, array)
        folder = FeatureFolder.open(tmp_path)
        with fails(r"b\.npy", message):
            folder.read("b")
        assert len(folder.read("a")) == 4


def test_an_old_features_json_is_named_as_what_disagrees(tmp_path):
    begin_folder(tmp_path, INFO | {"crops": 1, "channels": 16})
    for name in ("a", "b"):
        save(tmp_path / f"{name}.npy", 4, 1, 8)
    with pytest.raises(OddframeError) as caught:
        FeatureFolder.open(tmp_path).read("a")
    message = str(caught.value)
    assert f"a.npy: expected 1 crop of 16 channels as {tmp_path / 'features.json'} says" in message
    assert "found shape (4, 1, 8)" in message
    assert "rest of the folder" not in message
    (tmp_path / "features.json").unlink()
    assert FeatureFolder.open(tmp_path).read("a").shape == (4, 1, 8)
    save(tmp_path / "b.npy", 4, 1, 6)
    with fails(r"b\.npy: expected 1 crop of 8 channels like the rest of the folder"):
        FeatureFolder.open(tmp_path).read("b")


class _Bomb:
    def __reduce__(self):
        return (exec, ("import pathlib; pathlib.Path('exploded').touch()",))


def test_objects_are_never_unpickled(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "features"
    folder.mkdir()
    np.save(folder / "a.npy", np.array([_Bomb()], dtype=object), allow_pickle=True)
    with fails(r"a\.npy", "Python objects .* never loaded"):
        FeatureFolder.open(folder)
    (folder / "a.npy").write_bytes(pickle.dumps(_Bomb()))
    with fails(r"a\.npy", "expected features as a NumPy array"):
        FeatureFolder.open(folder)
    assert not (tmp_path / "exploded").exists()


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=120), st.integers(0, 127))
def test_a_damaged_file_gives_one_clear_error(tmp_path_factory, noise, place):
    folder = tmp_path_factory.mktemp("noise")
    save(folder / "a.npy", 4, 2, 3)
    content = bytearray((folder / "a.npy").read_bytes())
    content[place : place + len(noise)] = noise
    (folder / "a.npy").write_bytes(content)
    message = "a.npy: read"
    try:
        FeatureFolder.open(folder).read("a")
    except OddframeError as error:
        message = str(error)
    assert "a.npy" in message
    assert "\n" not in message


def test_missing_crops_and_mixtures_are_named(tmp_path):
    for name in ("a", "b"):
        for crop in range(5):
            save(tmp_path / f"{name}__{crop}.npy", 4, 6)
    (tmp_path / "b__3.npy").unlink()
    with fails("video 'b' has no crop file 'b__3.npy'"):
        FeatureFolder.open(tmp_path)
    save(tmp_path / "b__3.npy", 5, 6)
    folder = FeatureFolder.open(tmp_path)
    with fails(r"b__3\.npy: expected 4 snippets like b__0\.npy, found 5"):
        folder.read("b")
    save(tmp_path / "c.npy", 4, 6)
    with fails("one file per crop", r"'c\.npy' has not"):
        FeatureFolder.open(tmp_path)


def test_other_unusable_folders(tmp_path):
    with fails("no folder"):
        FeatureFolder.open(tmp_path / "nowhere")
    with fails(r"no \.npy files"):
        FeatureFolder.open(tmp_path)
    save(tmp_path / "train" / "a.npy", 4, 10, 6)
    save(tmp_path / "test" / "a_i3d.npy", 4, 10, 6)
    with fails("video 'a' was already found"):
        FeatureFolder.open(tmp_path)
    save(tmp_path / "mgfn" / "x.npy", 10, 32, 2049)
    with fails("at most 10 crops", r"\(10, 32, 2049\)"):
        FeatureFolder.open(tmp_path / "mgfn")
    folder = FeatureFolder.open(tmp_path / "train")
    with fails("no features of video 'z'", "'a'"):
        folder.read("z")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "description in JSON, found text that is not JSON"),
        ("[]", "expected the format"),
        (json.dumps({"format": "oddframe-features/1", "stride": 0}), "positive integer"),
        (
            json.dumps({"format": "oddframe-features/1", **INFO, "rate": -1}),
            "'rate' to be null or positive",
        ),
        (
            json.dumps({"format": "oddframe-features/1", **INFO, "backbone": "i3d"}),
            "'backbone' to be an object",
        ),
    ],
)
def test_bad_descriptions(tmp_path, content, message):
    (tmp_path / "features.json").write_text(content)
    with fails(r"features\.json", message):
        read_info(tmp_path)


def test_snippets_must_agree_with_frames():
    assert expected_snippets(160) == (10, 10)
    assert expected_snippets(161) == (10, 11)
    assert expected_snippets(5) == (1, 1)
    check_snippets("v", 10, 161)
    check_snippets("v", 11, 161)
    check_snippets("v", 9, 160, drops_a_frame=True)
    for snippets, frames in ((9, 160), (11, 160), (12, 161), (9, 161)):
        with fails(f"'v': its features have {snippets} snippets but its {frames} frames"):
            check_snippets("v", snippets, frames)


def test_every_frame_gets_its_snippet(tmp_path):
    save(tmp_path / "a_i3d.npy", 3, 10, 4)
    folder = FeatureFolder.open(tmp_path)
    for frames in (48, 50, 33):
        index = folder.frame_snippets("a", Clock(frames, 25.0))
        np.testing.assert_array_equal(index, [min(f // 16, 2) for f in range(frames)])
    with fails("'a'", "3 snippets but its 80 frames"):
        folder.frame_snippets("a", Clock(80, 25.0))


@given(st.integers(1, 50), st.sampled_from([25.0, 29.97, 30.0, 10.0]), st.integers(1, 40))
@settings(max_examples=25, deadline=None)
def test_resampled_features_map_back_to_native_frames(tmp_path_factory, frames, fps, rate):
    path = tmp_path_factory.mktemp("resampled")
    # Independent: walk over the resampled frames by their times.
    times = [j / Fraction(rate) for j in range(4 * frames + 1)]
    own = Fraction(fps).limit_denominator(1001)
    shown = [time for time in times if time < frames / own]
    begin_folder(path, {**INFO, "rate": float(rate)})
    write_features(path, "a", np.zeros((-(-len(shown) // 16), 2, 3), np.float16))
    index = FeatureFolder.open(path).frame_snippets("a", Clock(frames, fps))
    for frame in range(0, frames, 9):
        current = max(j for j, time in enumerate(shown) if time <= frame / own)
        assert index[frame] == current // 16


@given(
    st.lists(st.sampled_from([0.02, 0.04, 0.1, 0.5, 600.0]), min_size=1, max_size=60),
    st.sampled_from([5.0, 10.0, 40.0]),
)
@settings(max_examples=25, deadline=None)
def test_resampling_follows_the_times_of_the_film(steps, rate):
    clock = Clock.of_times(np.cumsum([0.0, *steps]), 25.0)
    assume(not clock.is_regular)
    # Independent: walk over the film in seconds.
    ends = np.cumsum(clock.lasting)
    expected = []
    while len(expected) / rate < ends[-1] - 1e-6:
        expected.append(next(i for i, end in enumerate(ends) if len(expected) / rate < end - 1e-6))
    assert shown_frames(clock, rate).tolist() == expected


def test_one_rule_for_ids_holds_for_names_of_feature_files(tmp_path):
    np.save(tmp_path / (normalize("NFD", "gäste") + ".npy"), np.ones((2, 4), np.float32))
    assert FeatureFolder.open(tmp_path).snippets("gäste") == 2
    np.save(tmp_path / "gäste.npy", np.ones((2, 4), np.float32))
    with pytest.raises(OddframeError, match="'gäste' was already found as"):
        FeatureFolder.open(tmp_path)
    (tmp_path / "gäste.npy").unlink()
    np.save(tmp_path / "a\x1b[2Jb.npy", np.ones((2, 4), np.float32))
    with pytest.warns(OddframeWarning) as caught:
        assert FeatureFolder.open(tmp_path).ids == ("gäste",)
    assert r"a\x1b[2Jb.npy: left out" in str(caught[0].message)


def test_a_header_of_another_length_shifts_no_number(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.ones((4, 2, 8), np.float32))
    content = bytearray((tmp_path / "a.npy").read_bytes())
    content[8] ^= 16  # 118 bytes become 102, all of them still a header
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(OddframeError, match=r"a\.npy: .*a header that does not end as one"):
        FeatureFolder.open(tmp_path).read("a")


def test_a_crop_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        save(tmp_path / folder / "a__0.npy", 4, 8)
    with fails(r"a__0\.npy: video 'a' was already found as", r"one.a__0\.npy"):
        FeatureFolder.open(tmp_path)


def test_a_folder_without_a_name_of_a_video_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "a\x1b.npy", 4, 8)
    with pytest.warns(OddframeWarning, match="left out"), fails("not a name of a video"):
        FeatureFolder.open(tmp_path)
