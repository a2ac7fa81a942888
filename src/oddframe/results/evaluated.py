"""Scores against the truth, into a folder: ``metrics.json`` and the report page."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

from oddframe.console.progress import progress
from oddframe.errors import OddframeError
from oddframe.evaluation.bootstrap import RESAMPLES
from oddframe.evaluation.evaluate import evaluate_scores
from oddframe.evaluation.result import Evaluation
from oddframe.files.atomic import sha256_of
from oddframe.reporting.wording import summary
from oddframe.results.given_scores import GivenScores
from oddframe.runs.training_record import record_of_scores
from oddframe.scores.frame_scores import Scores
from oddframe.settings.reading import check_seed
from oddframe.videos.manifest import Manifest


@dataclass(frozen=True)
class EvaluateRequest:
    """What is evaluated, against what, and what is written.

    Attributes:
        scores: anybody's scores.
        manifest: the manifest with the truth.
        out: folder for ``metrics.json`` and ``report.html``.
        root: folder that the manifest's paths are relative to, if the data moved.
        split: the split to evaluate.
        validation: the model's scores of the validation videos, where ``scores`` lacks them.
        oracle: scores of a checkpoint that was selected on the evaluated split.
        maps: folder of score maps; by default ``maps/`` beside the scores.
        skip_first: frames at the beginning of each video that do not count.
        persistence: peaks of the scores that persist by more than this have events counted.
        resamples: bootstrap resamples over videos.
        seed: fixes the resamples of the bootstrap.
        report: write the report page as well.
    """

    scores: Path
    manifest: Path
    out: Path
    root: Path | None = None
    split: str = "test"
    validation: Path | None = None
    oracle: Path | None = None
    maps: Path | None = None
    skip_first: int = 0
    persistence: float | None = None
    resamples: int = RESAMPLES
    seed: int = 0
    report: bool = True

    def __post_init__(self) -> None:
        check_seed(self.seed)
        if self.persistence is not None and not 0 <= self.persistence < math.inf:
            raise OddframeError(f"--persistence: expected 0 or more, found {self.persistence}")


def evaluate_into(request: EvaluateRequest) -> Evaluation:
    """Evaluate scores, and write the numbers and the page into a folder.

    Raises:
        OddframeError: scores and manifest do not fit together, or nothing can be written.
    """
    truth, out = Manifest.read(request.manifest, request.root), request.out
    videos = truth.split(request.split)
    names = [video.id for video in videos]
    given = GivenScores.read(request.scores, names, maps=request.maps, terms=request.report)
    evaluation = evaluate_scores(
        given.scores,
        truth,
        split=request.split,
        validation=Scores.read(request.validation) if request.validation else None,
        oracle=Scores.read(request.oracle) if request.oracle else None,
        maps=given.maps or None,
        simple_rules=given.simple_rules(videos),
        skip_first=request.skip_first,
        persistence=request.persistence,
        resamples=request.resamples,
        seed=request.seed,
    )
    if other := given.other_footage(truth, videos):
        # Not refused: a copy that was coded anew has other bytes and the same truth.
        evaluation.protocol["warnings"].append(other)
    if given.scores.threshold is not None:
        own = given.scores.of_split(truth, request.split)
        evaluation.protocol["found"] = summary(videos, own, given.detections(videos))
    evaluation.hashes.update(
        {name: digest for name, digest in _hashes(request).items() if digest is not None}
    )
    # Numbers with a page of other numbers beside them are worse than numbers alone.
    for name in ("report.html", "metrics.json"):
        (out / name).unlink(missing_ok=True)
    evaluation.write(out / "metrics.json")
    if request.report:
        _write_page(request, evaluation, truth, given)
    return evaluation


def kept_evaluation(request: EvaluateRequest) -> Evaluation | None:
    """The evaluation that is there already, if it is whole and of these very files.

    Score maps, and number and seed of the resamples, are not compared.
    """
    if request.report and not (request.out / "report.html").is_file():
        return None
    try:
        done = Evaluation.read(request.out)
    except OddframeError:
        return None
    alike = all(done.hashes.get(name) == digest for name, digest in _hashes(request).items())
    alike &= done.protocol.get("skip_first", 0) == request.skip_first
    alike &= done.protocol.get("persistence") == request.persistence
    return done if alike and done.split == request.split else None


def _hashes(request: EvaluateRequest) -> dict[str, str | None]:
    """What is read to its SHA-256; None where nothing is given, or a folder."""
    files = {
        "val_scores": request.validation,
        "oracle_scores": request.oracle,
        "manifest": request.manifest,
        "scores": request.scores,
    }
    return {
        name: sha256_of(path) if path and path.is_file() else None for name, path in files.items()
    }


def _write_page(
    request: EvaluateRequest, evaluation: Evaluation, truth: Manifest, given: GivenScores
) -> None:
    from oddframe.reporting.report.page import write_report

    scores, videos = given.scores, truth.split(request.split)
    with progress() as bar:
        write_report(
            request.out,
            title=f"{evaluation.dataset}: {scores.meta.get('detector', 'scores')}",
            manifest=_with_cuts(truth, given),
            scores=scores,
            detections=given.detections(videos),
            evaluation=evaluation,
            maps=given.maps or None,
            camera={video.id: given.told_of(video).camera for video in videos},
            split=request.split,
            terms=given.terms,
            **record_of_scores(scores.meta),
            advance=bar.counter("making the report", sum(video.frames for video in videos)),
        )


def _with_cuts(manifest: Manifest, given: GivenScores) -> Manifest:
    """The manifest with the cuts that scoring found."""
    videos = (replace(video, cuts=given.told_of(video).cuts) for video in manifest)
    return replace(manifest, videos=tuple(videos))
