"""Scoring with a detector that reads features."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from oddframe.bags.run_features import features_for, learnt_from
from oddframe.bags.snippets import score_video
from oddframe.cluster.spread import Workers
from oddframe.console.progress import Progress, says_how_to_go_on
from oddframe.detectors.contract import looks_at_features
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.features.backbones import BackboneOptions
from oddframe.features.extraction import Extracting
from oddframe.features.snippet_plan import SnippetPlan
from oddframe.features.spread_extraction import extract_spread
from oddframe.runs.run_folder import Run
from oddframe.scoring.kept import VideoScores
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Video


def feature_scorer(run: Run, folder: Path) -> Callable[[Video], VideoScores]:
    """A function that gives a video's scores from its features.

    Raises:
        OddframeError: no features there, or of another kind than the run was trained on.
    """
    features, detector = features_for(run, folder), run.detector
    assert looks_at_features(detector), "a run of frames is given no features"
    own, given = (part.get("backbone") for part in (learnt_from(run), features.info))
    if own and given and own != given:
        wrong = [key for key in own if own[key] != given.get(key)]
        raise OddframeError(
            f"{folder}: these features were made by '{given.get('name')}', those that the run was "
            f"trained on by '{own.get('name')}', with another {' and '.join(wrong)}; extract them "
            "as for the training"
        )
    if features.crops != detector.shape.crops:
        warnings.warn(
            f"{folder}: {features.crops} crops per snippet, the run was trained on "
            f"{detector.shape.crops}; scores are the mean over crops, so they still compare",
            OddframeWarning,
            stacklevel=2,
        )

    return lambda video: VideoScores(score_video(detector, features, video))


def extract_for(
    run: Run,
    manifest: Manifest,
    videos: Sequence[Video],
    folder: Path,
    options: BackboneOptions,
    workers: Workers,
    bar: Progress,
) -> Path:
    """Extract features of videos as the run's own were; goes on where a stopped one was.

    Args:
        run: trained on features that oddframe extracted.
        manifest: says where the videos are.
        videos: those wanted.
        folder: where the features are written.
        options: the backbone's weight file, if it does not bring its own, and its device.
        workers: who does it.
        bar: told the progress.

    Returns:
        The folder.

    Raises:
        OddframeError: it is not known how the run's features were made, or no video works.
    """
    info = learnt_from(run)
    made_by = info.get("backbone", {})
    if "crop_layout" not in info or "name" not in made_by:  # published files, even if merged
        raise OddframeError(
            f"{run.folder}: nothing says how the features that {run.detector.name} was trained on "
            "were extracted; extract the videos' features yourself and give --features"
        )
    plan = SnippetPlan(
        info["snippet_length"], info["stride"], info["crop_layout"], info.get("rate")
    )
    if "mean" in made_by:  # an ONNX network
        options = replace(options, mean=tuple(made_by["mean"]), std=tuple(made_by["std"]))
    how = Extracting(manifest, made_by["name"], options, plan, folder)
    with says_how_to_go_on():
        done = extract_spread(how, videos, workers, bar.count)
    if not done.extracted and not done.kept:
        raise OddframeError(next(iter(done.failed.values())))
    for video_id, reason in done.failed.items():
        warnings.warn(f"{video_id}: no features ({reason})", OddframeWarning, stacklevel=2)
    return folder
