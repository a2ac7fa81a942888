"""A data set to copy: videos in two folders and a table of events become a manifest.

    python example_data_set.py folder/of/the/data/set manifest.jsonl
    oddframe train manifest.jsonl --out run

In the folder are ``training/`` and ``testing/`` with video files, and ``events.csv`` with a line
``video,first,last,kind`` for each event, frames counted from 1 and the last one included. Make it
read what yours has. What a manifest says: formats.md; how to have it as ``oddframe prepare mine``:
data-sets.md.
"""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path

from oddframe.datasets import write_prepared
from oddframe.errors import OddframeError
from oddframe.files.text_files import read_text
from oddframe.footage.listing import annotate, recordings, require_folder, survey
from oddframe.videos.intervals import inclusive
from oddframe.videos.manifest import Manifest, hash_annotations
from oddframe.videos.video import Event

VIDEOS, EVENTS = 3, 2
"""How many the data set has, test videos and events: a half-copied one is refused."""


def prepare_mine(root: Path) -> Manifest:
    """My data set.

    Args:
        root: the folder that holds it.

    Raises:
        OddframeError: videos or events are missing, or do not fit together.
    """
    training = require_folder(root, "training", what="training videos")
    testing = require_folder(root, "testing", what="test videos")
    table = root / "events.csv"
    events = _events(table)
    videos = [
        survey(path, root, video_id=path.stem, split="train") for path in recordings(training)
    ]
    tests = [survey(path, root, video_id=path.stem, split="test") for path in recordings(testing)]
    if strangers := events.keys() - {video.id for video in tests}:
        raise OddframeError(f"{table}: there is no test video '{min(strangers)}'; copy it as well")
    found = len(tests), sum(map(len, events.values()))
    if found != (VIDEOS, EVENTS):
        raise OddframeError(
            f"{root}: expected {VIDEOS} test videos and {EVENTS} events, found {found[0]} and "
            f"{found[1]}; copy the whole data set"
        )
    videos += [annotate(video, events.get(video.id, [])) for video in tests]
    return Manifest(
        dataset="mine",
        videos=tuple(videos),
        root=root,
        source="where it comes from, and which of its protocols this is",
        label_rule="events.csv: 1-based, last frame included, became half-open from 0",
        annotations=hash_annotations(root, [table]),
    )


def _events(table: Path) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = {}
    lines = csv.reader(io.StringIO(read_text(table, "a table of events")))
    for number, line in enumerate(lines, start=1):
        try:
            video, first, last, kind = line
            found.setdefault(video, []).append(inclusive(int(first), int(last), kind))
        except ValueError as error:
            raise OddframeError(
                f"{table} line {number}: expected video,first,last,kind, found "
                f"'{','.join(line)}'; repair the line"
            ) from error
    return found


if __name__ == "__main__":
    try:
        # Some training videos are held out, as ``oddframe prepare`` does, to set a threshold by.
        write_prepared(prepare_mine(Path(sys.argv[1])).hold_out(0.2, seed=0), Path(sys.argv[2]))
    except OddframeError as error:
        sys.exit(f"example_data_set.py: {error}")
