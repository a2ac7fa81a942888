"""A data set to copy: videos in two folders and a table of events become a manifest.

    python example_data_set.py folder/of/the/data/set manifest.jsonl
    oddframe train manifest.jsonl --out run

In the folder are ``training/`` and ``testing/`` with video files, and ``events.csv`` with a line
``video,first,last,kind`` for each event, below a line that says so; frames are counted from 1 and
the last one is included. Make it read what yours has. What a manifest says: formats.md; how to have
it as ``oddframe prepare mine``: data-sets.md.
"""

from __future__ import annotations

import sys
from pathlib import Path

from oddframe.datasets import write_prepared
from oddframe.datasets.layouts.counts import PublishedCounts, check_counts
from oddframe.errors import OddframeError
from oddframe.files.csv_files import read_csv
from oddframe.footage.listing import annotate, recordings, require_folder, survey
from oddframe.videos.intervals import inclusive
from oddframe.videos.manifest import Manifest, hash_annotations
from oddframe.videos.video import Event

COUNTS = PublishedCounts(frames=225, anomalous_frames=76)
"""Of the test videos, as published: a half-copied data set is refused."""
COLUMNS = ("video", "first", "last", "kind")


def prepare_mine(root: Path, *, allow_partial: bool = False) -> Manifest:
    """My data set.

    Args:
        root: the folder that holds it.
        allow_partial: accept other counts than the published ones.

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
    videos += [annotate(video, events.get(video.id, []), table) for video in tests]
    manifest = Manifest(
        dataset="mine",
        videos=tuple(videos),
        root=root,
        source="where it comes from, and which of its protocols this is",
        label_rule="events.csv: 1-based, last frame included, became half-open from 0",
        annotations=hash_annotations(root, [table]),
    )
    return check_counts(manifest, COUNTS, allow_partial)


def _events(path: Path) -> dict[str, list[Event]]:
    """Test video to its events."""
    table = read_csv(path, "a table of events")
    if table.header.cells != COLUMNS:
        raise OddframeError(
            f"{table.header.where}: expected {','.join(COLUMNS)}, found "
            f"{','.join(table.header.cells)}"
        )
    found: dict[str, list[Event]] = {}
    for row in table.body():
        video, first, last, kind = row.cells
        if not (first.isdecimal() and last.isdecimal()):
            raise OddframeError(
                f"{row.where}: expected whole numbers, the first and the last frame, found "
                f"'{first}' and '{last}'; repair the line"
            )
        found.setdefault(video, []).append(inclusive(int(first), int(last), row.where, kind))
    return found


if __name__ == "__main__":
    folder, out, *more = sys.argv[1:]
    try:
        manifest = prepare_mine(Path(folder), allow_partial="--allow-partial" in more)
        # Some training videos are held out, as ``oddframe prepare`` does, to set a threshold by.
        write_prepared(manifest.hold_out(0.2, seed=0), Path(out))
    except OddframeError as error:
        sys.exit(f"example_data_set.py: {error}")
