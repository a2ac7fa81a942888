"""A trouble of the camera goes from the detector's frames into the events file and the report."""

import json

import pytest

from oddframe.detectors.frame_score import FrameScore
from oddframe.detectors.traits import Traits
from oddframe.media.clock import Clock
from oddframe.reporting.report.camera import camera_section
from oddframe.scores.camera_troubles import CameraTrouble, note_trouble, trouble_rows
from oddframe.scores.detections import EventRule
from oddframe.scores.events_file import read_events, write_events
from oddframe.scoring.kept import KeptVideo


class Covered:
    """Is covered from the second to the fourth second, and in doubt for a moment."""

    name = "covered"
    traits = Traits("frames", "at once")
    smoothing_seconds = 0.0
    threshold = 1.0
    number = -1

    def stream(self, info, *, source="", live=False):
        return self

    def push(self, frame):
        self.number += 1
        covered = 2 <= frame.seconds < 4 and not 3 <= frame.seconds < 3.2
        return [FrameScore(self.number, 0.0, camera="covered" if covered else "")]

    def finish(self):
        return []


def test_frames_with_a_trouble_become_one_trouble(scored_calm, tmp_path):
    video, found = scored_calm(Covered(), causal=True)
    first, last = (round(second * video.fps) for second in (2, 4))
    assert found.camera == (CameraTrouble(first, last, "covered"),)
    kept = KeptVideo(found, {}, None, False)
    assert KeptVideo.from_row(found.values, kept.row()).found.camera == found.camera
    path = tmp_path / "events.json"
    write_events(path, {"a": []}, {"a": video.clock}, EventRule(1.0), {"a": found.camera})
    (row,) = json.loads(path.read_text())["videos"]["a"]["camera"]
    assert (row["what"], row["start_seconds"]) == ("covered", pytest.approx(2.0))
    assert read_events(path) == {"a": []}
    section = camera_section([video], {video.id: found.camera})
    assert section is not None
    assert len(section.lines) == 1
    assert section.lines[0].endswith("covered")
    assert camera_section([video], {}) is None


def test_the_same_trouble_after_a_while_is_another():
    troubles = []
    for frame in (0, 1, 90, 300):
        note_trouble(troubles, "covered", frame, Clock(400, 10.0))
    note_trouble(troubles, "moved", 301, Clock(400, 10.0))
    assert troubles == [
        CameraTrouble(0, 91, "covered"),
        CameraTrouble(300, 301, "covered"),
        CameraTrouble(301, 302, "moved"),
    ]
    assert trouble_rows(troubles, Clock(400, 10.0))[1]["start_seconds"] == 30.0
