"""How many cameras one ``oddframe watch`` takes: frames dropped, memory and CPU by their number.

Each camera is a video file at its own pace (25 frames/s, H.264), made from footage as
``score_speed.py`` makes it, so that decoding costs what a camera's does but for the network. The
number is raised until frames are dropped, or looked at less often, and it stops there.

    python bench/live_capacity.py [--seconds 60] [--most 12] [--sizes 640x360,1280x720]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from score_speed import REAL_TIME, footage, write_video

ENOUGH = 0.01
"""Share of frames that may be dropped."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--most", type=int, default=12)
    parser.add_argument("--sizes", default="640x360,1280x720")
    options = parser.parse_args()
    from oddframe.verbs.train import train  # which a watch does not import

    rows = []
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        normal, new = footage(work)
        for size in options.sizes.split(","):
            width, height = map(int, size.split("x"))
            write_video(work / f"normal-{size}.mp4", normal, (width, height), 1500)
            frames = round(options.seconds * REAL_TIME)
            write_video(work / f"new-{size}.mp4", new, (width, height), frames)
            run = work / f"run-{size}"
            train([work / f"normal-{size}.mp4"], run, track=["none"])
            for cameras in range(1, options.most + 1):
                row = {"size": size, "cameras": cameras} | watched(work, run, size, cameras)
                rows.append(row)
                print(json.dumps(row), flush=True)
                if row["dropped"] > ENOUGH or row["spared"] > ENOUGH:
                    break
    print(json.dumps({"cpu": platform.processor(), "cores": os.cpu_count(), "rows": rows}))


def watched(work: Path, run: Path, size: str, cameras: int) -> dict[str, Any]:
    """What a process that watches so many cameras dropped and used."""
    command = [sys.executable, __file__, "--child", str(work), str(run), size, str(cameras)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def child(work: Path, run: Path, size: str, cameras: int) -> None:
    """Watch, in this process."""
    import threading
    import time

    from oddframe.cameras.cameras_file import Camera, CamerasFile
    from oddframe.sources.source import source_of
    from oddframe.watching.plan import plans_of
    from oddframe.watching.watch import Watch

    source = source_of(str(work / f"new-{size}.mp4"))
    all_of_them = tuple(Camera(f"camera{index}", source, run) for index in range(cameras))
    wanted = CamerasFile(work, all_of_them, {})
    with tempfile.TemporaryDirectory(dir=work) as state:
        watch = Watch(wanted, plans_of(wanted), Path(state), lambda _: None)
        thread = threading.Thread(target=watch.run)
        begun = time.monotonic()
        thread.start()
        while thread.is_alive():
            time.sleep(1.0)
            states = [camera.state for camera in watch.cameras]
            counts = [camera.counts for camera in watch.cameras]
        seconds = time.monotonic() - begun
    read = sum(state.frames_read for state in states)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    from score_speed_child import peak_mb  # which imports what a watch does not

    found = {
        "dropped": round(sum(state.frames_dropped for state in states) / read, 4),
        "spared": round(sum(one.spared for one in counts) / read, 4),
        "ms_to_judge": round(
            1e3 * sum(o.seconds for o in counts) / sum(o.scored for o in counts), 1
        ),
        "cpus": round((usage.ru_utime + usage.ru_stime) / seconds, 2),
        "peak_mb": round(peak_mb()),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        work, run, size, cameras = sys.argv[2:]
        child(Path(work), Path(run), size, int(cameras))
    else:
        main()
