"""``watch --check``: everything is tried, and said; the first thing that a person runs."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from oddframe.alerts.dispatch import try_sink
from oddframe.cameras.cameras_file import Camera, CamerasFile, Keep
from oddframe.errors import OddframeError
from oddframe.files.atomic import check_can_write
from oddframe.journal.database import check_version
from oddframe.journal.state_folder import StateFolder
from oddframe.runs.run_folder import Run, read_run
from oddframe.sources.reader import Reader
from oddframe.watching.filming import COMING
from oddframe.watching.plan import plan_of

_PATIENCE = 3.0
"""So many timeouts a camera has for its first frames."""
_KEPT: Mapping[Keep, str] = {
    "film": "",
    "pictures": "; pictures of events are kept, and no film",
    "blurred": "; blurred pictures of events are kept, and no film",
    "scores": "; of events only numbers are kept",
}


@dataclass(frozen=True)
class CheckedCameras:
    """What was found.

    Attributes:
        lines: one for each camera, one for the state folder, one for each sink.
        left_out: which of these will not work as it is, and why.
    """

    lines: tuple[str, ...]
    left_out: Mapping[str, str]

    def text(self) -> str:
        """The lines, and what comes of it."""
        if self.left_out:
            return "\n".join([*self.lines, f"{len(self.left_out)} of these will not work as it is"])
        return "\n".join([*self.lines, "all of these work"])


def check_cameras(wanted: CamerasFile, state: Path, *, send: bool) -> CheckedCameras:
    """Open every source, for some frames, and say what each sink would do.

    Args:
        wanted: the cameras and the sinks.
        state: where clips would be written.
        send: also send a real test message to each sink.
    """
    lines: list[str] = []
    failed: dict[str, str] = {}
    runs: dict[Path, Run | OddframeError] = {}
    readers = [Reader(camera.source) for camera in wanted.cameras]
    for reader in readers:  # all at once: each may take seconds
        reader.start()
    for camera, reader in zip(wanted.cameras, readers, strict=True):
        try:
            said = [_seen(camera, reader), _judged(camera, reader, runs)]
            lines.append(f"{camera.name}: {'; '.join(said)}")
        except OddframeError as error:
            lines.append(f"{camera.name}: does not work: {error}")
            failed[camera.name] = str(error)
        finally:
            reader.stop()
    try:
        lines.append(_kept(wanted, state))
    except OddframeError as error:
        lines.append(f"events: cannot be kept: {error}")
        failed["--state"] = str(error)
    if wanted.second_look is not None:
        lines.append(f"second look: {wanted.second_look.describe()}; not tried")
    names = [camera.name for camera in wanted.cameras]
    for name, sink in wanted.sinks.items():
        told = [camera.name for camera in wanted.cameras if name in camera.alerts]
        of = ", ".join(told) or "no camera"
        lines.append(f"alerts.{name}: {sink.describe()}; of {of}")
        if send:
            try:
                lines.append(try_sink(sink, state, names))
            except OddframeError as error:
                lines.append(str(error))
                failed[f"alerts.{name}"] = str(error)
    return CheckedCameras(tuple(lines), failed)


def _seen(camera: Camera, reader: Reader) -> str:
    """What a camera gives."""
    if camera.source.kind == "folder":
        return f"{camera.source.shown}: a folder, which is looked at for recordings"
    until = time.monotonic() + _PATIENCE * camera.source.timeout
    while reader.info is None and time.monotonic() < until and not reader.ended:
        reader.take(0.2)
    state = reader.state
    if state.size is None:
        raise OddframeError(f"{camera.source.shown}: {state.words}")
    rate = "of no rate that is known" if state.rate is None else f"{state.rate:g} frames/s"
    width, height = state.size
    lag = f", {state.lag:.1f} s late" if state.lag else ""
    return f"{camera.source.shown}: {width}x{height}, {rate}, {state.codec}{lag}"


def _judged(camera: Camera, reader: Reader, runs: dict[Path, Run | OddframeError]) -> str:
    """Whether its run can judge it."""
    if camera.run not in runs:
        try:
            runs[camera.run] = read_run(camera.run)
        except OddframeError as error:
            runs[camera.run] = error
    run = runs[camera.run]
    if isinstance(run, OddframeError):
        raise run
    plan = plan_of(camera, run)
    seen = reader.state.size
    if seen and (unlike := plan.unlike(seen)):
        raise OddframeError(unlike)
    words = f"judged by {run.folder} ({run.detector.name}, threshold {plan.rule.threshold:.3g})"
    if camera.alarms_per_hour:
        words += f", at most {24 * camera.alarms_per_hour:g} alarms a day"
    return words + _KEPT[camera.keep]


def _kept(wanted: CamerasFile, state: Path) -> str:
    """How much room there is for events, and that they can be written; nothing is."""
    folder = StateFolder(state)
    free = shutil.disk_usage(check_can_write(state)).free
    for camera in wanted.cameras:
        check_can_write(folder.cameras / camera.name)
    if folder.journal.exists():
        check_version(folder.journal)
    filmed = [camera for camera in wanted.cameras if camera.keep == "film"]
    floor = max((camera.retention.least_free for camera in filmed), default=0)
    if filmed and free < floor + COMING:
        raise OddframeError(
            f"{state}: {free / 1e6:,.0f} MB of its disk are free, {floor / 1e6:,.0f} MB are to "
            f"stay free, and a clip takes {COMING / 1e6:.0f} MB, so none would be written; free "
            "some space, or say less in 'retention'"
        )
    return f"events: kept in {state}, where {free / 1e9:,.1f} GB are free"
