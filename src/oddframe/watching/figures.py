"""What Prometheus is told of cameras and sinks; asked for at each scrape, counted elsewhere."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from oddframe import __version__
from oddframe.alerts.sender import SinkStatus
from oddframe.console.installation import how_to_install
from oddframe.errors import OddframeError
from oddframe.sources.tally import ReaderState
from oddframe.tracking import installed
from oddframe.watching.camera import CameraCounts


class Figured(Protocol):
    """A camera of which figures are told.

    Attributes:
        name: the camera's.
    """

    name: str

    @property
    def state(self) -> ReaderState:
        """How its source does."""
        ...

    @property
    def counts(self) -> CameraCounts:
        """What was counted."""
        ...


@dataclass(frozen=True)
class Watching:
    """What there is to be told of.

    Attributes:
        state: the state folder.
        cameras: those that are watched now.
        sinks: how each sink is now.
    """

    state: Path
    cameras: Callable[[], Sequence[Figured]]
    sinks: Callable[[], dict[str, SinkStatus]]


def check_installed() -> None:
    """Raise an error that says how to install what writes the figures, if it is not there.

    Raises:
        OddframeError: it is not.
    """
    if not installed("prometheus_client"):
        raise OddframeError(
            "--metrics: the Python package 'prometheus-client' is missing; install it with "
            f"{how_to_install('prometheus')}"
        )


def exposition(watching: Watching) -> bytes:
    """The text that Prometheus reads."""
    from prometheus_client import CollectorRegistry, generate_latest

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(watching))
    return generate_latest(registry)


_COUNTED = {
    "scored": ("oddframe_frames_scored", "Frames judged."),
    "seconds": ("oddframe_scoring_seconds", "Seconds that judging took."),
    "alarms": ("oddframe_alarms", "Events that somebody was told of."),
    "untold": ("oddframe_events_untold", "Events that nobody was told of."),
    "failures": ("oddframe_detector_failures", "Times the detector failed."),
}
"""What :class:`CameraCounts` has that goes out as it is: name and help of each."""


class _Collector:
    """Families of figures, made anew for each scrape."""

    def __init__(self, watching: Watching) -> None:
        self._watching = watching

    def collect(self) -> Iterator[Any]:
        """All of them."""
        from prometheus_client.core import CounterMetricFamily as Counter
        from prometheus_client.core import GaugeMetricFamily as Gauge
        from prometheus_client.core import InfoMetricFamily as Info

        info = Info("oddframe_build", "What is running.")
        info.add_metric([], {"version": __version__})
        yield info
        by_camera = ["camera"]
        counted = {key: Counter(*words, labels=by_camera) for key, words in _COUNTED.items()}
        read = Counter("oddframe_frames_read", "Frames decoded.", labels=by_camera)
        dropped = Counter(
            "oddframe_frames_dropped",
            "Frames that were not judged.",
            labels=["camera", "reason"],
        )
        lost = Counter(
            "oddframe_reconnects", "Times the source was lost.", labels=["camera", "reason"]
        )
        up = Gauge(
            "oddframe_camera_up", "Whether frames come that its run can judge.", labels=by_camera
        )
        limit = Gauge("oddframe_threshold", "Height from which people are told.", labels=by_camera)
        lag = Gauge("oddframe_lag_seconds", "From filming to decoding.", labels=by_camera)
        age = Gauge("oddframe_frame_age_seconds", "Since the last frame.", labels=by_camera)
        for camera in self._watching.cameras():
            name, state, counts = camera.name, camera.state, camera.counts
            read.add_metric([name], state.frames_read)
            for key, family in counted.items():
                family.add_metric([name], getattr(counts, key))
            dropped.add_metric([name, "late"], state.frames_dropped)
            dropped.add_metric([name, "damaged"], state.frames_damaged)
            dropped.add_metric([name, "spared"], counts.spared)
            for reason, times in state.reconnects.items():
                lost.add_metric([name, reason], times)
            up.add_metric([name], float(state.up))
            limit.add_metric([name], counts.limit)
            if state.lag is not None:
                lag.add_metric([name], state.lag)
            if state.frame_age is not None:
                age.add_metric([name], state.frame_age)
        yield from (read, *counted.values(), dropped, lost, up, limit, lag, age)
        sent = Counter(
            "oddframe_messages", "Messages by what became of them.", labels=["sink", "result"]
        )
        waiting = Gauge("oddframe_messages_waiting", "Messages not yet accepted.", labels=["sink"])
        for sink, status in self._watching.sinks().items():
            waiting.add_metric([sink], status.waiting)
            for result, times in status.counts.items():
                sent.add_metric([sink, result], times)
        yield from (sent, waiting)
        free = Gauge("oddframe_disk_free_bytes", "Free on the disk of the state folder.")
        free.add_metric([], shutil.disk_usage(self._watching.state).free)
        yield free
