"""What the memory of a watch over many hours is made of: in use, kept by the C library, resident.

    python bench/live_memory.py RUN --hours 12 --results bench/results/live_memory.txt

Recordings of one minute of the home office go through one watch in this process, one after the
other. So that a day takes minutes, what judges them is a beat in place of the run's detector: ten
seconds of each recording are odd, and become an event with picture and clip. What the detector
takes is not in it; ``live_soak.py`` has the whole of it, from outside.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import oddframe.watching.camera
from oddframe.cameras.cameras_file import Camera, CamerasFile
from oddframe.detectors.frame_score import FrameScore
from oddframe.files.atomic import write_text
from oddframe.media.frames import Frame
from oddframe.runs.run_folder import read_run
from oddframe.sources.source import source_of
from oddframe.watching.plan import plan_of
from oddframe.watching.watch import Watch
from provenance import provenance, run

DATA = Path(os.environ.get("ODDFRAME_DATA", Path(__file__).parents[2] / "shared" / "data"))
FPS, SECONDS, ODD = 5, 60, 10
FOOTAGE = "home-office-days/03-12.mp4"
_PARTS = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"


class Heap(ctypes.Structure):
    """What ``mallinfo2`` of the GNU C library says."""

    _fields_ = tuple((name, ctypes.c_size_t) for name in _PARTS.split())


class Beat:
    """A detector whose scores are odd for some seconds of each recording; all else is another's."""

    def __init__(self, other: Any) -> None:
        self._other, self.frames = other, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._other, name)

    def stream(self, *_: Any, **__: Any) -> Beat:
        """Its own stream."""
        return Beat(self._other)

    def push(self, frame: Frame) -> list[FrameScore]:
        """The score of a frame, whose pixels are looked at."""
        frame.rgb((128, 64))
        number, self.frames = self.frames, self.frames + 1
        odd = number % (FPS * SECONDS) >= FPS * (SECONDS - ODD)
        return [FrameScore(number, self._other.threshold * (2.0 if odd else 0.1))]

    def finish(self) -> list[FrameScore]:
        """Nothing is left."""
        return []


def recordings(folder: Path, hours: float) -> Path:
    """So many hours of one piece of the office."""
    piece = folder / "piece.mp4"
    coded = ["-r", FPS, "-c:v", "libx264", "-preset", "ultrafast", "-g", 25, piece]
    words = ["ffmpeg", "-y", "-v", "error", "-i", DATA / FOOTAGE, "-t", SECONDS, *coded]
    subprocess.run([str(word) for word in words], check=True)
    there = folder / "recordings"
    there.mkdir()
    begin = time.time() - hours * 3600
    for number in range(round(hours * 3600 / SECONDS)):
        copy = there / f"{number:05d}.mp4"
        copy.write_bytes(piece.read_bytes())
        at = begin + (number + 1) * SECONDS
        os.utime(copy, (at, at))
    return there


def sample(watch: Watch) -> list[float]:
    """Hours judged, recordings, events; MB in use, free in the heap, resident; blocks of Python."""
    library = ctypes.CDLL(None)
    library.mallinfo2.restype = Heap
    heap = library.mallinfo2()
    status = Path("/proc/self/status").read_text()
    resident = int(re.findall(r"VmRSS:\s*(\d+)", status)[0]) / 1024
    counts = watch.cameras[0].counts
    in_use = (heap.uordblks + heap.hblkhd) / 2**20
    hours = counts.scored / FPS / 3600
    events = counts.alarms + counts.untold
    return [
        hours,
        hours * 3600 / SECONDS,
        events,
        in_use,
        heap.fordblks / 2**20,
        resident,
        sys.getallocatedblocks(),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("run", type=Path, help="run folder of a fixed camera")
    parser.add_argument("--hours", type=float, default=12.0, help="of camera time")
    parser.add_argument("--results", type=Path, help="file that the output is added to")
    options = parser.parse_args()
    vars(oddframe.watching.camera)["_NICE"] = 0  # nothing beside it is to go first
    lines = [
        "  hours  recordings  events  MB in use  MB free in the heap  MB resident  Python's blocks"
    ]
    with tempfile.TemporaryDirectory() as name:
        source = source_of(str(recordings(Path(name), options.hours)), timeout=1.0)
        camera = Camera("office", source, options.run)
        plan = plan_of(camera, read_run(options.run))
        plan = replace(plan, detector=Beat(plan.detector))
        wanted = CamerasFile(options.run, (camera,), {})
        watch = Watch(wanted, [plan], Path(name) / "state", lambda _: None)

        def ask() -> None:
            due = 0.5
            while True:
                time.sleep(0.5)
                if not watch.cameras:
                    continue
                now = sample(watch)
                if now[0] >= due or now[0] >= options.hours - 0.01:
                    due += 0.5
                    hours, films, events, in_use, free, resident, blocks = now
                    lines.append(
                        f"{hours:>7.2f} {films:>11.0f} {events:>7g} {in_use:>10.2f} {free:>20.2f} "
                        f"{resident:>12.2f} {blocks:>16,}"
                    )
                    print(lines[-1], flush=True)
                if now[0] >= options.hours - 0.01:
                    os.kill(os.getpid(), signal.SIGTERM)
                    return

        threading.Thread(target=ask, daemon=True).start()
        print(lines[0], flush=True)
        watch.run()
    if options.results:
        before = options.results.read_text() if options.results.exists() else ""
        content = [provenance(), *lines]
        write_text(options.results, before + "\n" * bool(before) + "\n".join(content) + "\n")


if __name__ == "__main__":
    run(main)
