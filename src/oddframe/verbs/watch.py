"""The verb ``watch``: cameras in, alarms out, for as long as one lets it."""

from __future__ import annotations

import sys
from pathlib import Path

from oddframe.alerts.sinks.stdout import StdoutSink
from oddframe.cameras.cameras_file import Camera
from oddframe.files.paths import text_paths
from oddframe.journal.live_event import checked_camera
from oddframe.runs.run_folder import read_run
from oddframe.sources.source import source_of
from oddframe.watching.plan import plan_of
from oddframe.watching.watch import Watch, Watched

STATE = "oddframe-state"


@text_paths
def watch(
    what: Path,
    source: str,
    *,
    state: Path = Path(STATE),
    name: str = "camera",
    pace: str = "file",
    transport: str = "tcp",
    threshold: float | None = None,
    alarms_per_hour: float | None = None,
    json: bool = False,
) -> Watched:
    """Watch a camera: each event is told as it happens, and kept with its picture and clip.

    It goes on until it is stopped (Ctrl-C, SIGTERM), or a video file is through.

    Args:
        what: run folder made by ``train``.
        source: a camera (``rtsp://``, ``http://``, ``/dev/video0``), a file that grows
            (``growing:FILE``), a folder that receives recordings, or a video file.
        state: the folder of events, clips and messages; one process writes in it.
        name: of the camera.
        pace: of a video file: ``file`` as it was filmed, ``fast`` as fast as it can be scored.
        transport: of RTSP, ``tcp`` or ``udp``.
        threshold: another threshold than the one that came from normal footage.
        alarms_per_hour: a budget: where there are more alarms, only the oddest are told.
        json: print each event as a line of JSON on standard output.

    Returns:
        What was seen and told.

    Raises:
        OddframeError: no such run or source, a run that cannot watch, or a state folder that
            cannot be written.
    """
    camera = Camera(
        checked_camera(name),
        source_of(source, transport=transport, pace=pace),
        what,
        threshold=threshold,
        alarms_per_hour=alarms_per_hour,
        alerts=("json",) * json,
    )
    sinks = [StdoutSink("json")] if json else []
    return Watch([plan_of(camera, read_run(what))], sinks, state, _say).run()


def _say(line: str) -> None:
    print(f"oddframe: {line}", file=sys.stderr, flush=True)
