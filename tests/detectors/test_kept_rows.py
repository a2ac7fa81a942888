"""Rows that grow in files: what was kept is there again, and nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from oddframe.detectors.own_cameras.fixed_camera import kept_rows
from oddframe.detectors.own_cameras.fixed_camera.kept_rows import KeptRows

KINDS = {
    "fields": np.dtype((np.float16, (2, 3))),
    "moments": np.dtype([("at", "f8"), ("box", "i4", 4)]),
}


def field(value: float) -> np.ndarray:
    return np.full((2, 3), value, np.float32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two rows that were kept with a note, and more that were not."""
    with KeptRows(tmp_path / "rows", KINDS) as rows:
        for value in (1.0, np.inf):
            rows.add("fields", field(value))
        rows.add("moments", (0.1, (1, 2, 3, 4)))
        rows.keep({"done": 2}, at_once=True)
        rows.add("fields", field(5))
        rows.add("moments", (0.2, (5, 6, 7, 8)))
    return tmp_path / "rows"


def test_what_was_kept_is_there_again_and_what_came_after_is_cut_off(folder: Path) -> None:
    with KeptRows(folder, KINDS) as rows:
        assert rows.note == {"done": 2}
        assert rows.rows("fields").tolist() == [field(1).tolist(), field(np.inf).tolist()]
        assert rows.rows("moments")["at"].tolist() == [0.1]
        assert rows.rows("moments")["box"].tolist() == [[1, 2, 3, 4]]
        rows.add("moments", (0.3, (0, 0, 0, 0)))
        assert rows.rows("moments")["at"].tolist() == [0.1, 0.3]
        assert rows.count("moments") == 2


def test_nothing_is_there_where_rows_are_of_another_type(folder: Path) -> None:
    """As after an update of oddframe: bytes of other rows would be read as these."""
    with KeptRows(folder, KINDS | {"fields": np.dtype((np.float16, (3, 2)))}) as rows:
        assert rows.note == {}
        assert rows.count("moments") == 0


def test_nothing_is_there_where_a_file_is_shorter_than_was_kept(folder: Path) -> None:
    with (folder / "fields").open("r+b") as stream:
        stream.truncate(23)
    with KeptRows(folder, KINDS) as rows:
        assert rows.note == {}
        assert rows.rows("fields").shape == (0, 2, 3)
        assert rows.count("moments") == 0


@pytest.mark.parametrize("said", ["", "[]", '{"note": {}}', '{"note": {}, "rows": {"fields": -1}}'])
def test_a_damaged_note_is_none(folder: Path, said: str) -> None:
    (folder / "kept.json").write_text(said)
    with KeptRows(folder, KINDS) as rows:
        assert rows.note == {}
        assert rows.rows("moments").size == 0


def test_the_disk_is_waited_for_once_in_a_while(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(kept_rows, "KEEP_SECONDS", 1000.0)
    with KeptRows(tmp_path, KINDS) as rows:
        rows.keep({"done": 1})
        assert not (tmp_path / "kept.json").exists()
        rows.keep({"done": 1}, at_once=True)
    assert (tmp_path / "kept.json").exists()
