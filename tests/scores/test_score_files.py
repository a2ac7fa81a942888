"""Anybody's scores: every layout gives the same scores, and nothing is unpickled or allocated."""

from __future__ import annotations

import csv
import io
import json
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from oddframe.errors import OddframeError
from oddframe.scores.frame_scores import Scores

VALUES = {
    "test/a": [0.1, -1e-9, 1 - 1e-12, 3.0],
    "01": [1e9 + 1 / 64, 5.0],
    "b c": [0.0, 1.0, 2.0, 3.0, 4.0],
}


def table(*rows: object, separator: str = ",") -> str:
    stream = io.StringIO()
    csv.writer(stream, delimiter=separator, lineterminator="\n").writerows(rows)  # ty: ignore
    return stream.getvalue()


def long(path: Path) -> Path:
    rows = [(name, value) for name, part in VALUES.items() for value in part]
    path.write_text(table(("video", "score"), *rows))
    return path


def of_pandas(path: Path) -> Path:
    rows = [(k, i, v) for k, part in VALUES.items() for i, v in enumerate(part)]
    rows = [(at, *row[::-1]) for at, row in enumerate(rows)]
    path.write_text(table(("", "Score", "frame", "ID"), *rows))
    return path


def german(path: Path) -> Path:
    rows = [(k, repr(v).replace(".", ",")) for k, part in VALUES.items() for v in part]
    path.write_text(table(("video", "score"), *rows, separator=";"), encoding="utf-8-sig")
    return path


def wide(path: Path) -> Path:
    longest = max(map(len, VALUES.values()))
    rows = [[part[i] if i < len(part) else "" for part in VALUES.values()] for i in range(longest)]
    path.write_text(table(list(VALUES), *rows))
    return path


def as_json(path: Path) -> Path:
    path = path.with_suffix(".json")
    path.write_text(json.dumps(VALUES))
    return path


def folder(write: Callable[[Path, list[float]], None]) -> Callable[[Path], Path]:
    def make(path: Path) -> Path:
        path = path.with_suffix("")
        for name, part in VALUES.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            write(path / name, part)
        (path / "notes.md").write_text("litter")
        (path / ".DS_Store").write_text("litter")
        return path

    return make


def write(path: Path, text: str) -> None:
    Path(f"{path}.csv").write_text(text)


@pytest.mark.parametrize(
    "make",
    [
        long,
        of_pandas,
        german,
        wide,
        as_json,
        folder(lambda path, part: np.savetxt(f"{path}.csv", part, fmt="%.17g")),
        folder(
            lambda path, part: np.savetxt(
                f"{path}.txt", part, fmt="%.17g", header="score", comments=""
            )
        ),
        folder(
            lambda path, part: Path(f"{path}.csv").write_text(
                table(("frame", "value"), *enumerate(part))
            )
        ),
        folder(lambda path, part: Path(f"{path}.json").write_text(json.dumps(part))),
        folder(lambda path, part: np.save(f"{path}.npy", part)),
    ],
)
def test_every_layout_gives_the_same_scores(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    read = Scores.read(make(tmp_path / "scores.csv"))
    assert {name: read[name].tolist() for name in read} == VALUES


@pytest.mark.parametrize("text", ["0.1\n0.25\n", "score\n0.1\n0.25\n", "frame,score\n0,.1\n1,.25"])
def test_a_file_of_one_column_is_the_video_that_it_is_named_after(
    tmp_path: Path, text: str
) -> None:
    (tmp_path / "gate.csv").write_text(text)
    assert Scores.read(tmp_path / "gate.csv")["gate"].tolist() == [0.1, 0.25]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.csv", "video,score\na,0.1\na,\n", "line 3: expected a score, found ''"),
        ("a.csv", "video,score\na,0.1\n,0.2\n", "line 3: the video is not named"),
        ("a.csv", "video,score\na,nan\n", "line 2: expected a score, found 'nan'"),
        ("a.csv", "video,value\na,0.1\n", "expected a column 'score' beside the videos"),
        ("a.csv", "video,frame,score\na,0,1\na,2,1\n", "line 3: expected frame 1"),
        (
            "a.csv",
            "frame,a,b\n1,0.1,0.2\n",
            "line 2: expected frame 0.*found '1'; count from 0, or",
        ),
        ("a.csv", "a,b\n0.1,0.2\n,0.3\n0.4,0.5\n", "line 4: a score of 'a' below an empty cell"),
        ("a.csv", "a,a\n1,2\n", "two columns are called 'a'"),
        ("a.csv", "video,score\n", "expected scores below the header, found none"),
        ("a.csv", "", "expected scores, found nothing in it"),
        ("a.csv", "video,score\na\x1bb,1\n", r"'a\\x1bb'.*control characters"),
        ("a.json", "[1, 2]", r'expected scores as {"video": .*found \[1, 2\]'),
        ("a.json", '{"a": [1, NaN]}', "NaN, which JSON does not have"),
        ("a.json", '{"a": [1, null]}', r"video 'a': expected a list of numbers.*\[1, None\]"),
        ("a.json", '{"a": [1, true]}', "expected a list of numbers"),
        ("a.json", '{"a": [[1]]}', "expected a list of numbers"),
        ("a.json", '{"a": "12"}', "expected a list of numbers, one per frame, found '12'"),
        ("a.json", f'{{"a": [1{"0" * 400}]}}', "expected a list of numbers"),
        ("a.json", '{"a": [1], "a": [2]}', "the key 'a' a second time"),
        ("a.json", '{"a": []}', "'a': expected one number per frame"),
        ("a.json", "{}", "holds no scores"),
        (
            "a.json",
            '{"format": "oddframe-events/1", "videos": {}}',
            "expected scores, found 'oddframe-events/1'; give scores.npz",
        ),
        ("a.json", "[" * 200_000, "too deep"),
        ("a.json", '{"a": [1], "_meta": 3}', "'_meta' to be a JSON object, found 3"),
    ],
)
def test_a_mistake_is_said_with_its_place(tmp_path: Path, name: str, text: str, words: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(OddframeError, match=words) as caught:
        Scores.read(tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)


def test_a_file_per_video_is_about_that_video(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("video,score\nb,1\n")
    with pytest.raises(OddframeError, match=r"a\.csv: expected the scores of the video 'a' alone"):
        Scores.read(tmp_path)


class Bomb:
    """Writes a file where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return open, (str(self.path), "w")


@pytest.mark.parametrize("name", ["a.pkl", "a.p", "a.npz", "a.npy", "b.npz", "folder", "a.pt"])
def test_pickles_are_refused_with_a_safe_way_out(tmp_path: Path, name: str) -> None:
    bomb = Bomb(tmp_path / "ran")
    objects = np.array([bomb], dtype=object)
    if name == "folder":
        (tmp_path / name).mkdir()
        np.save(tmp_path / name / "a.npy", objects)
    elif name == "b.npz":
        np.savez(tmp_path / name, a=objects)
    elif name == "a.pt":
        torch.save({"a": bomb}, tmp_path / name)
    else:
        (tmp_path / name).write_bytes(pickle.dumps({"a": bomb}, protocol=4 if name > "a.n" else 0))
    with pytest.raises(OddframeError) as caught:
        Scores.read(tmp_path / name)
    assert "allow_pickle" not in str(caught.value)
    assert ("or scores as .csv or .json" in str(caught.value)) == (name in ("a.pkl", "a.p", "a.pt"))
    assert (
        name == "a.npy"
        or "numpy.savez" in str(caught.value)
        or "no file of NumPy" in str(caught.value)
    )
    assert not (tmp_path / "ran").exists()


def npy(shape: str, kind: str = "<f8", data: bytes = b"") -> bytes:
    text = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode() + data


@pytest.mark.parametrize(
    "content",
    [
        npy("(1000000000000,)"),
        npy("(9999999999999999999999999,)"),
        npy("(-1,)", data=b"12345678"),
        npy("(2**40,)"),
        npy("(10**12,)", "<U0"),
        npy("(" * 3000),
        npy("(2,)", "|O", b"12345678"),
        b"\x93NUMPY\x01\x00\xff\xff" + b"(" * 65535,
        b"\x93NUMPY\x02\x00\xff\xff\xff\x7f",
        b"\x93NUMPY\x09\x00",
    ],
)
def test_arrays_that_claim_what_they_do_not_hold_are_one_line(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "many").mkdir()
    (tmp_path / "many" / "a.npy").write_bytes(content)
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("a.npy", content)
    for path in (tmp_path / "many", tmp_path / "a.npz"):
        with pytest.raises(OddframeError, match=r"a\.np[yz]: expected") as caught:
            Scores.read(path)
        assert "allow_pickle" not in str(caught.value)


def test_an_archive_that_unpacks_to_more_than_the_limit_is_not_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", b"")
        info = archive.infolist()[0]
        info.file_size = 10_000_000_000
    with pytest.raises(OddframeError, match="unpacks to 10,000 MB; at most 2,147 MB"):
        Scores.read(tmp_path / "a.npz")
    with zipfile.ZipFile(tmp_path / "b.npz", "w") as archive:
        archive.writestr("a.npy", npy("(1,)", data=b"12345678"))
        archive.writestr("a", npy("(1,)", data=b"12345678"))
    with pytest.raises(OddframeError, match="two called 'a'"):
        Scores.read(tmp_path / "b.npz")


@pytest.mark.parametrize("name", ["a.npz", "a.csv", "a.json", "a.npy", "many/a.npy"])
def test_a_pipe_is_not_waited_for(tmp_path: Path, name: str) -> None:
    (tmp_path / "many").mkdir()
    os.mkfifo(tmp_path / name)
    with pytest.raises(OddframeError, match=r"found a pipe; give it as a file"):
        Scores.read((tmp_path / name) if "/" not in name else tmp_path / "many")
