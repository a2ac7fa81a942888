"""A verb is begun aside: with less of the machine, its words in a log, and ended when asked."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from tests.made.waiting import until

from oddframe.cli.endings import DONE, STOPPED
from oddframe.processes.aside import NICE, begin_aside, last_line
from oddframe.processes.child import limit_memory


def score(street, folder, film="fast.mp4", **limits):
    words = ["score", str(street.run), str(street.root / film)]
    words += ["--out", str(folder / "scores.npz")]
    return begin_aside(words, folder / "log.txt", progress=folder / "progress.json", **limits)


def test_it_wants_less_of_the_machine_says_how_far_it_is_and_what_came_of_it(street, tmp_path):
    (tmp_path / "log.txt").write_text("of before\n")
    aside = score(street, tmp_path)
    assert aside.done is None
    until(lambda: os.getpriority(os.PRIO_PROCESS, aside._process.pid) >= NICE)
    assert aside.wait(120) == DONE
    assert not aside.goes_on
    assert aside.done.doing == "fast"
    assert 0 <= aside.done.share <= 1
    assert "of before" not in aside.said()
    assert (tmp_path / "log.txt").read_text().startswith("of before\n")
    assert aside.said()[-1] == last_line(tmp_path / "log.txt")
    assert (tmp_path / "scores.npz").is_file()


def test_it_ends_when_asked_and_what_it_kept_stays(street, tmp_path):
    footage = tmp_path / "footage"
    footage.mkdir()
    for number in range(12):
        shutil.copy(street.root / "calm.mp4", footage / f"{number}.mp4")
    words = ["score", str(street.run), str(footage)]
    aside = begin_aside([*words, "--out", str(tmp_path / "scores.npz")], tmp_path / "log.txt")
    until(lambda: list(tmp_path.glob(".scoring/videos/[!.]*.npz")))
    aside.stop()
    # A busy machine may leave it no time to end by itself.
    assert aside.wait(0) in (STOPPED, -signal.SIGTERM, -signal.SIGKILL)
    assert not (tmp_path / "scores.npz").exists()
    assert list(tmp_path.glob(".scoring/videos/[!.]*.npz"))
    aside.stop()


def test_it_has_no_more_memory_than_it_is_given(street, tmp_path):
    aside = score(street, tmp_path, most_bytes=3 << 30)
    limits = Path(f"/proc/{aside._process.pid}/limits")
    until(lambda: f"Max data size {3 << 30} {3 << 30}" in " ".join(limits.read_text().split()))
    aside.stop()
    asks = f"import {limit_memory.__module__} as c; c.limit_memory(1 << 28); bytearray(1 << 28)"
    said = subprocess.run([sys.executable, "-c", asks], capture_output=True, check=False)
    assert said.stderr.endswith(b"MemoryError\n")
