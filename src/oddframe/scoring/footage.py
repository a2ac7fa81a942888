"""Scoring footage into one folder of results that fit together."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oddframe.console.progress import Progress, progress
from oddframe.console.words import count
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.features.feature_info import INFO_FILE
from oddframe.files.atomic import begun_in
from oddframe.files.folder_lock import alone_in
from oddframe.footage.deep_footage import at_range_of_run
from oddframe.footage.zoned_footage import with_zones, zones_for_run
from oddframe.media.clock import Clock
from oddframe.scores.camera_troubles import CameraTrouble
from oddframe.scores.detections import Detection, explained, find_detections, oddest_moments
from oddframe.scores.events_file import event_row
from oddframe.scores.frame_scores import Scores
from oddframe.scores.in_notebooks import chosen_video, event_table, score_table
from oddframe.scores.in_supervision import of_events
from oddframe.scores.judged_part import JudgedPart
from oddframe.scores.maps import MAPS, read_maps
from oddframe.scores.standing_out import levels
from oddframe.scores.untested import with_untested
from oddframe.scoring.kept import KEPT, SETTINGS, VideoScores
from oddframe.scoring.meta import meta_of
from oddframe.scoring.plan import Scoring
from oddframe.scoring.request import ScoreRequest
from oddframe.scoring.result_folder import (
    SHOWN_BY,
    Results,
    drop_maps,
    finish,
    place,
    require_free,
    results_of,
)
from oddframe.scoring.showing import Showing
from oddframe.scoring.videos import score_videos
from oddframe.videos.manifest import Manifest
from oddframe.videos.names import require_files_apart
from oddframe.videos.video import SPLITS, Video

if TYPE_CHECKING:
    from pandas import DataFrame
    from supervision import Detections  # ty: ignore[import-not-found]

ODDEST = 6
"""So many moments are named where no threshold does."""
_BEGINNINGS = (f"{KEPT}/{SETTINGS}", f"features/{INFO_FILE}")


@dataclass(frozen=True)
class Scored:
    """What ``score`` made.

    Attributes:
        scores: one per frame of each video, float32 ``(frames,)``, higher is odder.
        detections: video id to its events, each with half-open frames, reason and boxes in pixels.
        manifest: the videos.
        path: the scores file.
        report: the report page, if one was asked for.
        failed: video id to the reason why it could not be scored.
        annotated: folder of the videos with scores drawn in, if they were asked for.
        camera: video id to troubles of the camera itself.
        oddest: video id to the moments of the highest scores, where no threshold names events.
        clips: video id to a clip of each of its events (or of its oddest moments), if they were
            asked for.
    """

    scores: Scores
    detections: dict[str, list[Detection]]
    manifest: Manifest
    path: Path
    report: Path | None
    failed: dict[str, str]
    annotated: Path | None = None
    camera: Mapping[str, Sequence[CameraTrouble]] = field(default_factory=dict)
    oddest: Mapping[str, list[Detection]] = field(default_factory=dict)
    clips: Mapping[str, list[Path]] = field(default_factory=dict)

    @property
    def odd(self) -> int:
        """How many odd moments there are."""
        return sum(map(len, self.detections.values()))

    def rows(self) -> list[dict[str, Any]]:
        """An event each: as in ``events.json``, with its video, the threshold, and its clip.

        Returns:
            Plain values by name: ``video``, ``start`` and ``end`` (half-open frames from 0),
            ``start_seconds``, ``end_seconds``, ``peak_score``, ``reason``, ``boxes``, and so on.
        """
        rows = []
        for video in self.manifest:
            clips = self.clips.get(video.id, ())
            for at, event in enumerate(self.detections[video.id]):
                row = {"video": video.id, **event_row(event, video.clock)}
                row["threshold"] = self.scores.meta.get("threshold")
                rows.append(row | ({"clip": str(clips[at])} if clips else {}))
        return rows

    def to_dataframe(self) -> DataFrame:
        """A row for each judged frame, in pandas: ``video``, ``frame``, ``seconds``, ``score``.

        ``time`` is there too, the time of day, where a recording says when it was made.

        Returns:
            The table, videos one after the other.

        Raises:
            OddframeError: pandas is not installed.
        """
        clocks = {video.id: video.clock for video in self.manifest}
        part = JudgedPart.of(self.scores.meta)
        judged = {name: part.frames(clock) for name, clock in clocks.items()} if part else {}
        return score_table(self.scores.values, clocks, judged)

    def events_to_dataframe(self) -> DataFrame:
        """A row for each event, in pandas: :meth:`rows`.

        Returns:
            The table; without events one that is empty.

        Raises:
            OddframeError: pandas is not installed.
        """
        return event_table(self.rows())

    def events_to_supervision(
        self, video: str | None = None, frame: int | None = None
    ) -> Detections:
        """The boxes of a video's events, as ``supervision.Detections``.

        ``xyxy`` are pixels of the video; ``tracker_id`` numbers its events from 1, in order;
        ``data`` has ``class_name`` (the cue), ``score`` (of the event's peak), ``reason``, and
        ``frame``, which the box is of. Events of detectors that do not say where have no box.

        Args:
            video: its id; not needed where there is one alone.
            frame: only events that last at this frame, 0-based.

        Returns:
            A detection for each box.

        Raises:
            OddframeError: no such video, several to choose from, or supervision is not installed.
        """
        name = chosen_video(self.detections, video, "events_to_supervision")
        numbered = enumerate(self.detections[name], start=1)
        return of_events(
            [(n, one) for n, one in numbered if frame is None or one.start <= frame < one.end]
        )


def score_footage(request: ScoreRequest) -> Scored:
    """Score videos into a folder; what is there already and did not change is kept.

    Raises:
        OddframeError: a request that cannot be met, another writer in the folder, or no video that
            could be scored.
        KeyboardInterrupt: Ctrl-C; what is done is kept.
    """
    request.check()
    rule, wanted, path = request.rule, request.wanted, request.path
    folder = path.parent
    with alone_in(folder):
        finish(folder)
        require_free(folder)
        with progress() as bar, begun_in(folder, *_BEGINNINGS):
            scoring, shown = _planned(request, bar)
            kept = scoring.kept(request.run)
            before = results_of(path, kept.settings)
            made, failed = score_videos(scoring, request.run, shown, before, request.workers, bar)
            if not made:
                raise OddframeError(
                    f"{request.footage.path}: none of {count(len(shown), 'video')} could be "
                    f"scored; the first: {next(iter(failed.values()))}"
                )
        found = {video_id: video.found for video_id, video in made.items()}
        manifest = _as_scored(scoring.manifest, shown, found)
        untested = {name: part.untested for name, part in found.items()}
        meta = with_untested(meta_of(request), untested)
        scores = Scores({name: part.values for name, part in found.items()}, meta)
        alarming = scores.alarming
        clocks = {video.id: video.clock for video in manifest}
        detections = {n: find_detections(alarming[n], rule, clock) for n, clock in clocks.items()}
        oddest = {} if rule.is_finite else _oddest(scores, clocks)
        for moments in (detections, oddest):
            for name, parts in moments.items():
                moments[name] = explained(parts, found[name].reasons, clocks[name])
        results = Results(made, scores, detections, clocks, rule)
        gone = place(path, kept, results, keep_maps=wanted.maps)
        _say_removed(folder, set(gone) - wanted.shown)
        maps = read_maps(folder / MAPS, scores)
        camera = {name: part.camera for name, part in found.items() if part.camera}
        showing = Showing(request, manifest, scores, oddest or detections, maps, camera)
        annotated = showing.annotated_videos() if wanted.annotate else None
        clips = showing.clips() if wanted.clips else {}
        page = showing.page() if wanted.report else None
        if not wanted.maps:
            drop_maps(folder, scores)
    left_out = {**manifest.left_out, **failed}
    return Scored(
        scores, detections, manifest, path, page, left_out, annotated, camera, oddest, clips
    )


def _oddest(scores: Scores, clocks: Mapping[str, Clock]) -> dict[str, list[Detection]]:
    """The moments of the highest scores, as far as they stand out of their videos."""
    above = levels(scores.values, scores.meta)
    return oddest_moments(scores.alarming.values, clocks, ODDEST, above)


def _planned(request: ScoreRequest, bar: Progress) -> tuple[Scoring, tuple[Video, ...]]:
    """How the videos are scored, and which; features that are missing are extracted first."""
    run, folder = request.run, request.path.parent
    manifest, shown = _videos(request)
    require_files_apart((video.id for video in shown), folder)
    features = request.footage.path if request.footage.kind == "features" else request.features
    if features is None and run.detector.traits.looks_at == "features":
        # It loads PyTorch, which a detector that looks at frames may do without.
        from oddframe.features.backbones import BackboneOptions
        from oddframe.scoring.features import extract_for

        features = folder / "features"
        backbone = BackboneOptions(request.weights, device=request.device)
        extract_for(run, manifest, shown, features, backbone, request.workers, bar)
    scoring = Scoring(
        run=run.folder,
        manner=request.manner,
        manifest=manifest,
        features=features,
        mapped=request.wanted.mapped and run.detector.traits.places,
        folder=folder,
        detector=run.source.get("file"),
        part=request.part,
        device=request.device,
    )
    return scoring, shown


def _videos(request: ScoreRequest) -> tuple[Manifest, tuple[Video, ...]]:
    """All videos of the footage, and those to score."""
    footage, split = request.footage, request.split
    manifest = footage.read(out=request.path.parent)
    if footage.kind == "features":
        return manifest, manifest.videos
    trained = not request.run.detector.traits.needs_no_footage
    if trained or math.isfinite(request.run.detector.threshold):  # else it has seen no footage
        manifest = at_range_of_run(manifest, request.run.levels)
    zones = zones_for_run(request.zones, request.run.zones, trained=trained)
    manifest = with_zones(manifest, zones or None)
    if footage.is_manifest:
        names = (split or "test").split(",")
        for name in names:
            if name not in SPLITS:
                raise OddframeError(
                    f"--split: expected {', '.join(SPLITS)}, or 'val,test'; found '{name}'"
                )
        shown = manifest.split(*names) or (() if split else manifest.videos)
        if not shown:
            raise OddframeError(f"{footage.path}: no videos in the split '{split}'")
        return manifest, shown
    videos = tuple(replace(v, split="test", label=v.label if v.events else None) for v in manifest)
    manifest = replace(manifest, videos=videos)
    return manifest, manifest.videos


def _as_scored(
    manifest: Manifest, shown: tuple[Video, ...], found: Mapping[str, VideoScores]
) -> Manifest:
    """The videos that were scored, with the frame counts that really decode, and their cuts."""
    videos = []
    for video in shown:
        if video.id not in found:
            continue
        scored = replace(video, cuts=found[video.id].cuts)
        frames = len(found[video.id].values)
        if frames != video.frames:
            scored = replace(scored, frames=frames, events=())
            if video.events:
                warnings.warn(
                    f"{manifest.locate(video)}: {count(frames, 'frame')} decode where the manifest "
                    f"has {video.frames}, so its events are not shown; make the manifest anew with "
                    "'oddframe prepare'",
                    OddframeWarning,
                    stacklevel=3,
                )
        videos.append(scored)
    return replace(manifest, videos=tuple(videos))


def _say_removed(folder: Path, gone: set[str]) -> None:
    """Say that what showed the scores before is gone, where it is not made again."""
    options = " and ".join(option for name, option in SHOWN_BY.items() if name in gone)
    if options:
        warnings.warn(
            f"{folder}: what showed the scores and events before is removed; give {options} as "
            "well to have it of these",
            OddframeWarning,
            stacklevel=3,
        )
