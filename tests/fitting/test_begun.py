"""A training goes on with what it was begun with, whichever version wrote that down."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from oddframe.fitting.begun import what_differs
from oddframe.media.grey_levels import Levels
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Event, Video

A, B = (Video(name, f"{name}.mkv", "train", "normal", 40, 25.0, 32, 24) for name in "ab")
BEGUN = Manifest("mine", (A, B), Path("/data"), source="as it was said then")


def test_times_dates_and_words_are_no_other_footage() -> None:
    """As version 0 wrote it, beside what is known today of the same two recordings."""
    timed = replace(A, fps=4.9, times=((0, 0.0), (20, 0.8), (39, 8.4)), start=datetime(2026, 1, 2))
    now = Manifest("mine", (timed, B), Path("/data"), source="as it is said now")
    assert now.sha256() != BEGUN.sha256()
    assert what_differs(BEGUN, now) == what_differs(now, BEGUN) == ""


@pytest.mark.parametrize(
    ("videos", "said"),
    [
        ((A,), "video 'b' is no more in it"),
        ((A, B, replace(A, id="c")), "video 'c' was not in it"),
        ((A, replace(B, frames=41)), "frames of video 'b' is 41, and was 40"),
        ((A, replace(B, split="val")), "split of video 'b' is val, and was train"),
        (
            (A, replace(B, levels=Levels(7400, 8000))),
            "levels of video 'b' is 7400 to 8000, and was None",
        ),
        ((replace(A, events=(Event(1, 2, "x"),), label="anomalous"), B), "label of video 'a' is"),
    ],
)
def test_what_is_another_footage_is_said(videos: tuple[Video, ...], said: str) -> None:
    assert what_differs(BEGUN, replace(BEGUN, videos=videos)).startswith(said)


def test_footage_that_moved_is_said() -> None:
    said = what_differs(BEGUN, replace(BEGUN, root=Path("/new")))
    assert said == "its footage lies in /new, and lay in /data"
