"""Pooling into segments, against loops written out and against OpenCV's resize."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oddframe.bags import segments as module
from oddframe.bags.segments import average_segments, interpolate_segments, pool_segments
from oddframe.errors import OddframeError
from oddframe.features.feature_folder import FeatureFolder


@given(st.integers(1, 90), st.integers(1, 40), st.integers(0, 5))
def test_average_follows_the_published_bounds(snippets: int, segments: int, seed: int) -> None:
    features = np.random.default_rng(seed).normal(size=(snippets, 2, 3)).astype(np.float32)
    pooled = average_segments(features, segments)
    assert pooled.shape == (2, segments, 3)
    for i in range(segments):
        start, end = i * snippets // segments, (i + 1) * snippets // segments
        rows = [features[t] for t in range(start, end)] or [features[start]]
        np.testing.assert_allclose(pooled[:, i], sum(rows) / len(rows), atol=1e-5)


@pytest.mark.parametrize("snippets", [1, 7, 32, 33, 200])
def test_interpolation_is_what_opencv_does_along_time(snippets: int) -> None:
    features = np.random.default_rng(snippets).normal(size=(snippets, 3, 5)).astype(np.float32)
    ours = interpolate_segments(features, 32)
    theirs = np.stack(
        [
            cv2.resize(np.ascontiguousarray(features[:, crop].T), (32, 5)).T  # linear by default
            for crop in range(3)
        ]
    )
    np.testing.assert_allclose(ours, theirs, atol=2e-4)


def write(folder: Path, name: str, snippets: int, seed: int, channels: int = 4) -> None:
    random = np.random.default_rng(seed)
    np.save(folder / f"{name}.npy", random.normal(size=(snippets, 2, channels)).astype("f4"))


def test_pooled_once_and_again_when_a_file_changes(tmp_path, monkeypatch) -> None:
    for i in range(3):
        write(tmp_path, f"v{i}", 5 + i, i)
    ids = ["v2", "v0", "v1"]

    def pool():
        return pool_segments(FeatureFolder.open(tmp_path), ids, 8, "average", tmp_path)

    first = pool()
    assert first.values.shape == (3, 2, 8, 4)
    assert isinstance(first.values, np.memmap)
    assert first.rows(["v1", "v2"]).tolist() == [2, 0]
    expected = average_segments(np.load(tmp_path / "v0.npy"), 8)
    np.testing.assert_array_equal(first.values[1], expected)

    def refuse(*_):
        raise AssertionError("pooled again")

    with monkeypatch.context() as patch:
        patch.setitem(module.RESAMPLINGS, "average", refuse)
        np.testing.assert_array_equal(pool().values, first.values)
    write(tmp_path, "v0", 11, 99)
    expected = average_segments(np.load(tmp_path / "v0.npy"), 8)
    np.testing.assert_array_equal(pool().values[1], expected)


@pytest.mark.parametrize(
    "damage", ["cut", "empty", "text", "shape", "type", "nan", "claims", "bit", "pipe"]
)
def test_damaged_segments_are_pooled_again(tmp_path, damage) -> None:
    for i in range(3):
        write(tmp_path, f"v{i}", 5 + i, i)

    def pool():
        folder = FeatureFolder.open(tmp_path)
        return np.array(pool_segments(folder, folder.ids, 8, "average", tmp_path).values)

    first = pool()
    (file,) = (tmp_path / module.SEGMENT_CACHE).iterdir()
    content = file.read_bytes()
    broken = first.copy()
    broken[1, 0, 2, 1] = np.nan
    arrays = {"shape": first[:2], "type": first.astype(int), "nan": broken}
    file.unlink()
    if damage in arrays:
        np.save(file, arrays[damage])
    elif damage == "pipe":
        os.mkfifo(file)
    else:
        claims = content.replace(b"(3, 2, 8, 4)", b"(9999999999,")
        bit = content[:-9] + bytes([content[-9] ^ 1]) + content[-8:]
        kept = {"cut": content[:-1], "empty": b"", "text": b"x" * 99, "claims": claims, "bit": bit}
        file.write_bytes(kept[damage])
    np.testing.assert_array_equal(pool(), first)


def test_a_broken_file_leaves_no_half_written_segments(tmp_path) -> None:
    write(tmp_path, "a", 5, 0)
    write(tmp_path, "b", 5, 1, channels=6)
    with pytest.raises(OddframeError, match=r"b\.npy"):
        pool_segments(FeatureFolder.open(tmp_path), ["a", "b"], 8, "average", tmp_path)
    assert not list((tmp_path / module.SEGMENT_CACHE).glob("*"))


def test_half_and_single_precision_in_one_folder_are_not_mixed_up(tmp_path) -> None:
    write(tmp_path, "a", 9, 0)
    write(tmp_path, "b", 9, 1)
    half = np.load(tmp_path / "b.npy").astype(np.float16)
    np.save(tmp_path / "b.npy", half)
    found = pool_segments(FeatureFolder.open(tmp_path), ["a", "b"], 4, "average", tmp_path)
    assert found.values.dtype == np.float32
    np.testing.assert_array_equal(found.values[1], average_segments(half, 4))


def test_two_videos_never_share_a_file(tmp_path) -> None:
    write(tmp_path, "a", 5, 0)
    with pytest.raises(OddframeError, match=r"'train/a' and 'test/a' both find .*'a'"):
        pool_segments(FeatureFolder.open(tmp_path), ["train/a", "test/a"], 8, "average", tmp_path)
