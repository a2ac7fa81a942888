"""Terms of a score on disk: several or none, whole or absent, checked when read."""

import numpy as np
import pytest

from oddframe.errors import OddframeError
from oddframe.scores.terms import read_terms, write_terms

ERROR = np.array([0.5, -1.25, 3.0])


def test_what_is_written_is_what_numpy_reads(tmp_path):
    # Names that numpy.savez could not take as keyword arguments are names like any other.
    terms = {"error": ERROR, "file": np.arange(3), "memory distance": np.float16([1, 2, 3])}
    write_terms(tmp_path / "a" / "b.npz", terms)
    with np.load(tmp_path / "a" / "b.npz", allow_pickle=False) as archive:
        assert archive.files == list(terms)
        for name, values in terms.items():
            assert archive[name].dtype == np.float32
            np.testing.assert_array_equal(archive[name], values)
    found = read_terms(tmp_path, ["missing", "a/b"])
    assert list(found) == ["a/b"]
    assert list(found["a/b"]) == list(terms)
    np.testing.assert_array_equal(found["a/b"]["error"], ERROR)


@pytest.mark.parametrize("terms", [{}, {"error": ERROR}])
def test_without_several_terms_nothing_is_combined_and_nothing_left(tmp_path, terms):
    path = tmp_path / "terms" / "a.npz"
    write_terms(path, terms)
    assert not path.exists()
    write_terms(path, {"error": ERROR, "classifier": ERROR})
    assert read_terms(path.parent, ["a"])
    write_terms(path, terms)  # another detector scored the video into the same folder
    assert not read_terms(path.parent, ["a"])
    assert list(path.parent.iterdir()) == []


BAD = [
    ({"a": np.zeros(3), "b": np.zeros(4)}, "expected terms of one length, found 'a' 3, 'b' 4"),
    ({"a": np.zeros(3), "b": np.array([0, np.nan, np.inf])}, r"'b'.*found 2 that are NaN.*frame 1"),
    ({"a": np.zeros(3), "b": np.full(3, 1e60)}, "'b'.*found 3 that are NaN or infinite"),
    ({"a": np.zeros(3), "b": np.zeros((3, 1))}, r"'b': expected one number per frame.*\(3, 1\)"),
    ({"a": np.zeros(3), "b": np.zeros(0)}, r"'b': expected one number per frame.*\(0,\)"),
    ({"a": np.zeros(3), "b": np.array(["x", "y", "z"])}, "'b': expected one number per frame"),
]


@pytest.mark.parametrize(("terms", "message"), BAD)
def test_bad_terms_are_neither_written_nor_read(tmp_path, terms, message):
    with pytest.raises(OddframeError, match=message):
        write_terms(tmp_path / "a.npz", terms)
    assert list(tmp_path.iterdir()) == []
    np.savez(tmp_path / "a.npz", **terms)
    with pytest.raises(OddframeError, match=message) as caught:
        read_terms(tmp_path, ["a"])["a"]
    assert str(tmp_path / "a.npz") in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"this is text", b"PK\x03\x04 and no more"])
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(OddframeError, match=r"a\.npz: expected an \.npz of one numeric array per"):
        read_terms(tmp_path, ["a"])["a"]


def test_pickled_objects_are_refused_not_run(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    np.savez(tmp_path / "a.npz", a=np.array([Bomb()], dtype=object))
    with pytest.raises(OddframeError, match=r"a\.npz: expected"):
        read_terms(tmp_path, ["a"])["a"]
    assert not (tmp_path / "ran").exists()


def test_a_truncated_file_is_refused(tmp_path):
    write_terms(tmp_path / "a.npz", {"error": np.arange(1000.0), "classifier": np.ones(1000)})
    content = (tmp_path / "a.npz").read_bytes()
    (tmp_path / "a.npz").write_bytes(content[:-100])
    with pytest.raises(OddframeError, match=r"a\.npz: expected"):
        read_terms(tmp_path, ["a"])["a"]
