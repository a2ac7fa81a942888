"""Pictures of normal footage in a run: written, read, deleted, and shown beside what looks odd."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from oddframe.reporting.drawing.thumbnails import VideoPictures
from oddframe.reporting.report.moments import moments_section
from oddframe.reporting.report.shown_videos import ShownVideo
from oddframe.runs.sights import SIGHTS, read_sights, write_sights
from oddframe.scores.detections import Detection, EventRule
from oddframe.scores.events_file import read_events, write_events
from oddframe.scores.sights import Sight
from oddframe.scoring.kept import KeptVideo, Reason, VideoScores
from oddframe.videos.video import Video

MONDAY, TUESDAY = Sight("monday/8 h", 12.4), Sight("tuesday", 3601.25)


def jpeg(level: int) -> bytes:
    _, data = cv2.imencode(".jpg", np.full((30, 40), level, np.uint8))
    return data.tobytes()


def test_pictures_are_read_as_they_were_written(tmp_path) -> None:
    sights = {MONDAY: jpeg(50), TUESDAY: jpeg(150)}
    write_sights(tmp_path, sights)
    assert read_sights(tmp_path) == sights
    write_sights(tmp_path, {})
    assert read_sights(tmp_path) == {}


@pytest.mark.parametrize("damage", ["none", "half", "other"])
def test_a_run_without_them_or_with_a_damaged_file_has_none(tmp_path, damage) -> None:
    write_sights(tmp_path, {MONDAY: jpeg(50)})
    path = tmp_path / SIGHTS
    if damage == "none":
        path.unlink()
    elif damage == "half":
        path.write_bytes(path.read_bytes()[:200])
    else:
        np.savez(path, video=np.zeros(3))
    assert read_sights(tmp_path) == {}


def test_a_sight_goes_with_the_reason_and_the_event(tmp_path) -> None:
    reason = Reason(5, "appearance", "looks odd", ((1, 2, 3, 4),), TUESDAY)
    kept = KeptVideo(VideoScores(np.zeros(9), (reason, Reason(7, "", ""))), {}, None, False)
    found = KeptVideo.from_row(np.zeros(9), kept.row()).found.reasons
    assert [one.nearest for one in found] == [TUESDAY, None]
    events = {"a": [Detection(2, 6, 5, 3.0, 2.0, nearest=TUESDAY), Detection(7, 8, 7, 3.0, 3.0)]}
    video = Video("a", "a.mp4", "test", None, 9, 5.0, 80, 60)
    path = write_events(tmp_path / "events.json", events, {"a": video.clock}, EventRule(1.0))
    assert read_events(path) == events
    assert path.read_text().count('"nearest"') == 1


@pytest.mark.parametrize("kept", [True, False])
def test_the_page_shows_it_with_the_same_place_and_goes_without(kept) -> None:
    """A white thing in a box; the box is drawn at the same place of a grey picture."""
    video = Video("a", "a.mp4", "test", None, 9, 5.0, 80, 60)
    odd = Detection(2, 6, 5, 3.0, 2.0, "appearance", "odd", ((20, 15, 60, 45),), TUESDAY)
    pictures = VideoPictures(None, {5: jpeg(255)})
    entry = ShownVideo(
        0, video, np.zeros(9), np.zeros(9), np.ones(9, bool), [odd], pictures, "", False
    )
    section = moments_section([entry], 1.0, {TUESDAY: jpeg(100)} if kept else {})
    assert section is not None
    (moment,) = section.opened
    assert moment.picture
    assert bool(moment.nearest) == kept
    assert moment.nearest_at == ("tuesday · 1:00:01.2" if kept else "")
