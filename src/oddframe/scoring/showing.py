"""What shows scores to a person: the report page, videos with scores drawn in, and clips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from oddframe.console.progress import progress
from oddframe.runs.training_record import training_note, training_record
from oddframe.scores.camera_troubles import CameraTrouble
from oddframe.scores.detections import Detection
from oddframe.scores.frame_scores import Scores
from oddframe.scores.terms import TERMS, read_terms
from oddframe.scores.untested import untested_spans
from oddframe.scoring.request import ScoreRequest
from oddframe.scoring.result_folder import ANNOTATED, CLIPS, REPORT
from oddframe.videos.manifest import Manifest


@dataclass(frozen=True)
class Showing:
    """Scores that are to be shown; what shows them goes beside them.

    Attributes:
        request: what the scores are of.
        manifest: the videos, as they were scored.
        detections: events; or, without a threshold, the oddest moments.
        scores, maps, camera: what each of them has; not every video need have maps or
            troubles of its camera.
    """

    request: ScoreRequest
    manifest: Manifest
    scores: Scores
    detections: Mapping[str, list[Detection]]
    maps: Mapping[str, np.ndarray]
    camera: Mapping[str, Sequence[CameraTrouble]]

    @property
    def folder(self) -> Path:
        """Where the scores are."""
        return self.request.path.parent

    def page(self) -> Path:
        """Write the report page; its path."""
        from oddframe.reporting.report.page import write_report

        run, frames = self.request.run, sum(video.frames for video in self.manifest)
        found = "Odd moments" if self.request.rule.is_finite else "Highest scores"
        with progress() as bar:
            return write_report(
                self.folder / REPORT,
                title=f"{found} in {self.request.footage.path.resolve().name}",
                manifest=self.manifest,
                scores=self.scores,
                detections=self.detections,
                maps=self.maps,
                camera=self.camera,
                split=None,
                training_note=training_note(run, self.request.alarms.threshold),
                terms=read_terms(self.folder / TERMS, self.scores),
                **training_record(run.folder),
                advance=bar.counter("making the report", frames),
            )

    def annotated_videos(self) -> Path:
        """Write a copy of each video with scores drawn in; the folder of these."""
        from oddframe.reporting.annotated_video import write_annotated_video

        rule, untested = self.request.rule, untested_spans(self.scores.meta)
        with progress() as bar:
            for video in self.manifest:
                write_annotated_video(
                    self.manifest.locate(video),
                    self.folder / ANNOTATED / f"{video.id}.mp4",
                    self.scores[video.id],
                    threshold=rule.threshold if rule.is_finite else None,
                    maps=self.maps.get(video.id),
                    detections=self.detections[video.id],
                    untested=untested.get(video.id, ()),
                    truth=video.frame_labels() if video.events else None,
                    clock=video.clock,
                    levels=video.levels,
                    advance=bar.counter(f"annotating {video.id}", video.frames),
                )
        return self.folder / ANNOTATED

    def clips(self) -> dict[str, list[Path]]:
        """Cut out the moments; video id to a clip of each, below :data:`CLIPS`."""
        from oddframe.reporting.event_clips import write_event_clips

        found = {}
        with progress() as bar:
            for video in self.manifest:
                events = self.detections[video.id]
                found[video.id] = write_event_clips(
                    self.manifest.locate(video),
                    self.folder / CLIPS / video.id,
                    events,
                    video.clock,
                    video.levels,
                    bar.counter(f"cutting out of {video.id}", len(events)),
                )
        return found
