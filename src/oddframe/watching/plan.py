"""One camera of the cameras file and the run that judges it, which fit together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from oddframe.calibration.zoned_scores import check_sensitivity
from oddframe.cameras.cameras_file import Camera, CamerasFile
from oddframe.detectors.contract import FrameDetector, looks_at_frames
from oddframe.errors import OddframeError
from oddframe.footage.zoned_footage import zones_for_run
from oddframe.media.opening import open_video
from oddframe.runs.learnt_shape import is_unlike, learnt_sizes
from oddframe.runs.run_folder import Run, read_run
from oddframe.scores.detections import EventRule
from oddframe.scoring.request import Alarms, Manner
from oddframe.zones.zone import Zones


@dataclass(frozen=True)
class Plan:
    """All that the watching of a camera needs.

    Attributes:
        camera: what a person says of it.
        run: the run that judges it.
        detector: the run's, which looks at frames and uses no later ones.
        rule: what makes an event.
        zones: the camera's, or else those of the run.
        learnt: (width, height) of the pictures that the run learnt from, as far as its folder
            tells, each once.
    """

    camera: Camera
    run: Run
    detector: FrameDetector
    rule: EventRule
    zones: Zones
    learnt: tuple[tuple[int, int], ...] = ()

    def unlike(self, size: tuple[int, int]) -> str:
        """Why the run cannot judge pictures of a size (width, height): a line; ``""`` if it can.

        A run knows one camera's picture, place by place; of another shape it would be judged by
        other places than it shows. Where a camera gives the same in another size, nothing moves.
        """
        if not is_unlike(self.learnt, size):
            return ""
        width, height = self.learnt[0]
        return (
            f"{self.run.folder}: learnt from pictures of {width}x{height}, and the camera gives "
            f"{size[0]}x{size[1]}; a run knows one camera, so train another for this one"
        )


def plan_of(camera: Camera, run: Run) -> Plan:
    """The plan of a camera.

    Raises:
        OddframeError: the run cannot judge a camera while it films, or a file is no video, or of
            another shape.
    """
    detector = run.detector
    who = f"camera '{camera.name}': {run.folder}: {detector.name}"
    if not looks_at_frames(detector):
        raise OddframeError(
            f"{who} looks at features of whole snippets, which live frames have not; watch with a "
            "run of a detector of frames, such as fixed-camera"
        )
    if not detector.traits.causal:
        raise OddframeError(
            f"{who} looks at a whole video before it scores a part of it, so it cannot watch; use "
            "a run of another detector, such as fixed-camera"
        )
    rule = Alarms(camera.threshold, None, camera.minimum_seconds).rule(run, Manner())
    if not rule.is_finite:
        raise OddframeError(
            f"{who} has no threshold, so nothing would ever be told; give 'threshold', or train "
            "with normal footage"
        )
    trained = not detector.traits.needs_no_footage
    zones = zones_for_run(camera.zones, run.zones, trained=trained)
    check_sensitivity(zones, detector.traits.places, who)
    plan = Plan(camera, run, detector, rule, zones, learnt_sizes(run))
    if camera.source.kind == "file":  # which else would be through at once, with nothing
        with open_video(camera.source.address) as video:
            unlike = plan.unlike((video.info.width, video.info.height))
        if unlike:
            raise OddframeError(f"camera '{camera.name}': {camera.source.shown}: {unlike}")
    return plan


def plans_of(wanted: CamerasFile, *, spread: bool = False) -> list[Plan]:
    """The plans of all cameras; those that name one run share it, with its networks.

    Args:
        wanted: what a person says of them.
        spread: whether they are to be watched on machines of a cluster.

    Raises:
        OddframeError: no such run, or one that cannot watch; or a camera that is plugged into a
            machine, and is to be watched on any.
    """
    runs: dict[Path, Run] = {}
    plans = []
    for camera in wanted.cameras:
        if spread and camera.source.kind == "usb":
            raise OddframeError(
                f"camera '{camera.name}': {camera.source.shown} is plugged into one machine, and "
                "--ray may watch it on any; give its address in the network, or leave out --ray"
            )
        if camera.run not in runs:
            runs[camera.run] = read_run(camera.run)
        plans.append(plan_of(camera, runs[camera.run]))
    return plans
