"""Speed and memory of fitting and scoring, from a video file to scores.

Makes videos by playing footage forwards and backwards (Ped2's test clips from ``$ODDFRAME_DATA``,
else the synthetic scene), fits the default detector on normal footage at each size, and prints a
table and one JSON line: frames per second from file to scores, as a multiple of 25 frames/s, beside
decoding alone; fit time as a share of the footage's length; peak memory for a short and a long
video.

    python bench/score_speed.py [--seconds 60] [--long-minutes 60]
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from oddframe.datasets.synthetic import prepare_synthetic
from oddframe.detectors.contract import looks_at_frames, scores_of
from oddframe.media.opening import open_video
from oddframe.media.video_writing import VideoWriter
from oddframe.verbs.score import score
from oddframe.verbs.train import train

REAL_TIME = 25.0
SIZES = ((360, 240), (1280, 720))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--long-minutes", type=int, default=60)
    parser.add_argument("--child", nargs=2, metavar=("RUN", "VIDEO"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(peak_of_scoring(*options.child)))
        return
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        images = footage(work)
        for size in SIZES:
            rows.append(measure(work, images, size, options.seconds, options.long_minutes))
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(
        "size       decode f/s  score f/s  x real time  decode/score  fit/footage"
        "  MB short  MB long"
    )
    for row in rows:
        print(
            f"{row['size']:<10} {row['decode_fps']:>10.0f} {row['score_fps']:>10.1f} "
            f"{row['times_real_time']:>12.2f} {row['decode_over_score']:>13.1f} "
            f"{row['fit_share']:>12.2f} {row['short_mb']:>9.0f} {row['long_mb']:>8}"
        )
    print(json.dumps({"real_time_fps": REAL_TIME, "rows": rows}))


def footage(work: Path) -> list[np.ndarray]:
    """Some hundred frames of a real scene, or of the synthetic one."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    data = Path(os.environ.get("ODDFRAME_DATA", default)) / "ped2" / "training" / "frames"
    if data.is_dir():
        clips = sorted(data.iterdir())[:4]
        return [frame.rgb() for clip in clips for frame in open_video(clip)]
    manifest = prepare_synthetic(work / "scene")
    with open_video(manifest.locate(manifest.videos[0])) as video:
        return [frame.rgb() for frame in itertools.islice(video, 150)]


def write_video(path: Path, images: list[np.ndarray], size: tuple[int, int], frames: int) -> None:
    """Play the images forwards and backwards until there are enough frames."""
    there_and_back = [*range(len(images)), *range(len(images) - 2, 0, -1)]
    with VideoWriter(path, REAL_TIME, size) as writer:
        for index in range(frames):
            writer.write(cv2.resize(images[there_and_back[index % len(there_and_back)]], size))


def measure(
    work: Path, images: list[np.ndarray], size: tuple[int, int], seconds: int, long_minutes: int
) -> dict[str, object]:
    name = f"{size[0]}x{size[1]}"
    normal, new = work / f"normal-{name}.mp4", work / f"new-{name}.mp4"
    frames = round(seconds * REAL_TIME)
    write_video(normal, images, size, frames)
    write_video(new, images, size, frames)
    start = time.perf_counter()
    run = train(normal, work / f"run-{name}")
    fit_seconds = time.perf_counter() - start
    start = time.perf_counter()
    with open_video(new) as video:
        decoded = sum(1 for _ in video)
    decode_fps = decoded / (time.perf_counter() - start)
    start = time.perf_counter()
    assert looks_at_frames(run.detector)
    with open_video(new) as video:
        scored = sum(1 for _ in scores_of(run.detector, video))
    score_fps = scored / (time.perf_counter() - start)
    short = child(run.folder, new)
    long_mb: object = "-"
    if long_minutes and size == SIZES[0]:
        # Packets are copied, so an hour costs no encoding.
        repeats = round(long_minutes * 60 / seconds)
        long_video = work / "long.mp4"
        repeat_video(new, long_video, repeats)
        long_mb = round(child(run.folder, long_video)["peak_mb"])
    return {
        "size": name,
        "decode_fps": round(decode_fps, 1),
        "score_fps": round(score_fps, 1),
        "times_real_time": round(score_fps / REAL_TIME, 2),
        "decode_over_score": round(decode_fps / score_fps, 1),
        "fit_share": round(fit_seconds / seconds, 2),
        "short_mb": round(short["peak_mb"]),
        "long_mb": long_mb,
    }


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


def child(run: Path, video: Path) -> dict[str, float]:
    """Score in a fresh process, so that its peak memory is its own."""
    command = [sys.executable, __file__, "--child", str(run), str(video)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(output.splitlines()[-1])


def peak_of_scoring(run: str, video: str) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        scored = score(Path(run), Path(video), out=Path(folder) / "scores.npz")
    frames = sum(len(scored.scores[video_id]) for video_id in scored.scores)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"frames": frames, "peak_mb": peak}


if __name__ == "__main__":
    main()
