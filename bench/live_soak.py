"""Many hours of camera time through one ``oddframe watch``: what grows, how many alarms, how late.

    python bench/live_soak.py RUN --hours 24 --results bench/results/live_soak.txt

Hours of the home office, of days that the run did not learn, lie in a folder as recordings that
follow each other, and are judged as fast as that goes. Into each, three pieces are rendered: a
lamp that makes everything brighter, noise, and darkness. Beside it the same process watches a film
at its own pace, through which a red box goes for ten seconds every five minutes: how late an alarm
of it comes is how late an alarm of a camera is. Alarms go to a webhook on this machine, and there
is a budget.

The memory of the process, its threads and its open files are asked of ``/proc`` every two seconds.
Ctrl-C ends it sooner, with what there is by then.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from oddframe.errors import OddframeError
from oddframe.files.atomic import write_text
from oddframe.journal.question import Question
from oddframe.journal.reading import JournalReader
from oddframe.journal.state_folder import StateFolder
from provenance import provenance, run

DATA = Path(os.environ.get("ODDFRAME_DATA", Path(__file__).parents[2] / "shared" / "data"))
FPS = 5
HOUR = 3600
PARTS = 12
FEWEST = 3
"""Samples in a part of the time, about, at least."""
SAMPLE = 2.0
LATE = 10.0
"""Seconds of the end that are not waited for: a detector keeps some frames until others come."""
FLAT = 0.05
"""Share by which memory may differ between parts of the time, once it has begun."""
WALKER = (
    f"color=red:size=20x30:rate={FPS}[box];[in]fps={FPS}[film];"
    "[film][box]overlay=x='100*(mod(t,300)-290)/10':y=24:enable='gte(mod(t,300),290)'[out]"
)
"""FFmpeg's filters for the film that has its own pace."""
NAMED = "%Y-%m-%d_%H-%M-%SZ"
RENDERED = {
    "gain": "eq=contrast=1.35:brightness=0.08",
    "noise": "noise=alls=35:allf=t",
    "darkness": "eq=contrast=0.25:brightness=-0.35",
}
"""FFmpeg's filters, at 1/6, 3/6 and 5/6 of each recording."""
LASTS = 1 / 30
"""For how much of a recording each of them lasts."""


@dataclass(frozen=True)
class Recording:
    """A recording of the folder: when it begins, in Unix seconds, and its length in seconds."""

    at: float
    seconds: float

    def rendered(self) -> list[tuple[str, float, float]]:
        """What was rendered into it, from when to when."""
        begins = (self.at + self.seconds * (2 * number + 1) / 6 for number in range(len(RENDERED)))
        return [
            (name, at, at + LASTS * self.seconds) for name, at in zip(RENDERED, begins, strict=True)
        ]


@dataclass(frozen=True)
class Sample:
    """The process at one moment.

    Attributes:
        frames: of the office that were judged by then.
        memory: MB that are resident.
        threads, files: how many.
        age: seconds since the last frame of the film that has its own pace.
    """

    frames: int
    memory: float
    threads: int
    files: int
    age: float


def hours() -> list[Path]:
    """The recordings of the office: whole days first, those that were learnt at last."""
    days = sorted((DATA / "home-office-days").glob("*.mp4"))
    return [*days, *sorted((DATA / "home-office" / "train").glob("*.mp4"))]


def ffmpeg(source: Path, filters: str, seconds: float, out: Path, *before: str) -> None:
    """Render a film."""
    command = ["ffmpeg", "-y", "-v", "error", *before, "-i", source, "-vf", filters, "-t"]
    coded = ["-r", FPS, "-c:v", "libx264", "-preset", "ultrafast", "-threads", 1, "-g", 25, out]
    subprocess.run([str(word) for word in [*command, seconds, *coded]], check=True)


def rendered(folder: Path, wanted: float) -> list[Recording]:
    """Recordings of so many seconds in all, which end about now; those that are there stay."""
    folder.mkdir(exist_ok=True)
    there = sorted(folder.glob("office_*.mp4"))
    begin = at = _begins(there[0]) if there else float(int(time.time() - wanted))
    found = []
    for source in hours():
        seconds = min(HOUR, begin + wanted - at)
        if seconds < 1:
            break
        found.append(Recording(at, seconds))
        filters = [
            f"{RENDERED[name]}:enable='between(t,{since - at:g},{until - at:g})'"
            for name, since, until in found[-1].rendered()
        ]
        out = folder / f"office_{datetime.fromtimestamp(at, UTC).strftime(NAMED)}.mp4"
        if not out.exists():
            part = folder.parent / "part.mp4"
            ffmpeg(source, ",".join([f"fps={FPS}", *filters]), seconds, part)
            os.utime(part, (at, at + seconds))
            part.rename(out)
        at += seconds
    if at < begin + wanted:
        raise OddframeError(f"--hours: there are {len(found)} hours of the office at {DATA}")
    return found


def _begins(path: Path) -> float:
    named = datetime.strptime(path.stem.partition("_")[2], NAMED)
    return named.replace(tzinfo=UTC).timestamp()


class Receiver:
    """A webhook on this machine: every message that came, and when."""

    def __init__(self) -> None:
        self.got: list[tuple[float, dict[str, Any]]] = []
        self.url = ""

    @contextmanager
    def listening(self) -> Generator[None]:
        got = self.got

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                got.append((time.time(), json.loads(body)["data"]))
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None: ...

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{server.server_address[1]}/"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()


def cameras_file(folder: Path, run_folder: Path, url: str, budget: float) -> Path:
    """The office with a budget, and the film that has its own pace."""
    content = {
        "run": str(run_folder.resolve()),
        "cool_down": 0,
        "alerts": {"phone": {"kind": "webhook", "url": url}},
        "cameras": [
            {"name": "office", "source": str(folder / "office"), "alarms_per_day": budget},
            {"name": "paced", "source": str(folder / "paced.mp4")},
        ],
    }
    path = folder / "cameras.yaml"
    path.write_text(json.dumps(content))  # which is YAML
    return path


def figures(port: int) -> dict[str, float]:
    """What ``/metrics`` says, by name and labels."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
        lines = [line for line in answer.read().decode().splitlines() if line[:1] != "#"]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def sample(pid: int, said: dict[str, float]) -> Sample:
    """The process now."""
    status = dict(re.findall(r"^(\w+):\s*(\d+)", Path(f"/proc/{pid}/status").read_text(), re.M))
    return Sample(
        int(said.get('oddframe_frames_scored_total{camera="office"}', 0)),
        int(status["VmRSS"]) / 1024,
        int(status["Threads"]),
        len(list(Path(f"/proc/{pid}/fd").iterdir())),
        said.get('oddframe_frame_age_seconds{camera="paced"}', 0.0),
    )


def watched(folder: Path, cameras: Path, frames: int) -> tuple[list[Sample], dict[str, float]]:
    """Watch until so many frames of the office are judged; samples, and the last figures."""
    said_file, port = folder / "log.txt", _free_port()
    words = ["watch", cameras, "--state", folder / "state", "--metrics", f"127.0.0.1:{port}"]
    command = [sys.executable, "-m", "oddframe", *map(str, words)]
    samples: list[Sample] = []
    said: dict[str, float] = {}
    moved = time.monotonic()
    with said_file.open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        with suppress(KeyboardInterrupt):
            # Where frames were spared, or the detector failed, that many never come.
            while (not samples or samples[-1].frames < frames) and time.monotonic() - moved < 300:
                time.sleep(SAMPLE)
                if process.poll() is not None:
                    raise OddframeError(f"the watch ended: {said_file.read_text()[-500:]}")
                try:
                    said = figures(port)
                except OSError:  # it begins
                    continue
                samples.append(sample(process.pid, said))
                if len(samples) < 2 or samples[-1].frames > samples[-2].frames:
                    moved = time.monotonic()
        process.send_signal(signal.SIGTERM)
        if process.wait(60):
            raise OddframeError(f"the watch ended in failure: {said_file.read_text()[-500:]}")
    finally:
        process.kill()
    return samples, said


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def parts(samples: list[Sample], recordings: list[Recording], state: Path) -> list[dict[str, Any]]:
    """The time of the office in equal parts: what the process was like, what was told."""
    begin, seconds = recordings[0].at, sum(one.seconds for one in recordings)
    count = max(1, min(PARTS, len(samples) // FEWEST))
    events = JournalReader(StateFolder(state)).events(Question("office", most=100_000))
    rows = []
    for number in range(count):
        low, high = number * seconds / count, (number + 1) * seconds / count
        within = [one for one in samples if low < one.frames / FPS <= high]
        if not within:
            break
        during = [one for one in events if low <= one.start - begin < high]
        rows.append(
            {
                "hour": round(high / HOUR, 2),
                "mb": statistics.median(one.memory for one in within),
                "mb_most": max(one.memory for one in within),
                "threads": [f([one.threads for one in within]) for f in (min, max)],
                "files": [f([one.files for one in within]) for f in (min, max)],
                "events": len(during),
                "alarms": sum(not one.untold for one in during),
                "rendered": sum(_kind_of(one.start, one.end, recordings) != "" for one in during),
                "age": max(one.age for one in within),
            }
        )
    return rows


def _kind_of(start: float, end: float | None, recordings: list[Recording]) -> str:
    """What was rendered while an event went on, ``""`` for nothing."""
    last = start if end is None else end
    for recording in recordings:
        for name, since, until in recording.rendered():
            if start < until and last > since:
                return name
    return ""


def lateness(got: list[tuple[float, dict[str, Any]]]) -> list[float]:
    """Seconds from the filming of what an alarm tells to the webhook, of each alarm of the film
    that has its own pace."""
    return [
        at - message["event"]["seen"]
        for at, message in got
        if message["kind"] == "new" and message["camera"] == "paced"
    ]


def table(rows: list[dict[str, Any]]) -> list[str]:
    """The parts, a line each."""
    head = "until hour    MB  most  threads  open files  events  of rendered  alarms  paced, s late"
    lines = [head]
    for row in rows:
        threads, files = ("-".join(map(str, row[key])) for key in ("threads", "files"))
        lines.append(
            f"{row['hour']:>10g} {row['mb']:>5.0f} {row['mb_most']:>5.0f} {threads:>8} "
            f"{files:>11} {row['events']:>7} {row['rendered']:>12} {row['alarms']:>7} "
            f"{row['age']:>13.2f}"
        )
    return lines


def verdicts(result: dict[str, Any], rows: list[dict[str, Any]], budget: float) -> list[str]:
    """What the numbers say, a line each."""
    later = rows[1:] or rows
    levels = [row["mb"] for row in later]
    result["growth"] = round((max(levels) - min(levels)) / statistics.median(levels), 4)
    threads, files = ({row[key][0] for row in later} for key in ("threads", "files"))
    days = result["camera_hours"] / 24
    result["alarms"] = sum(row["alarms"] for row in rows)
    result["alarms_per_day"] = round(result["alarms"] / days, 1)
    late = result["late"]
    flat = result["growth"] <= FLAT
    constant = len(threads) == len(files) == 1
    told = f"{len(late)} alarms"
    if late:
        told += f", {statistics.median(late):.2f} s late by median, {max(late):.2f} s at most"
    return [
        f"{_yes(flat)}memory after the first part differs by {result['growth']:.1%}",
        f"{_yes(constant)}threads at rest {sorted(threads)}, open files at rest {sorted(files)}",
        f"{_yes(result['alarms_per_day'] <= budget)}{result['alarms_per_day']:g} alarms a day for "
        f"a budget of {budget:g}",
        f"    messages: {', '.join(f'{kind} {many}' for kind, many in result['messages'].items())}",
        f"    the film with its own pace: {told}; {result['dropped']:.0f} frames dropped",
        f"    {result['camera_hours']:g} hours of camera in {result['wall_hours']:.2f} hours: "
        f"{result['frames_per_second']:.0f} frames/s; {result['spared']:.0f} spared",
    ]


def _yes(true: bool) -> str:
    return "yes " if true else "NO  "


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("run", type=Path, help="run folder of the office")
    parser.add_argument("--hours", type=float, default=24.0, help="of camera time")
    parser.add_argument("--budget", type=float, default=6.0, help="alarms a day")
    parser.add_argument("--work", type=Path, help="where films and state lie, and stay")
    parser.add_argument("--results", type=Path, help="file that the output is added to")
    options = parser.parse_args()
    lines = [provenance()]
    receiver = Receiver()
    with tempfile.TemporaryDirectory() as name, receiver.listening():
        folder = options.work or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        recordings = rendered(folder / "office", options.hours * HOUR)
        seconds = sum(one.seconds for one in recordings)
        loop = ("-stream_loop", "-1")
        ffmpeg(hours()[0], WALKER, max(seconds / 4, 1200), folder / "paced.mp4", *loop)
        path = cameras_file(folder, options.run, receiver.url, options.budget)
        begun = time.monotonic()
        samples, said = watched(folder, path, round((seconds - LATE) * FPS))
        wall = time.monotonic() - begun
        rows = parts(samples, recordings, folder / "state")
    result = {
        "camera_hours": round(samples[-1].frames / FPS / HOUR, 2),
        "wall_hours": round(wall / HOUR, 3),
        "frames_per_second": round(samples[-1].frames / wall, 1),
        "dropped": said['oddframe_frames_dropped_total{camera="paced",reason="late"}'],
        "spared": said['oddframe_frames_dropped_total{camera="office",reason="spared"}'],
        "late": [round(one, 2) for one in lateness(receiver.got)],
        "messages": dict(Counter(f"{one['camera']} {one['kind']}" for _, one in receiver.got)),
    }
    lines += [*table(rows), *verdicts(result, rows, options.budget)]
    lines.append(json.dumps(result | {"parts": rows}))
    print("\n".join(lines))
    if options.results:
        before = options.results.read_text() if options.results.exists() else ""
        write_text(options.results, before + "\n" * bool(before) + "\n".join(lines) + "\n")


if __name__ == "__main__":
    run(main)
