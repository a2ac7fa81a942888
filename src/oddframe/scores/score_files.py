"""Anybody's scores on disk: NumPy, CSV or JSON, in one file or in one per video.

One rule for what a CSV holds: with the columns ``video`` and ``score`` a row is a frame of that
video, in order; with a column ``score`` alone, or a single column of numbers, the file is one
video, named like the file; else every column is a video, named in the header. A column ``frame`` is
checked, and a column without a name (an index that pandas writes) is left out.
"""

from __future__ import annotations

from array import array
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from oddframe.errors import OddframeError
from oddframe.files.array_files import read_array, read_arrays
from oddframe.files.csv_files import CsvTable, Row, read_csv
from oddframe.files.regular_files import require_file
from oddframe.files.spreadsheets import FOUND, is_spreadsheet
from oddframe.files.text_files import TABLES, parse_json, read_json, refuse_results, shown

META_KEY = "_meta"
PENDING = ".scored"
"""Folder beside a scores file with whole results that are not in their places yet."""
KINDS = (".npy", ".csv", ".json", ".tsv", ".txt")
"""Endings of files that hold the scores of one video each; of a folder, the first of them."""

_VIDEO = ("video", "video_id", "id")
_ASIDE = ("", "frame")


def read_scores(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Scores by video and what travels with them, as they are in the file or folder.

    Raises:
        OddframeError: nothing there, or nothing that could be scores.
    """
    if (path / "scores.npz").is_file():
        path = path / "scores.npz"
    if not path.is_file() and ((path if path.is_dir() else path.parent) / PENDING).is_dir():
        raise OddframeError(
            f"{path}: no such scores file; a scoring was stopped as it put its results there: "
            "give its command again"
        )
    if path.is_dir():
        return _of_folder(path), {}
    require_file(path, "scores", "make some with 'oddframe score'")
    suffix = path.suffix.lower()
    if suffix == ".npy":
        raise OddframeError(f"{path}: expected scores by video; give the folder of such files")
    if suffix in TABLES:
        return _of_csv(path), {}
    if suffix == ".json":
        content = read_json(path, "scores")
        if not isinstance(content, dict):
            raise OddframeError(
                f'{path}: expected scores as {{"video": [0.1, 0.2, ...], ...}}, found '
                f"{shown(content)}"
            )
        refuse_results(content, path, "scores", "give scores.npz")
        meta = content.pop(META_KEY, {})
        values = {name: _listed(f"{path} video '{name}'", row) for name, row in content.items()}
    elif suffix != ".npz" and is_spreadsheet(path):
        raise OddframeError(f"{path}: expected scores by video, found {FOUND}")
    else:
        others = ", or scores as .csv or .json" * (suffix != ".npz")
        values = read_arrays(path, f"one array per video id{others}")
        meta = parse_json(str(values.pop(META_KEY, "{}")), f"{path}: expected '{META_KEY}' in JSON")
    if not isinstance(meta, dict):
        raise OddframeError(
            f"{path}: expected '{META_KEY}' to be a JSON object, found {shown(meta)}"
        )
    if not values:
        raise OddframeError(f"{path}: the file holds no scores")
    return values, meta


def _of_folder(path: Path) -> dict[str, Any]:
    # Hidden files are other programs' litter, or what a killed writer left.
    found = sorted(
        file
        for file in path.rglob("*")
        if file.suffix in KINDS
        and not any(part.startswith(".") for part in file.relative_to(path).parts)
    )
    kind = min((file.suffix for file in found), key=KINDS.index, default=None)
    if kind is None:
        raise OddframeError(f"{path}: expected one file of scores per video, <id>.npy, found none")
    return {
        file.relative_to(path).as_posix().removesuffix(kind): _of_one(file)
        for file in found
        if file.suffix == kind
    }


def _of_one(file: Path) -> Any:
    """The scores of the video that the file is named after."""
    if file.suffix == ".npy":
        return read_array(file, "the scores of a video")
    if file.suffix == ".json":
        return _listed(str(file), read_json(file, "the scores of a video"))
    return _of_csv(file, alone=True)[file.stem]


def _of_csv(path: Path, *, alone: bool = False) -> dict[str, Any]:
    """Scores by video; ``alone``: the file must be about the one video that it is named after."""
    table = read_csv(path, "scores")
    columns = table.columns()
    if len(columns) == 1 and table.number(table.header.cells[0]) is not None:
        numbers = [_number(table, row, 0) for row in (table.header, *table.body())]
        return {path.stem: np.array(numbers)}
    video = next((columns[name] for name in _VIDEO if name in columns), None)
    places = {
        table.header.cells[place]: place for name, place in columns.items() if name not in _ASIDE
    }
    if "score" in columns or (alone and len(places) == 1):
        score = columns["score"] if "score" in columns else min(places.values())
        values = _rows(table, score, video, columns.get("frame"))
    elif video is not None:
        raise OddframeError(f"{path}: expected a column 'score' beside the videos, found none")
    else:
        values = _columns(table, places, columns.get("frame"))
    if alone and list(values) != [path.stem]:
        raise OddframeError(
            f"{path}: expected the scores of the video '{path.stem}' alone, found those of "
            f"{shown(list(values))}; give the file itself if it holds all videos"
        )
    return values


def _rows(table: CsvTable, score: int, video: int | None, frame: int | None) -> dict[str, Any]:
    """A row per frame."""
    values: dict[str, array[float]] = {}
    for row in table.body():
        name = table.path.stem if video is None else row.cells[video]
        if not name:
            raise OddframeError(f"{row.where}: the video is not named")
        own = values.setdefault(name, array("d"))
        _check_frame(table, row, frame, len(own))
        own.append(_number(table, row, score))
    if not values:
        raise OddframeError(f"{table.path}: expected scores below the header, found none")
    return {name: np.array(own) for name, own in values.items()}


def _columns(table: CsvTable, places: dict[str, int], frame: int | None) -> dict[str, Any]:
    """A column per video; a shorter one ends with empty cells."""
    values = {name: array("d") for name in places}
    ended: set[str] = set()
    for count, row in enumerate(table.body()):
        _check_frame(table, row, frame, count)
        for name, place in places.items():
            if not row.cells[place]:
                ended.add(name)
            elif name in ended:
                raise OddframeError(
                    f"{row.where}: a score of '{name}' below an empty cell; every frame needs one"
                )
            else:
                values[name].append(_number(table, row, place))
    return {name: np.array(own) for name, own in values.items()}


def _check_frame(table: CsvTable, row: Row, place: int | None, expected: int) -> None:
    if place is not None and table.number(row.cells[place]) != expected:
        raise OddframeError(
            f"{row.where}: expected frame {expected}, the video's next one, counted from 0, found "
            f"{shown(row.cells[place])}; count from 0, or leave the column out where the rows of a "
            "video are all its frames in order"
        )


def _number(table: CsvTable, row: Row, place: int) -> float:
    number = table.number(row.cells[place])
    if number is None:
        raise OddframeError(f"{row.where}: expected a score, found {shown(row.cells[place])}")
    return number


def _listed(where: str, values: Any) -> np.ndarray:
    if isinstance(values, list) and all(type(value) in (int, float) for value in values):
        with suppress(OverflowError):  # a whole number that no float holds
            return np.array(values, dtype=np.float64)
    raise OddframeError(
        f"{where}: expected a list of numbers, one per frame, found {shown(values)}"
    )
