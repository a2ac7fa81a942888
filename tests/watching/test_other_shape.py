"""Pictures of another shape than the run learnt from are not judged, and the others go on."""

import json
import os
import socket
import time

import cv2
from tests.made.watch_process import Process, wait_until

from oddframe.cameras.cameras_file import Camera
from oddframe.cli import main
from oddframe.journal.journal import open_journal
from oddframe.journal.reading import JournalReader
from oddframe.journal.retention import Room
from oddframe.journal.state_folder import StateFolder
from oddframe.media.video_writing import VideoWriter
from oddframe.runs.run_folder import read_run
from oddframe.sources.source import source_of
from oddframe.watching.camera import WatchedCamera
from oddframe.watching.outside import Outside
from oddframe.watching.plan import plan_of

LEARNT = "learnt from pictures of 128x80, and the camera gives 80x128; a run knows one camera"


def test_a_camera_of_another_shape_is_down_and_the_others_are_judged(street, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as mute:  # takes whoever comes, and says nothing
        port = mute.getsockname()[1]
        sources = {
            "one": "lavfi:testsrc2=size=256x160:rate=10",
            "other": "lavfi:testsrc2=size=80x128:rate=10",
            "mute": f"rtsp://127.0.0.1:{port}/live",
        }
        cameras = [
            {"name": name, "source": source, "threshold": 0, "timeout": 1}
            for name, source in sources.items()
        ]
        path = tmp_path / "cameras.yaml"
        path.write_text(json.dumps({"run": str(street.run), "cameras": cameras}))
        with Process(tmp_path, path, "--state", "state") as watch:
            watch.wait_for("one: odd since")
            watch.wait_for("other: down (not judged")
            watch.wait_for("mute: down (")
            status, out = watch.stop()
    assert status == 0
    said = watch.log.read_text().splitlines()
    (line,) = [one for one in said if "other: " in one]
    assert f"other: down (not judged: {street.run}: {LEARNT}" in line
    assert "other: 0 frames, 0 alarms" in out
    assert not [one for one in said if "pixels, and the footage" in one], "it is not said twice"
    journal = JournalReader(StateFolder(tmp_path / "state"))
    assert [state.state for state in journal.states("other")] == ["down"]
    assert journal.minutes("other") == []
    (gap,) = journal.gaps("other")
    assert LEARNT in gap.reason
    assert journal.minutes("one")


def film(street, path, shape):
    """Three seconds of the street, in a picture of some size."""
    with VideoWriter(path, street.fps, shape) as writer:
        for image in street.images(3, 77):
            writer.write(cv2.resize(image, shape))
    old = time.time() - 60  # a folder takes what does not grow any more
    os.utime(path, (old, old))


def test_a_camera_that_changes_its_shape_is_judged_again_once_it_has_changed_back(street, tmp_path):
    folder, told = tmp_path / "recordings", []
    folder.mkdir()
    for number, shape in enumerate([(128, 80), (80, 128), (256, 160)]):
        film(street, folder / f"{number}.mp4", shape)
    camera = Camera("front", source_of(str(folder), timeout=0.2), street.run)
    with open_journal(tmp_path / "state", print) as journal:
        outside = Outside(
            journal,
            lambda *_: Room(False, 0, 0, ""),
            lambda message, _: told.append((message.event["state"], message.event["reason"])),
            lambda *_: None,
            print,
        )
        watched = WatchedCamera(plan_of(camera, read_run(street.run)), outside, lambda: True)
        watched.start()
        wait_until(lambda: len(told) == 3 and watched.counts.scored > 60)
        watched.stop()
        assert journal.flush(60)
        gaps = [gap for gap in journal.gaps("front") if LEARNT in gap.reason]
    (first, _), (down, why), (back, _) = told
    assert (first, down, back) == ("up", "down", "up")
    assert LEARNT in why
    assert 60 < watched.counts.scored < 80
    (gap,) = gaps
    assert gap.start < gap.end


def test_a_file_of_another_shape_is_one_line_before_anything_starts(street, tmp_path, capsys):
    path, state = tmp_path / "narrow.mp4", tmp_path / "state"
    film(street, path, (80, 128))
    assert main(["watch", str(street.run), str(path), "--state", str(state)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"camera 'camera': {path}: {street.run}: {LEARNT}" in line
    assert not state.exists()
