"""The verb ``watch``: cameras in, alarms out, for as long as one lets it."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from oddframe.alerts.sinks.stdout import StdoutSink
from oddframe.cameras.cameras_file import Camera, CamerasFile, read_cameras
from oddframe.cluster.connection import connected
from oddframe.cluster.machines import Machines
from oddframe.console.redaction import say
from oddframe.errors import OddframeError
from oddframe.files.paths import text_paths
from oddframe.journal.live_event import checked_camera
from oddframe.journal.state_folder import DEFAULT
from oddframe.sources.source import source_of
from oddframe.watching.checking import CheckedCameras, check_cameras
from oddframe.watching.plan import plans_of
from oddframe.watching.signals import Signals
from oddframe.watching.watch import Watch
from oddframe.watching.watched import Watched

JSON = "json"
"""Name of the sink that ``--json`` adds."""


@text_paths
def watch(
    what: Path,
    source: str | None = None,
    *,
    state: Path = Path(DEFAULT),
    name: str = "camera",
    pace: str = "file",
    transport: str = "tcp",
    threshold: float | None = None,
    alarms_per_hour: float | None = None,
    json: bool = False,
    check: bool = False,
    send: bool = False,
    metrics: str | None = None,
    ray: str | None = None,
) -> Watched | CheckedCameras:
    """Watch cameras: each event is told as it happens, and kept with its picture and clip.

    It goes on until it is stopped (Ctrl-C, SIGTERM), or a video file is through. SIGHUP reads the
    cameras file again.

    Args:
        what: run folder made by ``train``; or, without a source, a cameras file
            (``docs/cameras.md``).
        source: a camera (``rtsp://``, ``http://``, ``/dev/video0``), a file that grows
            (``growing:FILE``), a folder that receives recordings, or a video file.
        state: the folder of events, clips and messages; one process writes in it.
        name: of the camera; a cameras file names its own.
        pace: of a video file: ``file`` as it was filmed, ``fast`` as fast as it can be scored.
        transport: of RTSP, ``tcp`` or ``udp``.
        threshold: another threshold than the one that came from normal footage.
        alarms_per_hour: a budget: where there are more alarms, only the oddest are told.
        json: print each message as a line of JSON on standard output.
        check: only try everything: open each source, say what it gives and whether its run fits,
            and what each alert would send.
        send: with ``--check``, send a real test message by each alert.
        metrics: HOST:PORT on which Prometheus finds ``/metrics``, and others ``/healthz`` and
            ``/readyz``.
        ray: HOST:PORT of a Ray cluster whose machines watch the cameras of a cameras file, or auto
            for the one that runs on this machine (``docs/live.md``).

    Returns:
        What was seen and told; or, with ``--check``, what was found.

    Raises:
        OddframeError: no such run, file or source, a run that cannot watch, or a state folder that
            cannot be written.
    """
    if source is None:
        given = {
            "--name": name != "camera",
            "--pace": pace != "file",
            "--transport": transport != "tcp",
            "--threshold": threshold is not None,
            "--alarms-per-hour": alarms_per_hour is not None,
        }
        for option, there in given.items():
            if there:
                raise OddframeError(
                    f"{what}: {option} goes with a run and a source; a cameras file says it itself"
                )
        if what.is_dir():
            raise OddframeError(
                f"{what}: expected a cameras file, found a folder; to watch with a run, say what: "
                f"oddframe watch {what} SOURCE"
            )
        wanted = read_cameras(what)
    else:
        camera = Camera(
            checked_camera(name),
            source_of(source, transport=transport, pace=pace),
            what,
            threshold=threshold,
            alarms_per_hour=alarms_per_hour,
        )
        wanted = CamerasFile(what, (camera,), {})
    if send and not check:
        raise OddframeError("--send sends test messages and goes with --check; add it")
    if ray is not None and source is not None:
        raise OddframeError("--ray spreads the cameras of a cameras file; give one")
    if ray is not None and check:
        raise OddframeError("--check tries everything from this machine; leave out --ray")
    if check:
        return check_cameras(wanted, state, send=send)
    if json and JSON in wanted.sinks:
        raise OddframeError(
            f"{what}: --json adds a sink of the name '{JSON}', and there is one; rename it"
        )
    again = None if source is not None else what
    everybody = [StdoutSink(JSON)] if json else []
    signals = Signals()
    with signals.caught(), ExitStack() as until_over:
        plans = plans_of(wanted, spread=ray is not None)
        machines = None
        if ray is not None:
            until_over.enter_context(connected(ray))
            machines = Machines()
        return Watch(
            wanted, plans, state, say, everybody, again, metrics, machines, signals=signals
        ).run()
