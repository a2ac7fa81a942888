"""The verb ``evaluate``: any scores against a manifest's truth give metrics and a report."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from oddframe.console.progress import progress
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.evaluation.evaluate import evaluate_scores
from oddframe.evaluation.result import Evaluation
from oddframe.files.atomic import sha256_of
from oddframe.files.folder_lock import alone_in_out
from oddframe.files.paths import text_paths
from oddframe.files.regular_files import stamp_of
from oddframe.runs.training_record import record_of_scores
from oddframe.scores.detections import (
    Detection,
    EventRule,
    find_detections,
    read_cuts,
    read_events,
)
from oddframe.scores.frame_scores import Scores
from oddframe.scores.maps import FOLDER, read_maps
from oddframe.scores.terms import FOLDER as TERMS
from oddframe.scores.terms import read_terms
from oddframe.scoring.result_folder import EVENTS, SOURCES, belongs
from oddframe.settings.reading import check_seed
from oddframe.videos.manifest import Manifest, Video


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
    resamples: int = 1000,
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
        resamples: bootstrap resamples over videos for the 95 % intervals.
        seed: of the bootstrap.
        report: write the report page as well.

    Returns:
        Every number.

    Raises:
        OddframeError: scores and manifest do not fit together.
    """
    check_seed(seed)
    truth = Manifest.read(manifest, root)
    folder = scores if scores.is_dir() else scores.parent
    file = folder / "scores.npz" if scores.is_dir() else scores
    # A whole file is hashed only once it was read.
    before = stamp_of(file)
    given = Scores.read(scores)
    own = belongs(file)
    if not own:
        warnings.warn(
            f"{folder / SOURCES}: maps, terms and events in this folder belong to other scores "
            f"than {file.name}, and are left out; score again, each set of scores in a folder",
            OddframeWarning,
            stacklevel=2,
        )
    videos = truth.split(split)
    names = [video.id for video in videos]
    located = read_maps(maps or folder / FOLDER, names if own or maps else [])
    if maps is not None and not located:
        raise OddframeError(f"{maps}: no score maps <id>.npy of the manifest's videos")
    terms = read_terms(folder / TERMS, names if own and report else [])
    explained, cuts = _told(folder / EVENTS) if own else ({}, {})
    if stamp_of(file) != before:
        raise OddframeError(f"{file}: changed while it was read; evaluate again")
    evaluation = evaluate_scores(
        given,
        truth,
        split=split,
        validation=Scores.read(val_scores) if val_scores else None,
        oracle=Scores.read(oracle) if oracle else None,
        maps=located or None,
        skip_first=skip_first,
        resamples=resamples,
        seed=seed,
    )
    for name, path in {"val_scores": val_scores, "oracle_scores": oracle}.items():
        if path is not None and path.is_file():
            evaluation.hashes[name] = sha256_of(path)
    evaluation.hashes["manifest"] = sha256_of(manifest)
    if scores.is_file():
        evaluation.hashes["scores"] = sha256_of(scores)
    # Numbers with a page of other numbers beside them are worse than numbers alone.
    for name in ("report.html", "metrics.json"):
        (out / name).unlink(missing_ok=True)
    evaluation.write(out / "metrics.json")
    if report:
        from oddframe.reporting.report.page import write_report

        total = sum(video.frames for video in videos)
        with progress() as bar:
            write_report(
                out,
                title=f"{evaluation.dataset}: {given.meta.get('detector', 'scores')}",
                manifest=_with_cuts(truth, cuts),
                scores=given,
                detections=_detections(explained, given, videos),
                evaluation=evaluation,
                maps=located or None,
                split=split,
                terms=terms,
                **record_of_scores(given.meta),
                advance=bar.counter("making the report", total),
            )
    return evaluation


def _told(file: Path) -> tuple[dict[str, list[Detection]], dict[str, tuple[int, ...]]]:
    """Events with their reasons, and cuts, by video; none where the file is something else.

    No number depends on them, and anybody may call a file of annotations ``events.json``.
    """
    if not file.exists():
        return {}, {}
    try:
        return read_events(file), read_cuts(file)
    except OddframeError as error:
        warnings.warn(f"the report goes without reasons: {error}", OddframeWarning, stacklevel=3)
        return {}, {}


def _with_cuts(manifest: Manifest, cuts: Mapping[str, tuple[int, ...]]) -> Manifest:
    """The manifest with the cuts that scoring found."""
    videos = (
        # Those of another video by this name may lie beyond its end.
        replace(video, cuts=tuple(at for at in cuts.get(video.id, ()) if at < video.frames))
        for video in manifest
    )
    return replace(manifest, videos=tuple(videos))


def _detections(
    explained: Mapping[str, Sequence[Detection]], scores: Scores, videos: Sequence[Video]
) -> dict[str, list[Detection]]:
    """The events at the threshold in the scores, with the reasons that ``score`` gave for them.

    ``events.json`` of somebody else's scores may be of others, so only the very same events count.
    """
    rule = EventRule.of(scores.meta)
    if rule is None:
        return {}
    detections = {}
    for video in videos:
        reasons = {(d.start, d.end, d.peak): d for d in explained.get(video.id, ())}
        found = find_detections(scores[video.id], rule, video.clock)
        detections[video.id] = [reasons.get((d.start, d.end, d.peak), d) for d in found]
    return detections
