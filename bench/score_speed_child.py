"""One measurement of ``score_speed.py`` in a process of its own, of whichever oddframe is found.

    python bench/score_speed_child.py fit RUN VIDEO
    python bench/score_speed_child.py decode VIDEO
    python bench/score_speed_child.py score RUN VIDEO
    python bench/score_speed_child.py whole RUN VIDEO
    python bench/score_speed_child.py stages RUN VIDEO

Prints one JSON line: ``frames``, ``seconds``, ``cpu_seconds``, ``peak_mb``; ``stages`` adds CPU
seconds by stage. ``score`` is from file to scores; ``whole`` is the verb, which also writes maps,
events and the scores file. Nothing newer than commit 4f00655 is used, so that both can be measured.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_CAMERA = "oddframe.detectors.own_cameras.fixed_camera"
STAGES = {
    "resize": [
        ("oddframe.media.video_file", "_FileFrame", "rgb"),
        ("oddframe.media.video_file", "_FileFrame", "grey"),
        ("oddframe.media.file_frame", "FileFrame", "rgb"),
        ("oddframe.media.file_frame", "FileFrame", "grey"),
    ],
    "breaks": [("oddframe.media.continuity", "BreakFinder", "see")],
    "motion": [
        (f"{_CAMERA}.motion", "SpeedField", "update"),
        (f"{_CAMERA}.motion", "MotionStream", "update"),
    ],
    "network": [("oddframe.features.backbones.patch_features", "PatchEncoder", "encode")],
    "memory": [
        (f"{_CAMERA}.scene", "Whitening", "__call__"),
        (f"{_CAMERA}.memory", "NormalMemory", "distances"),
        (f"{_CAMERA}.search", "NearestSearch", "distances"),
    ],
}
"""Methods by stage, those of older versions too. Decoding has threads of its own, and what is left
over is judging."""


def fit(run: Path, video: Path) -> dict[str, Any]:
    """Train the default detector."""
    from oddframe.verbs.train import train

    def learn() -> int:
        train([video], run)
        return 0

    return measured(learn)


def decode(video: Path) -> dict[str, Any]:
    """Decode alone."""
    from oddframe.media.opening import open_video

    def count() -> int:
        with open_video(video) as reader:
            return sum(1 for _ in reader)

    return measured(count)


def score(run: Path, video: Path) -> dict[str, Any]:
    """From the file to a score of every frame."""
    from oddframe.detectors.contract import looks_at_frames
    from oddframe.media.opening import open_video
    from oddframe.runs.run_folder import read_run

    try:
        from oddframe.detectors.stepping import scores_of
    except ImportError:  # where it was in the commit that this issue starts from
        from oddframe.detectors.contract import scores_of  # ty: ignore[missing-module-member]

    detector = read_run(run).detector
    assert looks_at_frames(detector)

    def count() -> int:
        with open_video(video) as reader:
            return sum(1 for _ in scores_of(detector, reader))

    return measured(count)


def whole(run: Path, video: Path) -> dict[str, Any]:
    """The verb ``score``."""
    from oddframe.verbs.score import score as verb

    def count() -> int:
        with tempfile.TemporaryDirectory() as folder:
            scored = verb(run, [video], out=Path(folder) / "scores.npz")
            return sum(len(scored.scores[video_id]) for video_id in scored.scores)

    return measured(count)


def stages(run: Path, video: Path) -> dict[str, Any]:
    """As :func:`score`, with the CPU seconds of each stage."""
    spent: dict[str, float] = defaultdict(float)
    for stage, methods in STAGES.items():
        for module, owner, name in methods:
            if find_spec(module) and hasattr(import_module(module), owner):
                timed(getattr(import_module(module), owner), name, stage, spent)
    found = score(run, video)
    spent["decode"] = decode(video)["cpu_seconds"]
    spent["judging"] = max(found["cpu_seconds"] - sum(spent.values()), 0.0)
    return {**found, "stages": dict(spent)}


def timed(owner: type, name: str, stage: str, spent: dict[str, float]) -> None:
    """Add what a method takes in its thread to a stage. None of them calls another of them."""
    method = getattr(owner, name)

    def with_time(*args: Any, **named: Any) -> Any:
        start = time.thread_time()
        try:
            return method(*args, **named)
        finally:
            spent[stage] += time.thread_time() - start

    setattr(owner, name, with_time)


def measured(work: Callable[[], int]) -> dict[str, Any]:
    """What work takes that says how many frames it saw."""
    cpu, start = time.process_time(), time.perf_counter()
    frames = work()
    return {
        "frames": frames,
        "seconds": time.perf_counter() - start,
        "cpu_seconds": time.process_time() - cpu,
        "peak_mb": peak_mb(),
    }


def peak_mb() -> float:
    """Most memory of this process so far.

    Not ``ru_maxrss`` where it can be had otherwise: Linux hands on the parent's at the time when
    the process was made.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size / (1 << 20 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    what, *paths = sys.argv[1:]
    print(json.dumps(globals()[what](*map(Path, paths))))
