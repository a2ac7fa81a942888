"""Speed of a package beside the run that it was made of: PyTorch, ONNX in floats, ONNX in integers.

Exports the run into a temporary folder, in floats and, where the package is not refused, in
integers. Then a video is scored, from the file to a score of every frame, in one fresh process
after another that take turns, since a machine may be slower now than a minute ago. What is told are
ratios to PyTorch in the same round, the median of all rounds, and peak memory of the process.

    python bench/export_speed.py RUN VIDEO [--rounds 5] [--footage NORMAL]

``OMP_NUM_THREADS`` limits the threads of all of them. The run looks at frames.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import oddframe
from oddframe.errors import OddframeError
from oddframe.exporting.this_machine import processor, versions

CHILD = Path(__file__).with_name("score_speed_child.py")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("run", type=Path)
    parser.add_argument("video", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--footage", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ways = {"pytorch": options.run}
        for name, int8 in (("float", False), ("int8", True)):
            try:
                oddframe.export(options.run, Path(folder, name), footage=options.footage, int8=int8)
                ways[name] = Path(folder, name)
            except OddframeError as error:
                print(f"{name}: {error}")
        rounds = [
            {name: scored(run, options.video) for name, run in ways.items()}
            for _ in range(options.rounds)
        ]
    table = {name: row(name, rounds) for name in ways}
    for name, found in table.items():
        print(
            f"{name:8} {found['ms']:8.2f} ms a frame, {found['ratio']:.2f} of PyTorch's time, CPU "
            f"{found['cpu_ratio']:.2f}, {found['peak_mb']:.0f} MB"
        )
    threads = os.environ.get("OMP_NUM_THREADS", "all")
    known = {"run": options.run.name, "threads": threads, **versions(), **processor()}
    print(json.dumps({**known, "rounds": options.rounds, "table": table}))


def scored(run: Path, video: Path) -> dict[str, Any]:
    """One scoring in a process of its own."""
    done = subprocess.run(
        [sys.executable, str(CHILD), "score", str(run), str(video)],
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def row(name: str, rounds: list[dict[str, dict[str, Any]]]) -> dict[str, float]:
    """Medians of one way over all rounds, and its ratios to PyTorch in each."""

    def ratio(key: str) -> float:
        return statistics.median(one[name][key] / one["pytorch"][key] for one in rounds)

    own = [one[name] for one in rounds]
    return {
        "ms": statistics.median(1e3 * one["seconds"] / one["frames"] for one in own),
        "ratio": ratio("seconds"),
        "cpu_ratio": ratio("cpu_seconds"),
        "peak_mb": statistics.median(one["peak_mb"] for one in own),
    }


if __name__ == "__main__":
    main()
