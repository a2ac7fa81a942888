"""What goes wrong around a watch that goes on: cameras, disks, webhooks, detectors, its file."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.made.disks import fill
from tests.made.watch_process import PATIENCE, Process, wait_until

from oddframe.cli import main
from oddframe.errors import OddframeError
from oddframe.journal.question import Question
from oddframe.journal.reading import JournalReader
from oddframe.journal.state_folder import StateFolder
from oddframe.media.opening import open_video

DOCS = Path(__file__).parents[2] / "docs"


def written(folder, street, *cameras, **more):
    """A cameras file; everything that a camera shows is odd where its threshold is 0."""
    content = {"run": str(street.run), "cameras": cameras, "cool_down": 0, **more}
    path = folder / "cameras.yaml"
    path.write_text(json.dumps(content))  # which is YAML
    return path


def journal(folder):
    return JournalReader(StateFolder(folder / "state"))


def lines(watch, words):
    return [line for line in watch.log.read_text().splitlines() if words in line]


def test_a_camera_that_is_away_and_back_is_told_down_and_up_and_its_event_is_closed(
    street, camera, tmp_path
):
    front = {"name": "front", "source": f"{camera.url}/live", "threshold": 0, "timeout": 1}
    path = written(tmp_path, street, front, pre_roll=1, post_roll=1)
    with Process(tmp_path, path, "--state", "state") as watch:
        watch.wait_for("front: odd since")
        time.sleep(1.0)
        killed = time.time()
        camera.kill()
        watch.wait_for("front: down")
        # What is said is on its way to the journal, no more. Where the machine stood still for a
        # second, another event ended before.
        (event, *_) = wait_until(
            lambda: [one for one in journal(tmp_path).events() if (one.end or 0.0) > killed - 2.0]
        )
        assert event.end < killed + 1.0
        assert event.ending == "quiet"
        back, told = time.time(), len(lines(watch, "odd since"))
        camera.on()
        watch.wait_for("front: up", times=2)
        watch.wait_for("odd since", times=told + 1)
        status, _ = watch.stop()
    assert status == 0
    states = [one.state for one in journal(tmp_path).states("front")]
    # A ball on black is also taken for a covered camera, if it is looked at for long enough.
    assert [state for state in states if state in ("up", "down")] == ["up", "down", "up"]
    gap = max(journal(tmp_path).gaps("front"), key=lambda gap: gap.end - gap.start)
    assert killed - 1.0 < gap.start < killed + 1.0
    assert back - 1.0 < gap.end < back + PATIENCE
    assert len(lines(watch, "front: down")) == 1
    for event in journal(tmp_path).events():
        with open_video(tmp_path / "state" / event.clip) as video:
            assert sum(1 for _ in video) > 10


def test_a_camera_that_changes_its_size_is_judged_in_the_new_one(street, camera, tmp_path):
    front = {"name": "front", "source": f"{camera.url}/live", "threshold": 0, "timeout": 1}
    path = written(tmp_path, street, front, pre_roll=1, post_roll=1)
    with Process(tmp_path, path, "--state", "state") as watch:
        watch.wait_for("front: odd since")
        camera.kill()
        camera.on(width=160, height=100)
        wait_until(lambda: [clip for clip in tmp_path.rglob("*.mp4") if is_small(clip)])
        status, _ = watch.stop()
    assert status == 0
    assert journal(tmp_path).gaps("front")
    assert not lines(watch, "failed")
    sizes = [sizes_of(event, tmp_path / "state") for event in reversed(journal(tmp_path).events())]
    # How many events it is, and whether one is filmed into the next, depends on how long the
    # camera was away, and on how busy the machine is.
    assert {len(one) for event in sizes for one in event} == {1}, "a film is of one size"
    assert sizes[0][0] == {(320, 200)}
    assert sizes[-1][-1] == {(160, 100)}
    assert sizes == [sorted(event, key=max, reverse=True) for event in sizes]


def sizes_of(event, state):
    """What sizes the frames of each clip have."""
    found = []
    for clip in (event.clip, *event.later_clips):
        with open_video(state / clip) as video:
            found.append({frame.rgb().shape[1::-1] for frame in video})
    return found


def is_small(clip):
    """Whether a clip, perhaps one that is just being written, is of the new size."""
    try:
        with open_video(clip) as video:
            return (video.info.width, video.info.height) == (160, 100)
    except OddframeError:  # only just begun
        return False


def test_a_webhook_that_fails_at_first_takes_each_message_once(street, receiver, tmp_path):
    receiver.answers = [(500, {})]
    front = {"name": "front", "source": str(street.root / "fast.mp4")}
    alerts = {"phone": {"kind": "webhook", "url": receiver.url, "kinds": ["new", "end"]}}
    path = written(tmp_path, street, front, alerts=alerts)
    with Process(tmp_path, path, "--state", "state") as watch:
        watch.popen.communicate(timeout=60)
        assert watch.popen.returncode == 0
    (event,) = journal(tmp_path).events()
    refused, *taken = receiver.ids
    assert refused == f"{event.id}.new"
    assert sorted(taken) == [f"{event.id}.end", f"{event.id}.new"]
    assert receiver.got[0][1] == receiver.got[taken.index(refused) + 1][1]
    assert not list((tmp_path / "state" / "outbox").glob("*/*.json"))


def test_a_disk_that_is_full_while_a_clip_is_written(street, camera, small_disk, tmp_path):
    front = {"name": "front", "source": f"{camera.url}/live", "threshold": 0}
    path = written(tmp_path, street, front, longest_seconds=4, retention={"free_gigabytes": 0})
    state = small_disk / "state"
    with Process(tmp_path, path, "--state", state) as watch:
        watch.wait_for("odd since")
        wait_until(lambda: list(state.rglob("*.mp4")))
        # A clip is begun once its event's sidecar is there, and the journal comes after that.
        (event, *_) = wait_until(JournalReader(StateFolder(state)).events)
        fill(small_disk / "ballast")
        watch.wait_for("is to be written waits in memory")
        watch.wait_for(".mp4")
        (small_disk / "ballast").unlink()
        watch.wait_for("everything that waited is written")
        status, _ = watch.stop()
    assert status == 0
    assert len(lines(watch, "waits in memory")) == 1
    assert len(lines(watch, ".mp4")) == len(set(lines(watch, ".mp4"))), "each clip is said once"
    assert "Traceback" not in watch.log.read_text()
    events = JournalReader(StateFolder(state)).events()
    assert event.id in {one.id for one in events}
    assert not any(one.is_open for one in events)


BRITTLE = """
from pathlib import Path
from example_detector import CONFIG, BrightnessDetector, BrightnessStream

class Stream(BrightnessStream):
    def __init__(self, detector, name):
        super().__init__(detector)
        self._fails = Path(f"{name}.fails")

    def push(self, frame):
        if self._fails.exists():
            self._fails.write_text(self._fails.read_text() + "once more")
            raise ZeroDivisionError("it fell to pieces")
        return super().push(frame)

    def finish(self):
        if Path("end.fails").exists():
            raise ZeroDivisionError("it fell to pieces at the end")
        return super().finish()

class DETECTOR(BrightnessDetector):
    name = "brittle"

    def stream(self, info, *, source="", live=False):
        return Stream(self, info.name)
"""


@pytest.fixture
def brittle(street, tmp_path, monkeypatch):
    """A run of an installed detector that raises while a file CAMERA.fails is there."""
    package = tmp_path / "installed"
    about = package / "brittle-1.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: brittle\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[oddframe.detectors]\nbrittle = brittle\n")
    (package / "brittle.py").write_text(BRITTLE)
    shutil.copy(DOCS / "example_detector.py", package)
    path = os.pathsep.join([str(package), os.environ.get("PYTHONPATH", "")])
    monkeypatch.setenv("PYTHONPATH", path)
    command = ["train", str(street.root / "normal"), "--detector", "brittle", "--out", "run"]
    subprocess.run([sys.executable, "-m", "oddframe", *command], cwd=tmp_path, check=True)
    return tmp_path / "run"


def test_a_detector_that_raises_is_begun_anew_and_the_other_camera_goes_on(
    street, brittle, tmp_path
):
    source = "lavfi:testsrc2=size=128x80:rate=10"
    cameras = [{"name": name, "source": source, "threshold": 0} for name in ("one", "two")]
    path = written(tmp_path, street, *cameras, run=str(brittle))
    with Process(tmp_path, path, "--state", "state") as watch:
        watch.wait_for("one: odd since")
        watch.wait_for("two: odd since")
        fails = tmp_path / "one.fails"
        fails.touch()
        watch.wait_for("one: odd from")
        assert fails.read_text() == "once more", "its event is over at once, not after a while"
        wait_until(lambda: fails.read_text() == 2 * "once more")
        fails.unlink()
        failed = time.time()
        watch.wait_for("one: odd since", times=2)
        watch.wait_for("one: judged again")
        (tmp_path / "end.fails").touch()
        status, _ = watch.stop()
    assert status == 0
    assert len(lines(watch, "last frames are not judged: ZeroDivisionError")) == 2
    assert not journal(tmp_path).events(Question(state="open"))
    (said,) = lines(watch, "one: not judged")
    assert "the detector failed (ZeroDivisionError: it fell to pieces)" in said
    assert "Traceback" not in watch.log.read_text()
    away = (failed + 0.5, failed + 8)
    assert not journal(tmp_path).events(Question("one", *away))
    assert journal(tmp_path).events(Question("two", *away))


SQUARE = [[0.1, 0.1], [1.5, 0.1], [0.5, 0.5]]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"run": "gone"}, "gone"),
        ({"cameras": 2}, "there are two of that name"),
        ({"zones": [{"name": "road", "kind": "ignore", "polygon": SQUARE}]}, "road"),
        ({"schedule": {"time_zone": "Europe/Wien", "every_day": "always"}}, "Europe/Wien"),
    ],
    ids=["run", "two cameras of one name", "zone", "time zone"],
)
def test_a_mistake_is_one_line_before_anything_starts(street, changes, said, tmp_path, capsys):
    one = {"name": "one", "source": "lavfi:testsrc2=size=128x80:rate=10"}
    cameras = [one] * changes.pop("cameras", 1)
    path = written(tmp_path, street, *cameras, **changes)
    refused(["watch", str(path), "--state", str(tmp_path / "state")], said, capsys)
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("file", ["state", "state/cameras", "state/cameras/one", "state/outbox"])
def test_a_state_folder_that_cannot_be_written_is_one_line(street, file, tmp_path, capsys):
    path = written(
        tmp_path,
        street,
        {"name": "one", "source": "lavfi:testsrc2=size=128x80:rate=10"},
        alerts={"bell": {"kind": "command", "argv": ["true"]}},
    )
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).touch()
    refused(["watch", str(path), "--state", str(tmp_path / "state")], str(tmp_path / file), capsys)


def test_a_port_that_is_taken_is_one_line_before_any_camera_begins(street, tmp_path, capsys):
    path = written(
        tmp_path, street, {"name": "one", "source": "lavfi:testsrc2=size=128x80:rate=10"}
    )
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = f"127.0.0.1:{taken.getsockname()[1]}"
        command = ["watch", str(path), "--state", str(tmp_path / "state"), "--metrics", port]
        refused(command, port, capsys)
    assert journal(tmp_path).states("one") == []


@pytest.mark.parametrize("where", ["nowhere", "127.0.0.1:70000"])
def test_a_port_that_is_none_is_one_line_and_makes_no_state_folder(street, where, tmp_path, capsys):
    command = ["watch", str(street.run), "lavfi:testsrc2", "--state", str(tmp_path / "state")]
    refused([*command, "--metrics", where], f"expected HOST:PORT, found '{where}'", capsys)
    assert not (tmp_path / "state").exists()


def test_a_file_that_is_no_video_is_one_line_before_anything_starts(street, tmp_path, capsys):
    bad = tmp_path / "bad.mp4"
    bad.write_text("this is text\n" * 50)
    state = tmp_path / "state"
    refused(["watch", str(street.run), str(bad), "--state", str(state)], str(bad), capsys)
    assert not state.exists()


def test_a_source_that_is_through_before_its_end_says_why(street, tmp_path, capsys):
    command = ["watch", str(street.run), "lavfi:nothing_of_that_name"]
    assert main([*command, "--state", str(tmp_path / "state")]) == 3
    out = capsys.readouterr()
    assert "oddframe: camera: what comes cannot be read as video" in out.err
    assert "camera: 0 frames, 0 alarms" in out.out


def refused(command, said, capsys):
    assert main(command) == 2
    out = capsys.readouterr()
    assert out.out == ""
    (line,) = out.err.splitlines()
    assert said in line
