"""Cameras over the machines of a Ray cluster: one is killed, and nothing is lost or told twice."""

import json
import re
import signal
import time

import pytest
from tests.made.ray_nodes import ray_nodes
from tests.made.watch_process import Process

from oddframe.cli import main
from oddframe.journal.question import Question
from oddframe.journal.reading import JournalReader
from oddframe.journal.state_folder import StateFolder
from oddframe.media.opening import open_video


def written(folder, street, *names, source="lavfi:testsrc2=size=128x80:rate=2"):
    """A cameras file; everything that a camera shows is odd, all the time."""
    cameras = [{"name": name, "source": source, "threshold": 0} for name in names]
    alerts = {"lines": {"kind": "stdout"}}
    content = {"run": str(street.run), "alerts": alerts, "cameras": cameras, "pre_roll": 1}
    path = folder / "cameras.yaml"
    path.write_text(json.dumps(content))  # which is YAML
    return path


def test_a_machine_is_killed_and_its_cameras_go_on_elsewhere(street, tmp_path):
    pytest.importorskip("ray")
    path = written(tmp_path, street, "one", "two")
    state, everyone = StateFolder(tmp_path / "state"), {"one", "two", "three"}
    with ray_nodes() as nodes:
        nodes.start()
        options = ("--state", "state", "--ray", nodes.address)
        with Process(tmp_path, path, *options, **nodes.environment) as watch:
            watch.wait_for("one: odd since")
            watch.wait_for("two: odd since")
            written(tmp_path, street, *everyone)
            watch.popen.send_signal(signal.SIGHUP)
            watch.wait_for("three: odd since")
            time.sleep(1.0)
            killed = time.time()
            nodes.kill(1)
            watch.wait_for("it is begun anew")
            time.sleep(2.0)
            lost = set(re.findall(r"(\w+): not watched", watch.log.read_text()))
            for name in lost:
                before = watch.log.read_text().partition(f"{name}: not watched")[0]
                told = before.count(f"{name}: odd since")
                watch.wait_for(f"{name}: odd since", times=told + 1)
            back = time.time()
            time.sleep(1.0)
            status, out = watch.stop()
    said = watch.log.read_text()
    assert status == 0, said
    assert len(lost) < 3, "the others were on the other machine"
    assert "Traceback" not in said
    messages = [json.loads(line) for line in out.splitlines() if line[:1] == "{"]
    ids = [one["id"] for one in messages if one["kind"] in ("new", "end")]
    assert len(ids) == len(set(ids)), "nothing is told twice"
    events = JournalReader(state).events()
    assert set(ids) == {f"{event.id}.{kind}" for event in events for kind in ("new", "end")}
    for name in everyone:
        of_it = JournalReader(state).events(Question(name))
        endings = [event.ending for event in reversed(of_it)]
        assert endings == (["interrupted", "stopped"] if name in lost else ["stopped"])
        for event in of_it:
            assert (tmp_path / "state" / event.picture).is_file()
            with open_video(tmp_path / "state" / event.clip) as video:
                # Of a machine that was killed: what was on the disk by then.
                assert sum(1 for _ in video) > (0 if event.ending == "interrupted" else 5)
        gaps = [gap for gap in JournalReader(state).gaps(name) if gap.end > killed]
        assert len(gaps) == (name in lost)
        assert all(gap.end < back for gap in gaps)
    for name in lost:
        told = [
            one["event"]["state"]
            for one in messages
            if one["kind"] == "health" and one["camera"] == name
        ]
        assert [state for state in told if state in ("up", "down")] == ["up", "down", "up"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--check"], "--check tries everything from this machine"),
        ([], "camera 'one': /dev/video3 is plugged into one machine"),
    ],
    ids=["check", "usb"],
)
def test_what_is_of_one_machine_is_refused(street, arguments, said, tmp_path, capsys):
    path = written(tmp_path, street, "one", source="/dev/video3")
    state = tmp_path / "state"
    command = ["watch", str(path), "--state", str(state), "--ray", "127.0.0.1:9", *arguments]
    assert main(command) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert not state.exists()


def test_a_single_source_is_not_spread(street, tmp_path, capsys):
    assert main(["watch", str(street.run), "lavfi:testsrc2", "--ray", "auto"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "--ray spreads the cameras of a cameras file" in line
