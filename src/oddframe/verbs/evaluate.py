"""The verb ``evaluate``: any scores against a manifest's truth give metrics and a report."""

from __future__ import annotations

from pathlib import Path

from oddframe.evaluation.bootstrap import RESAMPLES
from oddframe.evaluation.result import Evaluation
from oddframe.files.folder_lock import alone_in_out
from oddframe.files.paths import text_paths
from oddframe.results.evaluated import EvaluateRequest, evaluate_into


@text_paths
@alone_in_out
def evaluate(
    scores: Path,
    manifest: Path,
    out: Path,
    *,
    root: Path | None = None,
    split: str = "test",
    val_scores: Path | None = None,
    oracle: Path | None = None,
    maps: Path | None = None,
    skip_first: int = 0,
    persistence: float | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
    report: bool = True,
) -> Evaluation:
    """Evaluate scores, also foreign ones, against the truth of a manifest.

    Args:
        scores: ``scores.npz``, any npz of one array per video id, the same as CSV or JSON, or a
            folder of one ``.npy``, CSV or JSON per video.
        manifest: the manifest with the truth.
        out: folder for ``metrics.json`` and ``report.html``.
        root: folder that the manifest's paths are relative to, if the data moved.
        split: the split to evaluate.
        val_scores: the model's scores of the manifest's validation videos, to choose thresholds
            on; not needed where ``scores`` covers those videos too.
        oracle: scores of a checkpoint that was selected on the evaluated split, shown beside as
            the oracle.
        maps: folder of score maps ``<id>.npy``; by default ``maps/`` beside the scores.
        skip_first: leave out so many frames at the beginning of each video, as papers on
            prediction do (4); only to compare with them, and marked everywhere.
        persistence: also count events at the peaks of the scores that stand out by more than this,
            as Hasan et al. 2016 do.
        resamples: bootstrap resamples over videos for the 95 % intervals.
        seed: fixes the resamples of the bootstrap.
        report: write the report page as well.

    Returns:
        Every number.

    Raises:
        OddframeError: scores and manifest do not fit together.
    """
    request = EvaluateRequest(
        scores=scores,
        manifest=manifest,
        out=out,
        root=root,
        split=split,
        validation=val_scores,
        oracle=oracle,
        maps=maps,
        skip_first=skip_first,
        persistence=persistence,
        resamples=resamples,
        seed=seed,
        report=report,
    )
    return evaluate_into(request)
