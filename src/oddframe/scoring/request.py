"""What is asked of a scoring: how, when to alarm, what to write. Made once, and passed whole."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

from oddframe.calibration.zoned_scores import check_sensitivity
from oddframe.cluster.spread import Workers
from oddframe.detectors.contract import merge_seconds_of
from oddframe.errors import OddframeError
from oddframe.footage.given import Footage
from oddframe.runs.run_folder import CHECKPOINT, ORACLE, Run
from oddframe.scores.detections import EventRule
from oddframe.scores.judged_part import JudgedPart
from oddframe.scoring.result_folder import ANNOTATED, CLIPS, REPORT
from oddframe.settings.devices import check_device, device_here
from oddframe.zones.zone import Zones


@dataclass(frozen=True)
class Manner:
    """How scores come from what a detector measures.

    Attributes:
        causal: use no later frame, as a live alarm must.
        per_video: scale scores within each video, from the least to the largest value in it.
        oracle: with the checkpoint that was best on the test videos.
    """

    causal: bool = False
    per_video: bool = False
    oracle: bool = False

    @property
    def checkpoint(self) -> str:
        """Which of a run's checkpoints."""
        return ORACLE if self.oracle else CHECKPOINT

    @property
    def suffix(self) -> str:
        """What results in another manner than the usual one are called by."""
        return "-oracle" * self.oracle + "-per-video" * self.per_video


@dataclass(frozen=True)
class Alarms:
    """When scores become events.

    Attributes:
        threshold: another one than the run's own.
        merge_seconds: another gap of alarms that are one than the detector's.
        min_seconds: see :class:`oddframe.scores.detections.EventRule`.
    """

    threshold: float | None = None
    merge_seconds: float | None = None
    min_seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.threshold is not None and not math.isfinite(self.threshold):
            raise OddframeError(
                f"score: the threshold must be a finite number, found {self.threshold}"
            )

    def rule(self, run: Run, manner: Manner) -> EventRule:
        """The rule for scores that a run gives in a manner."""
        limit = self.threshold
        if (
            limit is None
        ):  # scores that are scaled within each video have none that promises a thing
            limit = 0.5 if manner.per_video else run.detector.threshold
        merge = self.merge_seconds
        if merge is None:
            merge = merge_seconds_of(run.detector)
        return EventRule(limit, merge, self.min_seconds)


@dataclass(frozen=True)
class Wanted:
    """What is written.

    Attributes:
        path: the scores file; by default ``scores/NAME/scores.npz`` in the run folder. All else
            goes beside it.
        maps: keep the score maps.
        report: write a report page.
        annotate: write a copy of each video with scores, heat map and events drawn in.
        clips: cut out the odd moments.
    """

    path: Path | None = None
    maps: bool = True
    report: bool = False
    annotate: bool = False
    clips: bool = False

    @property
    def shown(self) -> set[str]:
        """Which of :data:`SHOWN_BY` are made."""
        made = {REPORT: self.report, ANNOTATED: self.annotate, CLIPS: self.clips}
        return {name for name, wanted in made.items() if wanted}

    @property
    def mapped(self) -> bool:
        """Whether anything needs score maps."""
        return self.maps or self.report or self.annotate


@dataclass(frozen=True)
class ScoreRequest:
    """Footage to be scored by a run.

    Attributes:
        run: the run, read from the checkpoint that the manner asks for.
        footage: what is scored.
        split: the manifest's videos, such as ``val,test``; by default ``test``, or all if there is
            none.
        features: the features of the videos, where the run reads features and has them.
        weights: the weight file of the backbone that extracts them otherwise.
        zones: of the camera's picture; None means those of the run.
        part: the part of each video that is judged; None for all of it.
        manner, alarms, wanted: how, when to alarm, what to write.
        workers: who does it.
        device: where a network computes, see :func:`oddframe.settings.devices.device_here`.
    """

    run: Run
    footage: Footage
    split: str | None = None
    features: Path | None = None
    weights: Path | None = None
    zones: Zones | None = None
    part: JudgedPart | None = None
    manner: Manner = field(default_factory=Manner)
    alarms: Alarms = field(default_factory=Alarms)
    wanted: Wanted = field(default_factory=Wanted)
    workers: Workers = field(default_factory=Workers)
    device: str = "auto"

    @property
    def rule(self) -> EventRule:
        """What makes an event."""
        return self.alarms.rule(self.run, self.manner)

    @property
    def path(self) -> Path:
        """The scores file."""
        name = self.footage.name + self.manner.suffix + (self.part.suffix if self.part else "")
        return self.wanted.path or self.run.folder / "scores" / name / "scores.npz"

    def check(self) -> None:
        """Refuse what this run or this footage does not take, before anything is done.

        Raises:
            OddframeError: an option that is of no use here, or a scores file of another kind.
        """
        run, manner = self.run, self.manner
        who, traits = f"{run.folder}: {run.detector.name}", run.detector.traits
        if traits.looks_at == "frames" and self.features is not None:
            raise OddframeError(f"{who} looks at frames; leave out --features")
        if traits.looks_at == "features" and self.zones is not None:
            raise OddframeError(f"{who} reads features of whole pictures; leave out --zones")
        if manner.per_video and not traits.per_video:
            raise OddframeError(f"{who} does not scale its scores; leave out --per-video")
        if traits.looks_at == "features" and self.part is not None:
            raise OddframeError(
                f"{who} reads features of whole videos; leave out --start and --end, or cut the "
                "part out of the video first"
            )
        self._check_device(who)
        zones = run.zones if self.zones is None else self.zones
        check_sensitivity(zones, traits.places, who)
        if manner.per_video and any(zone.sensitivity != 1 for zone in zones):
            raise OddframeError(
                "--per-video scales all scores of a video together, so zones have no sensitivity "
                "of their own; leave it out of them"
            )
        if manner.per_video and manner.causal:
            raise OddframeError(
                "--per-video needs the whole video and --causal forbids it; leave one of them out"
            )
        if manner.causal and not traits.causal:
            raise OddframeError(
                f"{who} looks at a whole video before it scores a part of it, so there are no "
                "causal scores; leave out --causal"
            )
        if self.split is not None and not self.footage.is_manifest:
            raise OddframeError(
                f"{self.footage.path}: --split chooses among a manifest's videos; leave it out to "
                "score all here"
            )
        if self.path.suffix != ".npz" or self.path.is_dir():
            raise OddframeError(
                f"{self.path}: the scores file must end in .npz; give another --out"
            )

    def _check_device(self, who: str) -> None:
        check_device(self.device)
        traits = self.run.detector.traits
        extracts = traits.looks_at == "features" and self.features is None
        extracts = extracts and self.footage.kind != "features"
        if self.device == "cuda" and not (traits.on_gpu or extracts):
            raise OddframeError(f"{who} scores on the CPU; leave out --device")
        if traits.on_gpu:
            device_here(self.device)
