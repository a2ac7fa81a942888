"""What travels with scores: where they come from, how they were made, what their threshold says."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from oddframe.detectors.contract import has_terms, is_untrained, merge_seconds_of
from oddframe.errors import OddframeError
from oddframe.files.atomic import sha256_of
from oddframe.scores.frame_scores import NO_THRESHOLD, Scores, is_per_video
from oddframe.scores.judged_part import PART
from oddframe.scores.standing_out import STANDS_OUT
from oddframe.scoring.request import Manner, ScoreRequest
from oddframe.zones.zone_file import rows_of


def meta_of(request: ScoreRequest) -> dict[str, Any]:
    """``meta`` of the scores that a request gives."""
    run, manner, rule, footage = request.run, request.manner, request.rule, request.footage
    meta: dict[str, Any] = {
        "detector": run.detector.name,
        "run": str(run.folder),
        "run_sha256": run.sha256,
        "manifest_sha256": sha256_of(footage.path) if footage.is_manifest else None,
        "causal": manner.causal,
        "smoothing_seconds": 0.0
        if manner.causal or manner.per_video
        else run.detector.smoothing_seconds,
        "normalisation": f"per-video: {run.detector.per_video_scale}"
        if manner.per_video and has_terms(run.detector)
        else run.detector.normalisation,
        **asdict(rule),
        "threshold_source": _threshold_source(request),
    }
    if zones := run.zones if request.zones is None else request.zones:
        meta["zones"] = rows_of(zones)
    if request.part is not None:
        meta[PART] = request.part.row()
    if not rule.is_finite:
        meta["threshold"] = None
        if is_untrained(run.detector) and not manner.per_video:
            meta[STANDS_OUT] = asdict(run.detector.stands_out)
    if "score" in run.detector.notes:
        meta["combination"] = run.detector.notes["score"]
    if manner.oracle:
        meta["checkpoint"] = "oracle: chosen by the truth of the test videos"
    return meta


def is_scored(path: Path, run: Path, manner: Manner, manifest: Path) -> bool:
    """Whether whole scores are there that a run's very checkpoint gave in this manner.

    Args:
        path: the scores file.
        run: the run folder.
        manner: how they were to be made.
        manifest: the manifest whose videos were to be scored, as it is now.
    """
    try:
        meta = Scores.read(path).meta
    except OddframeError:
        return False
    same = {
        "run_sha256": sha256_of(run / manner.checkpoint),
        "manifest_sha256": sha256_of(manifest),
        "causal": manner.causal,
    }
    alike = all(meta.get(key) == value for key, value in same.items())
    return alike and is_per_video(meta) == manner.per_video


def _threshold_source(request: ScoreRequest) -> str | None:
    rule, source = request.rule, request.run.detector.notes.get("threshold")
    if not rule.is_finite:
        # Neither one that was imported nor one that is never trained knows a threshold until it
        # has seen normal footage.
        untrained = is_untrained(request.run.detector)
        how = "train it on normal videos" if untrained else "import with --normal"
        return f"{NO_THRESHOLD}{how}, or give --threshold"
    if request.alarms.threshold is not None:
        return "given by hand"
    if request.manner.per_video:
        return f"threshold {rule.threshold:g}: a value in the middle, no promise"
    counted = merge_seconds_of(request.run.detector)
    if rule.merge_seconds < counted:
        return (
            f"{source}; alarms were counted with gaps of up to {counted:g} s merged, so with "
            f"{rule.merge_seconds:g} s there may be more"
        )
    return source
