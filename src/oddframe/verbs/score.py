"""The verb ``score``: a run and videos give scores, events, and on request a report."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from oddframe.atomic import begun_in, sha256_of
from oddframe.cluster.spread import is_spread
from oddframe.datasets.deep_footage import at_range_of_run
from oddframe.detections import Detection, write_events
from oddframe.errors import OddframeError
from oddframe.features.feature_folder import INFO_FILE
from oddframe.paths import text_paths
from oddframe.progress import Progress, progress
from oddframe.score_maps import FOLDER, read_maps
from oddframe.score_terms import FOLDER as TERMS
from oddframe.score_terms import read_terms
from oddframe.scores import Scores
from oddframe.training.run_folder import CHECKPOINT, ORACLE, Run, read_run
from oddframe.verbs.footage import read_footage
from oddframe.verbs.kept_scores import FOLDER as KEPT
from oddframe.verbs.kept_scores import SETTINGS
from oddframe.verbs.training_record import training_record
from oddframe.verbs.video_scoring import Scoring, score_videos
from oddframe.videos import SPLITS, Manifest, Video
from oddframe.words import count, notes_lines


@dataclass(frozen=True)
class Scored:
    """What ``score`` made.

    Attributes:
        scores: one per frame of each video.
        detections: video id to events.
        manifest: the videos.
        path: the scores file.
        report: the report page, if one was asked for.
        annotated: folder of the videos with scores drawn in, if they were asked for.
        failed: video id to the reason why it could not be scored.
    """

    scores: Scores
    detections: dict[str, list[Detection]]
    manifest: Manifest
    path: Path
    report: Path | None
    failed: dict[str, str]
    annotated: Path | None = None


@text_paths
def score(
    run: Path,
    footage: Path,
    *,
    out: Path | None = None,
    features: Path | None = None,
    weights: Path | None = None,
    root: Path | None = None,
    split: str | None = None,
    oracle: bool = False,
    causal: bool = False,
    per_video: bool = False,
    threshold: float | None = None,
    maps: bool = True,
    report: bool = False,
    annotate: bool = False,
    detector: str | None = None,
    workers: int | None = None,
    ray: str | None = None,
) -> Scored:
    """Score videos: how odd each frame is, when something odd happened, where and why.

    Stopped before all of several videos are scored and started again, it goes on where it was.

    Args:
        run: run folder made by ``train``.
        footage: a video, a folder of videos or of images, a manifest, or, for a run that was
            trained on features, a folder of features.
        out: the scores file to write, ending in ``.npz``; by default ``scores/NAME/scores.npz``
            in the run folder. ``events.json``, ``maps/`` and ``report/`` go beside it.
        features: the features of the videos; without them, a run that needs features extracts
            them from the footage as its training features were, into ``features/`` beside the
            scores.
        weights: the weight file of the backbone for that, if it does not bring its own.
        root: folder that a manifest's paths are relative to, if the data moved.
        split: the manifest's videos to score, such as ``val,test``; by default ``test``, or all
            if there is none. Thresholds are chosen on ``val`` where the scores hold it.
        oracle: score with the checkpoint that was best on the test videos (``train --oracle``).
        causal: use no later frame, as a live alarm must; otherwise scores are smoothed in time.
        per_video: scale scores within each video, from the least to the largest value in it, as
            papers on prediction and reconstruction do; only to compare with them, since it needs
            the whole video and takes for granted that something odd is in it.
        threshold: another threshold than the one that came from normal footage.
        maps: keep the score maps (about 130 MB per hour of 25 frames per second).
        report: write a report page.
        annotate: write a copy of each video with scores, heat map and events drawn in.
        detector: the file (.py) of a detector of your own that the run was trained with; its code
            is run. A run never starts code by itself.
        workers: processes that take video by video, on a CPU each; more than one needs Ray.
        ray: HOST:PORT of a Ray cluster to use, or auto for the one that runs on this machine; as
            many workers as it has CPUs unless workers says otherwise.

    Returns:
        Scores, events, and where they are.

    Raises:
        OddframeError: no such run or footage, no video could be scored, or no Ray.
        KeyboardInterrupt: Ctrl-C; what is done is kept.
    """
    is_spread(workers, ray)
    if threshold is not None and not math.isfinite(threshold):
        raise OddframeError(f"score: the threshold must be a finite number, found {threshold}")
    fitted = read_run(run, ORACLE if oracle else CHECKPOINT, detector)
    source = footage.resolve()
    # A folder's name has no suffix: 2026.05.01 and 2026.05.02 are two.
    name = source.name if source.is_dir() else source.stem
    name += "-oracle" * oracle + "-per-video" * per_video
    path = out or run / "scores" / name / "scores.npz"
    if path.suffix != ".npz":
        raise OddframeError(f"{path}: the scores file must end in .npz; give another --out")
    if per_video:
        _check_per_video(fitted, causal)
    limit = threshold
    if limit is None:  # scores that are scaled within each video have none that promises anything
        limit = 0.5 if per_video else fitted.detector.threshold
    beginnings = (f"{KEPT}/{SETTINGS}", f"features/{INFO_FILE}")
    with progress() as bar, begun_in(path.parent, *beginnings):
        scoring, shown = _scoring(
            fitted,
            ORACLE if oracle else CHECKPOINT,
            footage,
            features,
            weights,
            root,
            split,
            causal,
            per_video,
            limit,
            path.parent,
            workers,
            ray,
            bar,
        )
        found, failed = score_videos(scoring, fitted, shown, workers=workers, address=ray, bar=bar)
        if not found:
            raise OddframeError(
                f"{footage}: none of {count(len(shown), 'video')} could be scored; the first: "
                f"{next(iter(failed.values()))}"
            )
    values = {video_id: part[0].astype(np.float32) for video_id, part in found.items()}
    detections = {video_id: part[1] for video_id, part in found.items()}
    manifest = _as_scored(scoring.manifest, shown, values)
    meta = _meta(fitted, footage, causal, limit, threshold is not None)
    if "score" in fitted.detector.notes:
        meta["combination"] = fitted.detector.notes["score"]
    if per_video:
        meta["normalisation"] = "per-video: each term from 0 to 1 within each video"
        meta["smoothing_seconds"] = 0.0
        if threshold is None:
            meta["threshold_source"] = f"threshold {limit:g}: a value in the middle, no promise"
    if oracle:
        meta["checkpoint"] = "oracle: chosen by the truth of the test videos"
    if not math.isfinite(limit):
        # An imported detector knows no threshold until it has seen normal footage.
        meta["threshold"] = None
        meta["threshold_source"] = "no threshold: import with --normal, or give --threshold"
    scores = Scores(values, meta)
    scores.write(path)
    clocks = {video.id: video.clock for video in manifest}
    write_events(path.parent / "events.json", detections, clocks)
    scoring.kept(fitted).remove()
    kept = read_maps(path.parent / FOLDER, values)
    annotated = path.parent / "annotated" if annotate else None
    if annotated:
        _annotate(annotated, manifest, scores, detections, kept, limit)
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
                terms=read_terms(path.parent / TERMS, values),
                **training_record(run),
                advance=bar.counter("making the report", total),
            )
    if not maps:
        for video_id in kept:
            (path.parent / FOLDER / f"{video_id}.npy").unlink()
    left_out = {**manifest.left_out, **failed}
    return Scored(scores, detections, manifest, path, page, left_out, annotated)


def training_note(run: Run) -> str:
    """A sentence on what a run was fitted on, for a report."""
    fitted_on = run.config.get("fitted_on", {})
    amount, anomalous = fitted_on.get("videos"), fitted_on.get("anomalous")
    videos = "normal videos" if amount is None else count(amount, "normal video")
    if amount is not None and anomalous is not None:
        videos = f"{count(amount, 'labelled video')}, {anomalous} of them anomalous"
    minutes = f" ({fitted_on['minutes']} minutes)" if "minutes" in fitted_on else ""
    origin = f"fitted on {videos}{minutes}"
    if fitted_on.get("held_out_videos"):
        origin += (
            f", {fitted_on['held_out_videos']} more held out "
            f"({fitted_on['held_out_minutes']} minutes)"
        )
    if run.config.get("verb") == "import":
        origin = f"imported from {run.config.get('source', 'a checkpoint')}"
    parts = [f"Detector {run.detector.name}, {origin}"]
    return "; ".join([*parts, *notes_lines(run.detector.notes)]) + "."


def _scoring(
    run: Run,
    checkpoint: str,
    footage: Path,
    features: Path | None,
    weights: Path | None,
    root: Path | None,
    split: str | None,
    causal: bool,
    per_video: bool,
    threshold: float,
    folder: Path,
    workers: int | None,
    address: str | None,
    bar: Progress,
) -> tuple[Scoring, tuple[Video, ...]]:
    """How to score, and which videos; features that are needed and not given are extracted."""
    # It loads PyTorch, which a detector that looks at frames may do without.
    from oddframe.verbs.feature_scoring import extract_for, videos_of_features

    shown: tuple[Video, ...]
    if run.detector.inputs == "frames":
        if features is not None:
            raise OddframeError(
                f"{run.folder}: {run.detector.name} looks at frames; leave out --features"
            )
        manifest, shown = _footage(run, footage, root, split)
    elif causal:
        raise OddframeError(
            f"{run.folder}: {run.detector.name} looks at a whole video before it scores a part of "
            "it, so there are no causal scores; leave out --causal"
        )
    elif features is None and footage.is_dir() and any(footage.rglob("[!.]*.npy")):
        manifest, features = videos_of_features(footage), footage
        shown = manifest.videos
    else:
        manifest, shown = _footage(run, footage, root, split)
        if features is None:
            features = extract_for(
                run, manifest, shown, folder / "features", weights, workers, address, bar
            )
    scoring = Scoring(
        run.folder,
        checkpoint,
        manifest,
        features,
        causal,
        per_video,
        threshold,
        folder,
        run.source.get("file"),
    )
    return scoring, shown


def _check_per_video(run: Run, causal: bool) -> None:
    if not hasattr(run.detector, "scaled_terms"):
        raise OddframeError(
            f"{run.folder}: {run.detector.name} does not scale its scores; leave out --per-video"
        )
    if causal:
        raise OddframeError(
            "--per-video needs the whole video and --causal forbids it; leave one of them out"
        )


def _footage(
    run: Run, footage: Path, root: Path | None, split: str | None
) -> tuple[Manifest, tuple[Video, ...]]:
    manifest = at_range_of_run(read_footage(footage, root), run.levels)
    if footage.suffix == ".jsonl":
        names = (split or "test").split(",")
        for name in names:
            if name not in SPLITS:
                raise OddframeError(
                    f"--split: expected {', '.join(SPLITS)}, or 'val,test'; found '{name}'"
                )
        shown = manifest.split(*names) or (() if split else manifest.videos)
        if not shown:
            raise OddframeError(f"{footage}: no videos in the split '{split}'")
        return manifest, shown
    videos = tuple(replace(v, split="test", label=v.label if v.events else None) for v in manifest)
    manifest = replace(manifest, videos=videos)
    return manifest, manifest.videos


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
        "normalisation": run.detector.normalisation,
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
                folder / f"{video.id}.mp4",
                scores[video.id],
                threshold=threshold if math.isfinite(threshold) else None,
                maps=maps.get(video.id),
                detections=detections[video.id],
                truth=video.frame_labels() if video.events else None,
                clock=video.clock,
                levels=video.levels,
                advance=bar.counter(f"annotating {video.id}", video.frames),
            )
