"""``oddframe watch`` as a process: stopped, killed, told to read its file anew, asked how it is."""

import json
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from tests.made.programs import program
from tests.made.watch_process import PATIENCE, Process, wait_until

from oddframe.journal.reading import JournalReader
from oddframe.journal.state_folder import StateFolder

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def odd(street, tmp_path):
    """A run, and a film that is odd from its third second on, for a long time."""
    return street.run, street.root / "fast.mp4"


def cameras_file(folder, street, **more):
    content = {
        "run": str(street.run),
        "alerts": {"lines": {"kind": "stdout"}},
        "cameras": [{"name": "front", "source": str(street.root / "fast.mp4")}],
        **more,
    }
    path = folder / "cameras.yaml"
    path.write_text(json.dumps(content))  # which is YAML
    return path


def events_of(folder):
    return JournalReader(StateFolder(folder)).events()


def test_a_file_is_watched_to_its_end_and_each_message_is_a_line(odd, tmp_path):
    run, film = odd
    with Process(tmp_path, run, film, "--state", "state", "--pace", "fast", "--json") as watch:
        out, _ = watch.popen.communicate(timeout=PATIENCE)
        assert watch.popen.returncode == 0, watch.log.read_text()
    *lines, summary, kept = out.decode().splitlines()
    messages = [json.loads(line) for line in lines]
    assert [one["kind"] for one in messages if one["kind"] != "health"] == ["new", "end"]
    (event,) = events_of(tmp_path / "state")
    assert messages[-1]["event"]["id"] == event.id
    assert messages[-1]["event"]["end"] == event.end
    assert "100 frames, 1 alarm" in summary
    assert "state" in kept


def test_a_killed_watch_closes_its_event_the_next_time_once(street, tmp_path):
    film = {"name": "front", "source": str(street.root / "fast.mp4"), "threshold": 0}  # to its end
    path = cameras_file(tmp_path, street, cameras=[film])
    arguments = (path, "--state", "state")
    state = tmp_path / "state"
    with Process(tmp_path, *arguments) as watch:
        watch.wait_for("odd since")
        # What is said is on its way to the disk, no more.
        wait_until(lambda: events_of(state))
        wait_until(lambda: [clip for clip in state.rglob("*.mp4") if clip.stat().st_size])
        watch.popen.kill()
        first, _ = watch.popen.communicate()
    (event,) = events_of(state)
    assert event.is_open
    assert (state / event.clip).stat().st_size
    with Process(tmp_path, *arguments) as watch:
        watch.wait_for("odd since", times=2)
        status, second = watch.stop()
    assert status == 0
    messages = [
        json.loads(line) for line in (first + second.encode()).splitlines() if line[:1] == b"{"
    ]
    ids = [one["id"] for one in messages if one["kind"] != "health"]
    assert len(ids) == len(set(ids)), "nothing is told twice"
    assert f"{event.id}.end" in ids
    closed = {one.id: one for one in events_of(state)}
    assert closed[event.id].ending == "interrupted"
    assert not any(one.is_open for one in closed.values())


def test_the_cameras_file_is_read_again_and_a_mistake_in_it_changes_nothing(street, tmp_path):
    path = cameras_file(tmp_path, street, cameras=[made("one")])
    with Process(tmp_path, path, "--state", "state") as watch:
        watch.wait_for("one: up")
        path.write_text("cameras: [")
        watch.popen.send_signal(signal.SIGHUP)
        watch.wait_for("all stays as it was")
        cameras_file(tmp_path, street, cameras=[made("one"), made("two")])
        watch.popen.send_signal(signal.SIGHUP)
        watch.wait_for("1 of 2 cameras new")
        watch.wait_for("two: up")
        status, out = watch.stop()
    assert status == 0
    assert watch.log.read_text().count("one: up") == 1
    told = [json.loads(line) for line in out.splitlines() if line[:1] == "{"]
    of_two = [one for one in told if one["camera"] == "two" and one["kind"] == "health"]
    assert of_two[0]["event"]["state"] == "up"
    assert "one: " in out
    assert "two: " in out


def test_to_be_asked_to_read_again_while_it_begins_ends_nothing(street, tmp_path):
    path = cameras_file(tmp_path, street, cameras=[made("one")])
    with Process(tmp_path, path, "--state", "state") as watch:
        wait_until((tmp_path / "state" / ".lock").exists)
        watch.popen.send_signal(signal.SIGHUP)
        watch.wait_for("read again; 0 of 1 cameras new")
        status, _ = watch.stop()
    assert status == 0


@pytest.fixture
def loading(street, tmp_path):
    """A watch whose runs still load, and which has caught signals by then."""
    path = cameras_file(tmp_path, street, cameras=[made("one")])
    with Process(tmp_path, path, "--state", "state") as watch:
        wait_until(lambda: {signal.SIGHUP, signal.SIGTERM} <= caught_by(watch.popen.pid))
        assert not (tmp_path / "state").exists(), "it has loaded already"
        yield watch


def caught_by(pid):
    """The signals that a process has handlers for."""
    status = Path(f"/proc/{pid}/status").read_text()
    mask = int(re.search(r"^SigCgt:\s*(\w+)$", status, re.MULTILINE)[1], 16)
    return {one for one in signal.Signals if mask >> (one - 1) & 1}


def test_to_be_asked_to_read_again_while_runs_load_is_done_once_they_have(loading):
    loading.popen.send_signal(signal.SIGHUP)
    loading.wait_for("read again; 0 of 1 cameras new")
    status, out = loading.stop()
    assert status == 0
    assert "one: " in out


def test_to_be_asked_to_end_while_runs_load_is_an_orderly_end(loading, tmp_path):
    status, out = loading.stop()
    assert status == 0
    assert loading.log.read_text() == ""
    assert out == "kept in state\n"
    assert JournalReader(StateFolder(tmp_path / "state")).states("one") == []


def made(name):
    return {"name": name, "source": "lavfi:testsrc2=size=128x80:rate=10"}


def test_prometheus_and_others_are_told_how_it_is(street, tmp_path):
    gone = {"name": "gone", "source": "rtsp://user:hunter2@127.0.0.1:9/x", "timeout": 1}
    path = cameras_file(tmp_path, street, cameras=[made("one"), gone])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with Process(tmp_path, path, "--state", "state", "--metrics", f"127.0.0.1:{port}") as watch:
        watch.wait_for("one: up")
        text = answer(port, "metrics")
        assert answer(port, "healthz") == "ok\n"
        assert answer(port, "readyz", 503) == "down: gone\n"
        assert 'oddframe_camera_up{camera="one"} 1.0' in text
        assert 'oddframe_camera_up{camera="gone"} 0.0' in text
        assert "hunter2" not in text + watch.log.read_text()
        watch.stop(signal.SIGINT)
    tool = program("promtool", "prometheus")
    found = subprocess.run(
        [tool, "check", "metrics"], input=text, text=True, capture_output=True, check=False
    )
    assert (found.returncode, found.stdout + found.stderr) == (0, "")


def answer(port, path, status=200):
    try:
        found = urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=10)
    except urllib.error.HTTPError as error:  # which is an answer as well
        found = error
    with found:
        assert found.status == status
        return found.read().decode()


def test_systemd_is_told_that_it_is_ready_goes_on_and_ends(street, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door:
        door.bind(str(tmp_path / "notify"))
        door.settimeout(PATIENCE)
        path = cameras_file(tmp_path, street, cameras=[made("one")])
        with Process(
            tmp_path, path, "--state", "state", NOTIFY_SOCKET=str(tmp_path / "notify")
        ) as watch:
            assert door.recv(100) == b"READY=1"
            assert door.recv(100) == b"WATCHDOG=1"
            watch.popen.send_signal(signal.SIGTERM)
            while (said := door.recv(100)) != b"STOPPING=1":
                assert said == b"WATCHDOG=1"
            assert watch.popen.wait(PATIENCE) == 0


def test_systemd_has_nothing_to_say_of_the_unit(tmp_path):
    tool = program("systemd-analyze", "systemd")
    given = (REPOSITORY / "deploy" / "oddframe.service").read_text()
    installed = Path(sys.executable).with_name("oddframe")
    assert installed.is_file()
    unit = given.replace("/opt/oddframe/.venv/bin/oddframe", str(installed))
    assert unit.count(str(installed)) == 1
    assert verified(tool, tmp_path, unit) == (0, "")
    misspelt = unit.replace("WatchdogSec", "WatchdogSeconds")
    assert "WatchdogSeconds" in verified(tool, tmp_path, misspelt)[1]


def verified(tool, folder, unit):
    """The status of systemd's own check, and all that it said."""
    path = folder / "oddframe.service"
    path.write_text(unit)
    found = subprocess.run([tool, "verify", path], text=True, capture_output=True, check=False)
    return found.returncode, found.stdout + found.stderr


def test_a_check_says_what_works_and_what_does_not(street, tmp_path):
    gone = {"name": "gone", "source": "rtsp://user:hunter2@127.0.0.1:9/x", "timeout": 1}
    other = {"name": "other", "source": "lavfi:testsrc2=size=80x128:rate=10"}
    path = cameras_file(tmp_path, street, cameras=[made("one"), gone, other])
    with Process(tmp_path, path, "--state", "state", "--check") as watch:
        out, _ = watch.popen.communicate(timeout=PATIENCE)
    one, of_gone, of_other, kept, sink, end = out.decode().splitlines()
    assert kept.startswith("events: kept in state, where ")
    assert "one: lavfi:testsrc2=size=128x80:rate=10: 128x80, 10 frames/s" in one
    assert "gone: does not work" in of_gone
    assert "hunter2" not in out.decode()
    assert "learnt from pictures of 128x80, and the camera gives 80x128" in of_other
    assert sink == "alerts.lines: prints a line of JSON on standard output; of one, gone, other"
    assert end == "2 of these will not work as it is"
    assert watch.popen.returncode == 3
    assert not (tmp_path / "state").exists()
