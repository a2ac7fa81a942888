"""How many frames are not judged when a camera's page puts another run in its place.

    python bench/swap_gap.py RUN OTHER_RUN FILM [SWAPS]

Watches the film, shown again and again, in one process; changes its cameras file to and fro as the
page does (`Saving.change`), and looks which frame each run judged last and first.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from itertools import pairwise
from pathlib import Path

from oddframe.cameras.cameras_file import read_cameras
from oddframe.media.opening import open_video
from oddframe.watching.plan import plans_of
from oddframe.watching.signals import Signals
from oddframe.watching.watch import Watch

_LOOK, _APART = 0.002, 6.0
"""Seconds between two looks at what was judged last, and between two swaps."""


def main(run: str, other: str, film: str, swaps: str = "6") -> None:
    """Print a line for each swap."""
    runs = [str(Path(folder).resolve()) for folder in (run, other)]
    with open_video(film) as video:
        rate = video.info.fps
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cameras.yaml"
        source = f"lavfi:movie={Path(film).resolve()}:loop=0,setpts=N/({rate}*TB)"
        path.write_text(f"cameras:\n  - {{name: front, run: '{runs[0]}', source: '{source}'}}\n")
        signals, wanted = Signals(), read_cameras(path)
        plans = plans_of(wanted)
        watch = Watch(wanted, plans, Path(folder) / "state", _quiet, again=path, signals=signals)
        threads = [threading.Thread(target=watch.run)]
        judged: list[int] = []
        threads.append(threading.Thread(target=_follow, args=(watch, judged, signals.stop)))
        for thread in threads:
            thread.start()
        try:
            time.sleep(_APART)
            for number in range(int(swaps)):
                began, before = time.monotonic(), len(judged)
                assert watch.saving is not None
                change = {"run": runs[(number + 1) % 2]}
                watch.saving.change("front", change, watch.saving.mark)
                took = time.monotonic() - began
                time.sleep(_APART)
                around = judged[max(before - 1, 0) :]
                steps = [b - a for a, b in pairwise(around)]
                print(
                    f"swap {number + 1}: {took:.2f} s in all; from one judged frame to the next "
                    f"{max(steps)} frames at most, of {rate:g} a second",
                    flush=True,
                )
        finally:
            signals.stop.set()
            for thread in threads:
                thread.join()


def _follow(watch: Watch, judged: list[int], stop: threading.Event) -> None:
    while not stop.wait(_LOOK):
        for camera in watch.cameras:
            scored = camera.latest
            if scored is not None and (not judged or judged[-1] != scored.frame.index):
                judged.append(scored.frame.index)


def _quiet(_: str) -> None:
    """What a watch says."""


if __name__ == "__main__":
    main(*sys.argv[1:])
