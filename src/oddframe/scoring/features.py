"""Scoring with a detector that reads features."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from oddframe.bags.detector import BagDetector, score_video
from oddframe.console.progress import Progress, says_how_to_go_on
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.features.feature_folder import FeatureFolder
from oddframe.runs.run_folder import Run
from oddframe.scoring.kept import VideoScores
from oddframe.videos.manifest import Manifest, Video

_FRAME_RATE = 25.0
"""Assumed where a folder of features says nothing; it only turns frames into seconds."""


def feature_scorer(run: Run, folder: Path) -> Callable[[Video], VideoScores]:
    """A function that gives a video's scores from its features.

    Raises:
        OddframeError: no features there, or of another kind than the run was trained on.
    """
    features = FeatureFolder.open(folder)
    detector = cast(BagDetector, run.detector)
    if features.channels != detector.shape.channels:
        raise OddframeError(
            f"{folder}: {run.detector.name} in {run.folder} was trained on features of "
            f"{detector.shape.channels} channels, these have {features.channels}; use features of "
            "the same backbone"
        )
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


def learnt_from(run: Run) -> dict[str, Any]:
    """What is known of the features that a run was trained on: ``features.json`` of then."""
    return run.config.get("features_info", {})


def extract_for(
    run: Run,
    manifest: Manifest,
    videos: Sequence[Video],
    folder: Path,
    weights: Path | None,
    workers: int | None,
    address: str | None,
    bar: Progress,
) -> Path:
    """Extract features of videos as the run's own were; goes on where a stopped one was.

    Args:
        run: trained on features that oddframe extracted.
        manifest: says where the videos are.
        videos: those wanted.
        folder: where the features are written.
        weights: the backbone's weight file, for a backbone that does not bring its own.
        workers, address: see :func:`oddframe.cluster.spread.spread`.
        bar: told the progress.

    Returns:
        The folder.

    Raises:
        OddframeError: it is not known how the run's features were made, or no video works.
    """
    from oddframe.features.backbones import BackboneOptions, load
    from oddframe.features.extraction import SnippetPlan
    from oddframe.features.spread_extraction import extract_spread

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
    options = BackboneOptions(weights)
    if "mean" in made_by:  # an ONNX network
        options = replace(options, mean=tuple(made_by["mean"]), std=tuple(made_by["std"]))
    backbone = load(made_by["name"], options)
    with says_how_to_go_on():
        done = extract_spread(
            manifest,
            videos,
            backbone,
            options,
            plan,
            folder,
            workers=workers,
            address=address,
            advance=bar.count,
        )
    if not done.extracted and not done.kept:
        raise OddframeError(next(iter(done.failed.values())))
    for video_id, reason in done.failed.items():
        warnings.warn(f"{video_id}: no features ({reason})", OddframeWarning, stacklevel=2)
    return folder


def videos_of_features(folder: Path) -> Manifest:
    """The videos of a feature folder that comes without a manifest.

    Their length is that of their snippets, since nothing says where in the last one they end.
    """
    features = FeatureFolder.open(folder)
    rate = features.rate or _FRAME_RATE
    warnings.warn(
        f"{folder}: features alone tell neither a video's true length nor its frame rate: lengths "
        f"are multiples of {features.stride} frames, times are at {rate:g} frames per second; for "
        "scores that can be evaluated, score a manifest and give --features",
        OddframeWarning,
        stacklevel=2,
    )
    videos = tuple(
        Video(
            id=video_id,
            path="",
            split="test",
            label=None,
            frames=features.snippets(video_id) * features.stride,
            fps=rate,
            width=0,
            height=0,
        )
        for video_id in features.ids
    )
    return Manifest(dataset=folder.name, videos=videos, root=folder)
