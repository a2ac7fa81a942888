"""Commands: real programs that read, ignore, fail, hang and leave children."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from oddframe.alerts.message import Message
from oddframe.alerts.sink import Accepted, Later, Link
from oddframe.alerts.sinks.command import CommandSink
from oddframe.alerts.sinks.reading import read_sinks
from oddframe.errors import OddframeError

FILE = Path("cameras.yaml")
EVENT = {"id": "e1", "peak": 5.0, "picture": "p.jpg", "clip": "../secret.mp4"}


def sink_of(argv: object, **more: object) -> CommandSink:
    sink = read_sinks(FILE, {"command": {"argv": argv, **more}})["command"]
    assert isinstance(sink, CommandSink)
    return sink


def message(camera: str = "front", **event: object) -> Message:
    return Message("e1.new", "new", camera, {**EVENT, **event}, 1795183392.25)


def test_what_a_program_finds(tmp_path):
    code = (
        "import json, os, sys; json.dump([sys.argv[1:], sys.stdin.read(), {k: v for k, v in "
        "os.environ.items() if k.startswith('ODDFRAME_')}], open('found.json', 'w'))"
    )
    state = tmp_path / "state"
    state.mkdir()
    (state / "p.jpg").write_bytes(b"JPEG")
    (tmp_path / "secret.mp4").write_bytes(b"not below the state folder")
    arguments = ["two words", "$HOME; rm *", "ü"]
    sink = sink_of(["env", "-C", str(tmp_path), sys.executable, "-c", code, *arguments])
    sink.open(Link(("front",), state))
    assert sink.send([message("front\x00\n\x1b[2J")]) == Accepted()
    argv, text, variables = json.loads((tmp_path / "found.json").read_text())
    assert argv == arguments  # no shell saw them
    assert json.loads(text) == message("front\x00\n\x1b[2J").to_json()
    wanted = {
        "ODDFRAME_ID": "e1.new",
        "ODDFRAME_KIND": "new",
        "ODDFRAME_CAMERA": r"front\x00\n\x1b[2J",
        "ODDFRAME_TEXT": r"front\x00 \x1b[2J: odd: score 5.00",
        "ODDFRAME_PICTURE": str(state / "p.jpg"),
        "ODDFRAME_CLIP": "",
    }
    assert {key: variables[key] for key in wanted} == wanted


def test_a_program_that_does_not_read_its_input():
    assert sink_of(["true"]).send([message(boxes="x" * 500_000)]) == Accepted()


@pytest.mark.parametrize(
    ("script", "reason"), [("exit 3", "status 3"), ("kill -TERM $$", "SIGTERM")]
)
def test_a_program_that_fails_is_run_again_later(script, reason):
    outcome = sink_of(["sh", "-c", script]).send([message()])
    assert isinstance(outcome, Later)
    assert not outcome.everybody
    assert outcome.reason == f"sh ended with {reason}"


def test_a_program_that_goes_away(tmp_path):
    program = tmp_path / "tell"
    program.write_text("#!/bin/sh\nexit 0\n")
    program.chmod(0o755)
    sink = sink_of(str(program))
    assert sink.send([message()]) == Accepted()
    program.unlink()
    outcome = sink.send([message()])
    assert isinstance(outcome, Later)
    assert outcome.everybody


def test_a_program_that_hangs_is_killed_with_what_it_started(tmp_path):
    script = f"sleep 60 & echo $! > {tmp_path}/child; trap '' TERM; sleep 60"
    began = time.monotonic()
    outcome = sink_of(["sh", "-c", script], limit=0.5).send([message()])
    assert time.monotonic() - began < 5
    assert isinstance(outcome, Later)
    assert "longer than 0.5 s" in outcome.reason
    child = int((tmp_path / "child").read_text())
    end = time.monotonic() + 5
    while Path(f"/proc/{child}/cmdline").exists() and time.monotonic() < end:
        if "Z" in Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0]:
            break  # dead, and not yet collected by whoever adopted it
        time.sleep(0.02)
    else:
        assert not Path(f"/proc/{child}").exists()


def test_what_it_prints_goes_to_standard_error():
    code = (
        "import sys; from pathlib import Path; from oddframe.alerts.message import Message; "
        "from oddframe.alerts.sinks.reading import read_sinks; "
        "s = read_sinks(Path('c.yaml'), {'command': {'argv': ['echo', 'hello']}})['command']; "
        "print(s.send([Message('m', 'end', 'front')]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("Accepted()\n", "hello\n")


def test_a_program_that_prints_gigabytes_fills_no_disk_and_nobodys_memory(capsys):
    began = time.monotonic()
    sink = sink_of(["sh", "-c", "head -c 300000000 /dev/zero; echo over >&2"], limit=60)
    assert sink.send([message()]) == Accepted()
    assert time.monotonic() - began < 50
    said = capsys.readouterr().err
    assert len(said) < 100_000
    assert "sh prints more, which is not shown" in said
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert sink.send([message()]) == Accepted()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < 50_000


def test_arguments_are_not_shown():
    sink = sink_of(["env", "-i", "Authorization: token"])
    assert "token" not in sink.describe()
    assert "with 2 arguments" in sink.describe()


@pytest.mark.parametrize(
    ("settings", "wrong"),
    [
        ({}, "'alerts.command.argv': expected a list of words"),
        ({"argv": []}, "a list of words"),
        ({"argv": ["echo", 3]}, "a list of words"),
        ({"argv": "notify-send odd"}, "a list, such as"),
        ({"argv": ["not-there-at-all"]}, "a program that is installed"),
        ({"argv": ["/etc/passwd"]}, "a program that is installed"),
        ({"argv": ["echo", "a\0b"]}, "a program that is installed"),
        ({"argv": "true", "limit": 0}, "seconds, above 0"),
        ({"argv": "true", "shell": True}, "unknown key"),
    ],
)
def test_settings_that_are_wrong_are_one_line(settings, wrong):
    with pytest.raises(OddframeError, match=wrong):
        read_sinks(FILE, {"command": settings})
