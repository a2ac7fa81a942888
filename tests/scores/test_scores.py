"""Scores: what is written comes back, what does not fit is refused with its name."""

import contextlib
import json
import warnings
import zipfile
from dataclasses import replace
from pathlib import Path
from unicodedata import normalize

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oddframe.errors import OddframeError, OddframeWarning
from oddframe.scores.frame_scores import Scores
from oddframe.videos.video import Video

quick = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
plain = st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Zl", "Zp"))
names = st.text(plain, min_size=1, max_size=8)
ids = names.filter(
    lambda s: (
        s == s.strip()
        and s == normalize("NFC", s)
        and s[0] != "_"
        and "\\" not in s
        and all(part and part[0] != "." for part in s.split("/"))
        and not s.endswith(".npy")
    )
)
numbers = st.floats(width=32, allow_nan=False, allow_infinity=False)
metas = st.dictionaries(names, st.none() | st.booleans() | st.integers() | names, max_size=3)


def video(video_id, frames):
    return Video(video_id, "x.mp4", "test", None, frames, 25.0, 8, 6)


@quick
@given(
    values=st.dictionaries(ids, st.lists(numbers, min_size=1, max_size=5), min_size=1, max_size=4),
    meta=metas,
)
def test_scores_come_back_as_they_were_written(tmp_path, values, meta):
    written = Scores({key: np.array(row, np.float32) for key, row in values.items()}, meta)
    read = Scores.read(written.write(tmp_path / "scores.npz"))
    assert list(read) == list(written)
    assert read.meta == meta
    for key in values:
        assert read[key].dtype == np.float32
        np.testing.assert_array_equal(read[key], written[key])


@pytest.mark.parametrize("name", ["file", "allow_pickle", "a/b", "a.b", "01", "é", "arr_0"])
def test_awkward_ids_are_ids_like_others(tmp_path, name):
    read = Scores.read(Scores({name: np.ones(3)}).write(tmp_path / "scores.npz"))
    assert list(read) == [name]
    with np.load(tmp_path / "scores.npz") as archive:  # and for anybody with NumPy
        np.testing.assert_array_equal(archive[name], [1, 1, 1])


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_foreign_npz_is_read(tmp_path, save):
    save(tmp_path / "foreign.npz", a=np.arange(3), b=np.array([True, False]), c=np.ones(2, "f2"))
    read = Scores.read(tmp_path / "foreign.npz")
    assert {key: read[key].tolist() for key in read} == {"a": [0, 1, 2], "b": [1, 0], "c": [1, 1]}
    assert read.meta == {}


def test_a_folder_of_npy_is_read(tmp_path):
    (tmp_path / "test").mkdir()
    np.save(tmp_path / "test" / "01.npy", np.arange(3.0))
    np.save(tmp_path / "clip.v2.npy", np.arange(2.0))
    (tmp_path / "._clip.npy").write_bytes(b"litter of another system")
    (tmp_path / "notes.txt").write_text("x")
    assert {key: len(Scores.read(tmp_path)[key]) for key in Scores.read(tmp_path)} == {
        "test/01": 3,
        "clip.v2": 2,
    }


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array([0.1, np.nan, 0.3, np.nan]), "2 of 4 values are NaN, infinite or.*frame 1"),
        (np.array([0.1, 0.2, -np.inf]), "1 of 3 values are .*frame 2"),
        (np.array([-1e300, 1e300, -1.7e308]), "1 of 3 values are .* beyond 1e.300, .*frame 2"),
        (np.ones((1, 4)), r"one number per frame.*shape \(1, 4\)"),
        (np.ones(0), r"shape \(0,\)"),
        (np.float32(1), r"shape \(\)"),
        (np.array(["a"]), "type <U1"),
        (np.array([1 + 2j]), "complex"),
    ],
)
def test_values_that_are_no_scores_are_refused(tmp_path, array, message):
    with pytest.raises(OddframeError, match=f"scores of 'cam 1': .*{message}"):
        Scores({"cam 1": array})
    np.savez(tmp_path / "foreign.npz", **{"cam 1": array})
    with pytest.raises(OddframeError, match=r"foreign\.npz: scores of 'cam 1'"):
        Scores.read(tmp_path / "foreign.npz")


@pytest.mark.parametrize(
    ("kind", "kept"),
    [
        *((kind, np.float32) for kind in ("?", "i1", "u1", "<i2", ">u2", "<f2", ">f4", "f4")),
        *((kind, np.float64) for kind in ("i4", "u4", "<i8", ">u8", "f8", ">f8", "g")),
    ],
)
def test_every_kind_of_number_is_kept_as_it_is(kind, kept):
    given = np.array([0, 1, 1, 0, 1]).astype(kind)
    assert Scores({"a": given})["a"].dtype == kept
    extremes = np.array([0, 1]).astype(kind)
    if extremes.dtype.kind in "iu" and extremes.itemsize < 8:
        extremes = np.array([np.iinfo(kind).min, np.iinfo(kind).max], kind)
    elif extremes.dtype.kind == "f" and extremes.itemsize <= 8:
        one = extremes.dtype.type(1)
        largest = min(float(np.finfo(kind).max), 1e300)
        extremes = np.array([-largest, one, np.nextafter(one, 2 * one)], kind)
    assert (Scores({"a": extremes})["a"] == extremes).all()


@pytest.mark.parametrize(
    "array", [2**60 + np.arange(200), 1 + np.arange(200) * np.finfo(np.longdouble).eps]
)
def test_ties_made_by_a_cast_are_said(array):
    with pytest.warns(OddframeWarning, match=r"'a': 1\d\d values of type .* are ties as 64-bit"):
        Scores({"a": array}).align([video("a", 200)])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Scores({"a": np.arange(200), "b": array[:1]}).align([video("a", 200), video("b", 1)])
        Scores({"a": array, "b": array[:1]}).align([video("b", 1)], ["a"])  # ranks nothing of "a"


def test_one_rule_for_ids_holds_for_scores_too():
    read = Scores({normalize("NFD", "gäste"): np.ones(2)})
    assert read.align([video("gäste", 2)])["gäste"].size == 2
    with pytest.raises(OddframeError, match="'gäste': given twice"):
        Scores({normalize(form, "gäste"): np.ones(2) for form in ("NFC", "NFD")})
    for name in ("a//b", "a/./b", "a\x1b[2Jb", "a\ud800", "../a", "_a"):
        with pytest.raises(OddframeError, match=r"an id|a name must not"):
            Scores({name: np.ones(2)})


def test_alignment_keeps_the_manifests_order():
    scores = Scores({"b": np.ones(2), "a": np.zeros(3)}, {"detector": "d"})
    aligned = scores.align([video("a", 3), video("b", 2)])
    assert list(aligned) == ["a", "b"]
    assert aligned.meta == {"detector": "d"}


@pytest.mark.parametrize(
    ("videos", "message"),
    [
        ([("a", 3)], "manifest's 1 video: scores for unknown videos 'b'"),
        ([("a", 3), ("b", 2), ("c", 1)], "no scores for 'c'"),
        ([("x", 3), ("y", 2)], "no scores for 'x', 'y'; scores for unknown videos 'b', 'a'"),
        ([("a", 3), ("b", 3)], "scores of 'b': expected 3 values, one per frame, found 2"),
        ([("a", 2), ("b", 2)], "scores of 'a': expected 2 values, one per frame, found 3"),
    ],
)
def test_scores_that_do_not_fit_the_manifest_are_refused(videos, message):
    scores = Scores({"b": np.ones(2), "a": np.zeros(3)})
    with pytest.raises(OddframeError, match=message):
        scores.align([video(*row) for row in videos])
    with pytest.raises(OddframeError, match=rf"own\.npz: .*{message}"):
        replace(scores, file=Path("own.npz")).align([video(*row) for row in videos])


def test_many_missing_videos_are_shortened():
    with pytest.raises(OddframeError, match="'3' and 16 more; "):
        Scores({"0": np.ones(2)}).align([video(str(i), 2) for i in range(20)])


def test_pickled_objects_are_refused_not_run(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    bomb = np.array([Bomb()], dtype=object)
    np.savez(tmp_path / "bomb.npz", a=bomb)
    np.save(tmp_path / "bomb.npy", bomb)
    (tmp_path / "folder").mkdir()
    np.save(tmp_path / "folder" / "a.npy", bomb)
    for name in ("bomb.npz", "bomb.npy", "folder"):
        with pytest.raises(OddframeError, match=name):
            Scores.read(tmp_path / name)
    assert not (tmp_path / "ran").exists()


@quick
@given(cut=st.floats(0, 0.999))
def test_a_truncated_file_is_refused(tmp_path, cut):
    path = Scores({"a": np.arange(100), "b": np.ones(50)}).write(tmp_path / "scores.npz")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(cut * len(whole))])
    with pytest.raises(OddframeError, match=r"scores\.npz"):
        Scores.read(path)


@quick
@given(place=st.floats(0, 0.999), value=st.integers(0, 255))
@pytest.mark.parametrize("compressed", [False, True])
def test_a_file_with_one_wrong_byte_is_refused_or_unchanged(tmp_path, compressed, place, value):
    values = {"a": np.arange(100.0, dtype=np.float32), "b": np.ones(50, np.float32)}
    path = tmp_path / "scores.npz"
    (np.savez_compressed if compressed else np.savez)(path, **values)
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] = value
    path.write_bytes(content)
    with contextlib.suppress(OddframeError):
        read = Scores.read(path)
        for key in read:  # a byte of a name or a date may be wrong; a score never is
            assert any(np.array_equal(read[key], array) for array in values.values())


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.npz", b"", "expected an .npz"),
        ("a.npz", b"some text", "expected an .npz"),
    ],
)
def test_another_kind_of_file_is_refused(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(OddframeError, match=message):
        Scores.read(tmp_path / name)


def test_missing_and_empty_places_are_refused(tmp_path):
    with pytest.raises(OddframeError, match="expected scores, found no such file"):
        Scores.read(tmp_path / "scores.npz")
    with pytest.raises(OddframeError, match=r"one file of scores per video, <id>.*found none"):
        Scores.read(tmp_path)
    np.savez(tmp_path / "empty.npz")
    with pytest.raises(OddframeError, match="holds no scores"):
        Scores.read(tmp_path / "empty.npz")
    np.save(tmp_path / "one.npy", np.ones(3))
    with pytest.raises(OddframeError, match="give the folder"):
        Scores.read(tmp_path / "one.npy")


@pytest.mark.parametrize("meta", ["{", "[1]", "3"])
def test_meta_of_another_kind_is_refused(tmp_path, meta):
    np.savez(tmp_path / "scores.npz", a=np.ones(3), _meta=np.array(meta))
    with pytest.raises(OddframeError, match=r"scores\.npz: expected"):
        Scores.read(tmp_path / "scores.npz")


def test_only_npz_is_written(tmp_path):
    with pytest.raises(OddframeError, match=r"written as \.npz"):
        Scores({"a": np.ones(3)}).write(tmp_path / "scores.csv")
    assert list(tmp_path.iterdir()) == []


def test_meta_is_plain_json(tmp_path):
    path = Scores({"a": np.ones(3)}, {"threshold": 0.5}).write(tmp_path / "scores.npz")
    with zipfile.ZipFile(path) as archive, np.load(path) as arrays:
        assert archive.testzip() is None
        assert json.loads(str(arrays["_meta"])) == {"threshold": 0.5}


def test_a_folder_that_score_wrote_is_read_by_its_scores_file(tmp_path):
    Scores({"a": np.ones(3, np.float32)}, {"detector": "x"}).write(tmp_path / "scores.npz")
    (tmp_path / "maps").mkdir()
    np.save(tmp_path / "maps" / "a.npy", np.zeros((3, 2, 2), np.float16))
    found = Scores.read(tmp_path)
    assert list(found) == ["a"]
    assert found.meta == {"detector": "x"}
