"""The verb ``score``: a run and videos give scores, events, and on request a report."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from oddframe.atomic import sha256_of
from oddframe.datasets.folder import prepare_folder
from oddframe.detections import Detection, find_detections, write_events
from oddframe.detectors.base import Detector, FrameScore
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.media import open_video
from oddframe.progress import progress
from oddframe.score_maps import FOLDER, map_writer, read_maps
from oddframe.scores import Scores
from oddframe.training.run_folder import Run, read_run
from oddframe.videos import Manifest, Video


@dataclass(frozen=True)
class Scored:
    """What ``score`` made.

    Attributes:
        scores: one per frame of each video.
        detections: video id to events.
        manifest: the videos.
        path: the scores file.
        report: the report page, if one was asked for.
        failed: video id to the reason why it could not be scored.
    """

    scores: Scores
    detections: dict[str, list[Detection]]
    manifest: Manifest
    path: Path
    report: Path | None
    failed: dict[str, str]


def score(
    run: Path,
    footage: Path,
    *,
    out: Path | None = None,
    root: Path | None = None,
    split: str | None = None,
    causal: bool = False,
    threshold: float | None = None,
    maps: bool = True,
    report: bool = False,
    annotate: bool = False,
) -> Scored:
    """Score videos: how odd each frame is, when something odd happened, where and why.

    Args:
        run: run folder made by ``train``.
        footage: a video, a folder of videos or of images, or a manifest.
        out: the scores file to write, ending in ``.npz``; by default ``scores/NAME/scores.npz``
            in the run folder. ``events.json``, ``maps/`` and ``report/`` go beside it.
        root: folder that a manifest's paths are relative to, if the data moved.
        split: the manifest's videos to score; by default ``test``, or all if there is none.
        causal: use no later frame, as a live alarm must; otherwise scores are smoothed in time.
        threshold: another threshold than the one that came from normal footage.
        maps: keep the score maps (about 130 MB per hour of 25 frames per second).
        report: write a report page.
        annotate: write a copy of each video with scores, heat map and events drawn in.

    Returns:
        Scores, events, and where they are.

    Raises:
        OddframeError: no such run or footage, or no video could be scored.
    """
    if threshold is not None and not math.isfinite(threshold):
        raise OddframeError(f"score: the threshold must be a finite number, found {threshold}")
    fitted = read_run(run)
    manifest, shown = _footage(footage, root, split)
    source = footage.resolve()
    # A folder's name has no suffix: 2026.05.01 and 2026.05.02 are two.
    name = source.name if source.is_dir() else source.stem
    path = out or run / "scores" / name / "scores.npz"
    if path.suffix != ".npz":
        raise OddframeError(f"{path}: the scores file must end in .npz; give another --out")
    limit = fitted.detector.threshold if threshold is None else threshold
    values: dict[str, np.ndarray] = {}
    detections: dict[str, list[Detection]] = {}
    failed: dict[str, str] = {}
    with progress() as bar:
        for video in shown:
            try:
                scored = _score_video(
                    fitted.detector,
                    manifest,
                    video,
                    path.parent / FOLDER / f"{video.id}.npy",
                    causal,
                    limit,
                    bar.count,
                )
            except OddframeError as error:
                if len(shown) == 1:
                    raise
                failed[video.id] = str(error)
                warnings.warn(f"{video.id}: left out ({error})", OddframeWarning, stacklevel=2)
                continue
            values[video.id], detections[video.id] = scored
    if not values:
        raise OddframeError(f"{footage}: none of the {len(shown)} videos could be scored")
    manifest = _as_scored(manifest, shown, values)
    scores = Scores(values, _meta(fitted, footage, causal, limit, threshold is not None))
    scores.write(path)
    fps = {video.id: video.fps for video in manifest}
    write_events(path.parent / "events.json", detections, fps)
    kept = read_maps(path.parent / FOLDER, values)
    if annotate:
        _annotate(path.parent, manifest, scores, detections, kept, limit)
    page = None
    if report:
        from oddframe.reporting.page import write_report

        total = sum(video.frames for video in manifest)
        with progress() as bar:
            page = write_report(
                path.parent / "report",
                title=f"Odd moments in {source.name}",
                manifest=manifest,
                scores=scores,
                detections=detections,
                maps=kept,
                split=None,
                training_note=training_note(fitted),
                advance=bar.counter("making the report", total),
            )
    if not maps:
        for video_id in kept:
            (path.parent / FOLDER / f"{video_id}.npy").unlink()
    return Scored(scores, detections, manifest, path, page, failed)


def training_note(run: Run) -> str:
    """A sentence on what a run was fitted on, for a report."""
    fitted_on = run.config.get("fitted_on", {})
    notes = run.detector.notes
    parts = [
        f"Detector {run.detector.name}, fitted on {fitted_on.get('videos', '?')} normal videos "
        f"({fitted_on.get('minutes', '?')} minutes)"
    ]
    parts += [
        f"{name.replace('_', ' ')} {value}" for name, value in notes.items() if name != "threshold"
    ]
    return "; ".join([*parts, str(notes.get("threshold", ""))]) + "."


def _footage(
    footage: Path, root: Path | None, split: str | None
) -> tuple[Manifest, tuple[Video, ...]]:
    if footage.suffix == ".jsonl":
        manifest = Manifest.read(footage, root)
        shown = manifest.split(split or "test") or (() if split else manifest.videos)
        if not shown:
            raise OddframeError(f"{footage}: no videos in the split '{split}'")
        return manifest, shown
    if not footage.exists():
        raise OddframeError(f"{footage}: no such video, folder or manifest")
    manifest = prepare_folder(footage)
    videos = tuple(replace(v, split="test", label=v.label if v.events else None) for v in manifest)
    manifest = replace(manifest, videos=videos)
    return manifest, manifest.videos


def _score_video(
    detector: Detector,
    manifest: Manifest,
    video: Video,
    map_path: Path,
    causal: bool,
    threshold: float,
    count: Callable[[str, int, int | None], None],
) -> tuple[np.ndarray, list[Detection]]:
    raw = np.empty(video.frames, np.float32)
    # The best frame of each second above the threshold keeps its reason; all would not be flat.
    reasons: dict[int, FrameScore] = {}
    seen = 0
    with open_video(manifest.locate(video), video.fps) as reader, map_writer(map_path) as writer:
        for frame in detector.score_frames(reader):
            if frame.frame == raw.size:
                raw = np.concatenate([raw, np.empty(raw.size, np.float32)])
            raw[frame.frame] = frame.value
            seen = frame.frame + 1
            if frame.score_map is not None:
                writer.write(frame.score_map)
            second = int(frame.frame / video.fps)
            if frame.reason and (second not in reasons or frame.value > reasons[second].value):
                reasons[second] = replace(frame, score_map=None)
            count(video.id, seen, video.frames)
    if not seen:
        raise OddframeError(f"{manifest.locate(video)}: no frame of the video can be decoded")
    values = raw[:seen]
    if not causal and detector.smoothing_seconds > 0:
        from scipy.ndimage import gaussian_filter1d

        sigma = detector.smoothing_seconds * video.fps
        values = gaussian_filter1d(values, sigma, mode="nearest")
    found = find_detections(values, threshold, video.fps)
    return values, [_explained(detection, reasons, video.fps) for detection in found]


def _explained(detection: Detection, reasons: dict[int, FrameScore], fps: float) -> Detection:
    # Smoothing may move the peak a little, so the nearest explained frame of the event speaks.
    inside = [f for f in reasons.values() if detection.start - fps < f.frame < detection.end + fps]
    if not inside:
        return detection
    nearest = min(inside, key=lambda frame: abs(frame.frame - detection.peak))
    return replace(detection, cue=nearest.cue, reason=nearest.reason, boxes=nearest.boxes)


def _as_scored(
    manifest: Manifest, shown: Sequence[Video], values: dict[str, np.ndarray]
) -> Manifest:
    """The videos that were scored, with the frame counts that really decode."""
    videos = tuple(
        v if len(values[v.id]) == v.frames else replace(v, frames=len(values[v.id]), events=())
        for v in shown
        if v.id in values
    )
    return replace(manifest, videos=videos)


def _meta(
    run: Run, footage: Path, causal: bool, threshold: float, by_hand: bool
) -> dict[str, object]:
    return {
        "detector": run.detector.name,
        "run": str(run.folder),
        "run_sha256": run.sha256,
        "manifest_sha256": sha256_of(footage) if footage.suffix == ".jsonl" else None,
        "causal": causal,
        "smoothing_seconds": 0.0 if causal else run.detector.smoothing_seconds,
        "normalisation": "none (surprise against held-out normal footage)",
        "threshold": threshold,
        "threshold_source": "given by hand" if by_hand else run.detector.notes.get("threshold"),
    }


def _annotate(
    folder: Path,
    manifest: Manifest,
    scores: Scores,
    detections: dict[str, list[Detection]],
    maps: dict[str, np.ndarray],
    threshold: float,
) -> None:
    from oddframe.reporting.annotated_video import write_annotated_video

    with progress() as bar:
        for video in manifest:
            write_annotated_video(
                manifest.locate(video),
                folder / "annotated" / f"{video.id}.mp4",
                scores[video.id],
                threshold=threshold,
                maps=maps.get(video.id),
                detections=detections[video.id],
                truth=video.frame_labels() if video.events else None,
                fps=video.fps,
                advance=bar.counter(f"annotating {video.id}", video.frames),
            )
