"""Watching is killed while the first event goes to the disk: no file is left that is no event's."""

import signal
import subprocess
import sys

KILLED = """
import os, signal, sys, time
from oddframe.journal import writing

def killed(files, event):
    time.sleep(1.5)  # a disk that is slow, for longer than others wait for it
    os.kill(os.getpid(), signal.SIGKILL)

writing.write_sidecar = killed
from oddframe.cli import main
main(["watch", *sys.argv[1:]])
"""


def test_no_film_and_no_picture_is_left_without_its_event(street, tmp_path):
    film, state = street.root / "fast.mp4", tmp_path / "state"
    command = [sys.executable, "-c", KILLED, street.run, film, "--state", state, "--pace", "fast"]
    found = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    assert found.returncode == -signal.SIGKILL, found.stderr
    assert "odd since" in found.stderr
    assert [path for path in state.rglob("cameras/*/*/*") if path.name[0] != "."] == []
