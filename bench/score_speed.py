"""Speed and memory of fitting and scoring, from a video file to scores, and beside another commit.

Makes videos by playing footage forwards and backwards (Ped2's training clips from
``$ODDFRAME_DATA``, else the synthetic scene), other clips for scoring than for fitting, fits the
default detector at each size and scores. Prints a table and one JSON line: frames per second,
beside decoding alone; the share of each stage of the CPU time; fit time as a share of the footage's
length; peak memory for a short and a long video. All is measured in fresh processes; with
``--against``, two commits take turns, since a machine may be slower now than a minute ago.

    python bench/score_speed.py [--seconds 60] [--rounds 3] [--long-minutes 60] [--against COMMIT]
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from oddframe.datasets.synthetic import prepare_synthetic
from oddframe.media.opening import open_video
from oddframe.media.video_writing import VideoWriter

REAL_TIME = 25.0
SIZES = ((360, 240), (1280, 720), (1920, 1080))
ROOT = Path(__file__).resolve().parents[1]
STAGES = ("decode", "resize", "breaks", "motion", "network", "memory", "judging")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--long-minutes", type=int, default=60)
    parser.add_argument("--against", metavar="COMMIT")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sources(options.against) as versions:
        work = Path(folder)
        frames = round(options.seconds * REAL_TIME)
        normal, new = footage(work)
        rows = []
        for size in SIZES:
            name = f"{size[0]}x{size[1]}"
            video = work / f"new-{name}.mp4"
            write_video(work / f"normal-{name}.mp4", normal, size, frames)
            write_video(video, new, size, frames)
            rows += measure(work, name, versions, options.rounds)
        if options.long_minutes:
            # Packets are copied, so an hour costs no encoding.
            name = f"{SIZES[0][0]}x{SIZES[0][1]}"
            long_video = work / "long.mp4"
            repeat_video(
                work / f"new-{name}.mp4",
                long_video,
                round(options.long_minutes * 60 / options.seconds),
            )
            found = child(versions["here"], "whole", work / f"run-{name}-here", long_video)
            long_row = {"minutes": options.long_minutes, **found}
        else:
            long_row = None
    show(rows, long_row)
    print(json.dumps({"real_time_fps": REAL_TIME, "rows": rows, "long": long_row}))


@contextmanager
def sources(commit: str | None) -> Generator[dict[str, Path]]:
    """Folders of source: ``here``, and the commit's in a work tree of its own."""
    if commit is None:
        yield {"here": ROOT / "src"}
        return
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", str(tree), commit], check=True)
        try:
            yield {"here": ROOT / "src", commit: tree / "src"}
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)


def footage(work: Path) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Some hundred frames of a real scene to learn, and others of it; or of the synthetic one."""
    default = ROOT.parent / "shared" / "data"
    data = Path(os.environ.get("ODDFRAME_DATA", default)) / "ped2" / "training" / "frames"
    if data.is_dir():
        clips = sorted(data.iterdir())
        known = [frame.rgb() for clip in clips[:4] for frame in open_video(clip)]
        return known, [frame.rgb() for clip in clips[4:8] for frame in open_video(clip)]
    manifest = prepare_synthetic(work / "scene")
    with open_video(manifest.locate(manifest.videos[0])) as video:
        images = [frame.rgb() for frame in itertools.islice(video, 300)]
    return images[:150], images[150:]


def write_video(path: Path, images: list[np.ndarray], size: tuple[int, int], frames: int) -> None:
    """Play the images forwards and backwards until there are enough frames."""
    there_and_back = [*range(len(images)), *range(len(images) - 2, 0, -1)]
    with VideoWriter(path, REAL_TIME, size) as writer:
        for index in range(frames):
            writer.write(cv2.resize(images[there_and_back[index % len(there_and_back)]], size))


def measure(work: Path, name: str, versions: dict[str, Path], rounds: int) -> list[dict[str, Any]]:
    """A row for each version, at one size."""
    normal, new = work / f"normal-{name}.mp4", work / f"new-{name}.mp4"
    runs = {version: work / f"run-{name}-{version}" for version in versions}
    fits = {v: child(source, "fit", runs[v], normal) for v, source in versions.items()}
    scored: dict[str, list[float]] = {version: [] for version in versions}
    decoded: dict[str, list[float]] = {version: [] for version in versions}
    for _ in range(rounds):
        for version, source in versions.items():
            decoded[version].append(rate(child(source, "decode", new)))
            scored[version].append(rate(child(source, "score", runs[version], new)))
    rows = []
    for version, source in versions.items():
        parts = child(source, "stages", runs[version], new)
        total = sum(parts["stages"].values())
        fps, alone = statistics.median(scored[version]), statistics.median(decoded[version])
        first = scored[next(reversed(versions))]  # the commit's, if there is one
        times = [one / other for one, other in zip(scored[version], first, strict=True)]
        rows.append(
            {
                "size": name,
                "version": version,
                "decode_fps": round(alone, 1),
                "score_fps": round(fps, 1),
                "times_real_time": round(fps / REAL_TIME, 2),
                "share_of_decoding": round(fps / alone, 2),
                "times_the_commit": [round(x, 2) for x in sorted(times)],
                "fit_share": round(fits[version]["seconds"] / (parts["frames"] / REAL_TIME), 2),
                "peak_mb": round(child(source, "whole", runs[version], new)["peak_mb"]),
                "fit_peak_mb": round(fits[version]["peak_mb"]),
                "cpu_ms_a_frame": round(1000 * total / parts["frames"], 2),
                "stages": {
                    stage: round(parts["stages"].get(stage, 0.0) / total, 3) for stage in STAGES
                },
            }
        )
    return rows


def rate(found: dict[str, Any]) -> float:
    return found["frames"] / found["seconds"]


def repeat_video(source: Path, target: Path, repeats: int) -> None:
    """The same packets again and again, with times that go on."""
    import av

    with av.open(str(target), "w") as output:
        stream = None
        offset = 0
        for _ in range(repeats):
            with av.open(str(source)) as video:
                given = video.streams.video[0]
                stream = stream or output.add_stream_from_template(given)
                last = 0
                for packet in video.demux(given):
                    if packet.dts is None or packet.pts is None:
                        continue
                    last = max(last, packet.pts + (packet.duration or 0))
                    packet.pts += offset
                    packet.dts += offset
                    packet.stream = stream
                    output.mux(packet)
                offset += last


def child(source: Path, what: str, *paths: Path) -> dict[str, Any]:
    """Measure in a fresh process, with this source; see ``score_speed_child.py``."""
    command = [sys.executable, str(Path(__file__).with_name("score_speed_child.py")), what]
    done = subprocess.run(
        [*command, *map(str, paths)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(source)},
        cwd=paths[-1].parent,  # where trainings keep their record
    )
    return json.loads(done.stdout.splitlines()[-1])


def show(rows: list[dict[str, Any]], long_row: dict[str, Any] | None) -> None:
    """The tables."""
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(
        "size       version    decode f/s  score f/s  x real time  of decode  x commit (range)"
        "    fit/footage  MB fit  MB score"
    )
    for row in rows:
        times = row["times_the_commit"]
        middle = statistics.median(times)
        print(
            f"{row['size']:<10} {row['version'][:9]:<9} {row['decode_fps']:>11.0f} "
            f"{row['score_fps']:>10.1f} {row['times_real_time']:>12.2f} "
            f"{row['share_of_decoding']:>10.2f} {middle:>8.2f} ({times[0]:.2f} to {times[-1]:.2f}) "
            f"{row['fit_share']:>12.2f} {row['fit_peak_mb']:>7} {row['peak_mb']:>9}"
        )
    print("\nshare of the CPU time by stage")
    print("size       version   ms/frame  " + "  ".join(f"{stage:>8}" for stage in STAGES))
    for row in rows:
        shares = "  ".join(f"{row['stages'][stage]:>8.1%}" for stage in STAGES)
        print(f"{row['size']:<10} {row['version'][:9]:<9} {row['cpu_ms_a_frame']:>8}  {shares}")
    if long_row:
        print(
            f"\n{long_row['minutes']} minutes at {rows[0]['size']}, with maps, events and files: "
            f"{rate(long_row):.0f} f/s, {long_row['peak_mb']:.0f} MB"
        )


if __name__ == "__main__":
    main()
