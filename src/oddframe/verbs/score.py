"""The verb ``score``: a run and videos give scores, events, and on request a report."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from oddframe.cluster.spread import is_spread
from oddframe.console.progress import progress
from oddframe.console.words import count
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.features.feature_folder import INFO_FILE
from oddframe.files.atomic import begun_in, sha256_of
from oddframe.files.folder_lock import alone_in
from oddframe.files.paths import text_paths
from oddframe.footage.deep_footage import at_range_of_run
from oddframe.footage.given import read_footage
from oddframe.runs.run_folder import CHECKPOINT, ORACLE, Run, read_run
from oddframe.runs.training_record import training_note, training_record
from oddframe.scores.detections import (
    MERGE_SECONDS,
    Detection,
    EventRule,
    explained,
    find_detections,
)
from oddframe.scores.frame_scores import Scores
from oddframe.scores.maps import FOLDER, read_maps
from oddframe.scores.terms import FOLDER as TERMS
from oddframe.scores.terms import read_terms
from oddframe.scoring.kept import FOLDER as KEPT
from oddframe.scoring.kept import SETTINGS
from oddframe.scoring.plan import Scoring
from oddframe.scoring.result_folder import (
    ANNOTATED,
    REPORT,
    drop_maps,
    finish,
    place,
    require_free,
    results_of,
)
from oddframe.scoring.videos import score_videos
from oddframe.videos.manifest import SPLITS, Manifest, Video
from oddframe.videos.names import require_files_apart


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
    merge: float = MERGE_SECONDS,
    min_length: float = 0.0,
    maps: bool = True,
    report: bool = False,
    annotate: bool = False,
    detector: str | None = None,
    workers: int | None = None,
    ray: str | None = None,
) -> Scored:
    """Score videos: how odd each frame is, when something odd happened, where and why.

    Stopped and started again, it goes on where it was. What is scored already, with the same run
    and of recordings that did not change, is not scored again: another threshold takes a moment.

    Args:
        run: run folder made by ``train``.
        footage: a video, a folder of videos or of images, a manifest, or, for a run that was
            trained on features, a folder of features.
        out: the scores file to write, ending in ``.npz``; by default ``scores/NAME/scores.npz``
            in the run folder. ``events.json``, ``maps/`` and ``report/`` go beside it, and take
            the place of those of earlier scores.
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
        merge: runs of frames above the threshold are one event if at most so many seconds lie
            between them.
        min_length: seconds that an event lasts at least, after merging.
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
    checkpoint = ORACLE if oracle else CHECKPOINT
    fitted = read_run(run, checkpoint, detector)
    _check_options(fitted, causal, per_video, features)
    limit = threshold
    if limit is None:  # scores that are scaled within each video have none that promises anything
        limit = 0.5 if per_video else fitted.detector.threshold
    rule = EventRule(limit, merge, min_length)
    source = footage.resolve()
    # A folder's name has no suffix: 2026.05.01 and 2026.05.02 are two.
    name = source.name if source.is_dir() else source.stem
    name += "-oracle" * oracle + "-per-video" * per_video
    path = out or run / "scores" / name / "scores.npz"
    if path.suffix != ".npz" or path.is_dir():
        raise OddframeError(f"{path}: the scores file must end in .npz; give another --out")
    beginnings = (f"{KEPT}/{SETTINGS}", f"features/{INFO_FILE}")
    with alone_in(path.parent):
        finish(path.parent)
        require_free(path.parent)
        with progress() as bar, begun_in(path.parent, *beginnings):
            manifest, shown, features = _footage(fitted, footage, root, split, features)
            require_files_apart((video.id for video in shown), path.parent)
            if features is None and fitted.detector.traits.looks_at == "features":
                # It loads PyTorch, which a detector that looks at frames may do without.
                from oddframe.scoring.features import extract_for

                beside = path.parent / "features"
                features = extract_for(fitted, manifest, shown, beside, weights, workers, ray, bar)
            scoring = Scoring(
                run=fitted.folder,
                checkpoint=checkpoint,
                manifest=manifest,
                features=features,
                causal=causal,
                per_video=per_video,
                mapped=maps or report or annotate,
                folder=path.parent,
                detector=fitted.source.get("file"),
            )
            kept = scoring.kept(fitted)
            before = results_of(path, kept.settings)
            found, failed = score_videos(
                scoring, fitted, shown, before, workers=workers, address=ray, bar=bar
            )
            if not found:
                raise OddframeError(
                    f"{footage}: none of {count(len(shown), 'video')} could be scored; the first: "
                    f"{next(iter(failed.values()))}"
                )
        values = {video_id: part.found.values for video_id, part in found.items()}
        cuts = {video_id: part.found.cuts for video_id, part in found.items()}
        manifest = _as_scored(manifest, shown, values, cuts)
        meta = _meta(fitted, footage, causal, per_video, rule, by_hand=threshold is not None)
        if oracle:
            meta["checkpoint"] = "oracle: chosen by the truth of the test videos"
        scores = Scores(values, meta)
        detections = {
            video.id: explained(
                find_detections(scores[video.id], rule, video.clock),
                found[video.id].found.reasons,
                video.clock,
            )
            for video in manifest
        }
        clocks = {video.id: video.clock for video in manifest}
        gone = place(path, kept, found, scores, detections, clocks, rule, keep_maps=maps)
        _say_removed(
            path.parent,
            report=REPORT in gone and not report,
            annotated=ANNOTATED in gone and not annotate,
        )
        located = read_maps(path.parent / FOLDER, values)
        annotated = path.parent / ANNOTATED if annotate else None
        if annotated:
            _annotate(annotated, manifest, scores, detections, located, limit)
        page = None
        if report:
            page = _report(
                path.parent, manifest, scores, detections, located, source.name, fitted, threshold
            )
        if not maps:
            drop_maps(path.parent, values)
    left_out = {**manifest.left_out, **failed}
    return Scored(scores, detections, manifest, path, page, left_out, annotated)


def _say_removed(folder: Path, *, report: bool, annotated: bool) -> None:
    """Say that what showed the scores before is gone, where it is not made again."""
    if report or annotated:
        options = " and ".join(["--report"] * report + ["--annotate"] * annotated)
        warnings.warn(
            f"{folder}: what showed the scores and events before is removed; give {options} as "
            "well to have it of these",
            OddframeWarning,
            stacklevel=3,
        )


def _check_options(run: Run, causal: bool, per_video: bool, features: Path | None) -> None:
    """Refuse options that a detector does not take."""
    who, traits = f"{run.folder}: {run.detector.name}", run.detector.traits
    if traits.looks_at == "frames" and features is not None:
        raise OddframeError(f"{who} looks at frames; leave out --features")
    if per_video and not traits.per_video:
        raise OddframeError(f"{who} does not scale its scores; leave out --per-video")
    if per_video and causal:
        raise OddframeError(
            "--per-video needs the whole video and --causal forbids it; leave one of them out"
        )
    if causal and not traits.causal:
        raise OddframeError(
            f"{who} looks at a whole video before it scores a part of it, so there are no causal "
            "scores; leave out --causal"
        )


def _footage(
    run: Run, footage: Path, root: Path | None, split: str | None, features: Path | None
) -> tuple[Manifest, tuple[Video, ...], Path | None]:
    """All videos, those to score, and the folder of their features where there is one."""
    if split is not None and footage.suffix != ".jsonl":
        raise OddframeError(
            f"{footage}: --split chooses among a manifest's videos; leave it out to score all here"
        )
    wants_features = run.detector.traits.looks_at == "features" and features is None
    if wants_features and footage.is_dir() and any(footage.rglob("[!.]*.npy")):
        from oddframe.scoring.features import videos_of_features

        manifest = videos_of_features(footage)
        return manifest, manifest.videos, footage
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
        return manifest, shown, features
    videos = tuple(replace(v, split="test", label=v.label if v.events else None) for v in manifest)
    manifest = replace(manifest, videos=videos)
    return manifest, manifest.videos, features


def _as_scored(
    manifest: Manifest,
    shown: Sequence[Video],
    values: dict[str, np.ndarray],
    cuts: dict[str, tuple[int, ...]],
) -> Manifest:
    """The videos that were scored, with the frame counts that really decode, and their cuts."""
    scored = (replace(v, cuts=cuts[v.id]) for v in shown if v.id in values)
    videos = tuple(
        v if len(values[v.id]) == v.frames else replace(v, frames=len(values[v.id]), events=())
        for v in scored
    )
    return replace(manifest, videos=videos)


def _meta(
    run: Run, footage: Path, causal: bool, per_video: bool, rule: EventRule, *, by_hand: bool
) -> dict[str, object]:
    """What travels with the scores."""
    source = run.detector.notes.get("threshold")
    if not math.isfinite(rule.threshold):
        # An imported detector knows no threshold until it has seen normal footage.
        source = "no threshold: import with --normal, or give --threshold"
    elif by_hand:
        source = "given by hand"
    elif per_video:
        source = f"threshold {rule.threshold:g}: a value in the middle, no promise"
    elif rule.merge_seconds < MERGE_SECONDS:
        source = (
            f"{source}; alarms were counted with gaps of up to {MERGE_SECONDS:g} s merged, so with "
            f"{rule.merge_seconds:g} s there may be more"
        )
    meta: dict[str, object] = {
        "detector": run.detector.name,
        "run": str(run.folder),
        "run_sha256": run.sha256,
        "manifest_sha256": sha256_of(footage) if footage.suffix == ".jsonl" else None,
        "causal": causal,
        "smoothing_seconds": 0.0 if causal or per_video else run.detector.smoothing_seconds,
        "normalisation": "per-video: each term from 0 to 1 within each video"
        if per_video
        else run.detector.normalisation,
        **asdict(rule),
        "threshold_source": source,
    }
    if not math.isfinite(rule.threshold):
        meta["threshold"] = None
    if "score" in run.detector.notes:
        meta["combination"] = run.detector.notes["score"]
    return meta


def _report(
    folder: Path,
    manifest: Manifest,
    scores: Scores,
    detections: dict[str, list[Detection]],
    maps: Mapping[str, np.ndarray],
    name: str,
    run: Run,
    by_hand: float | None,
) -> Path:
    from oddframe.reporting.report.page import write_report

    total = sum(video.frames for video in manifest)
    with progress() as bar:
        return write_report(
            folder / REPORT,
            title=f"Odd moments in {name}",
            manifest=manifest,
            scores=scores,
            detections=detections,
            maps=maps,
            split=None,
            training_note=training_note(run, by_hand),
            terms=read_terms(folder / TERMS, scores),
            **training_record(run.folder),
            advance=bar.counter("making the report", total),
        )


def _annotate(
    folder: Path,
    manifest: Manifest,
    scores: Scores,
    detections: dict[str, list[Detection]],
    maps: Mapping[str, np.ndarray],
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
