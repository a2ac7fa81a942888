"""The verb ``losses``: what a run's loss is, and how far it depends on which bags meet."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from oddframe.bags.detector import BagDetector
from oddframe.bags.loss_spread import LossSpreads
from oddframe.bags.pairings import loss_spreads
from oddframe.bags.run_features import features_for
from oddframe.bags.segments import pool_segments
from oddframe.console.progress import progress
from oddframe.errors import OddframeError
from oddframe.files.atomic import write_json
from oddframe.files.paths import text_paths
from oddframe.runs.run_folder import MANIFEST, read_run
from oddframe.settings.reading import check_seed
from oddframe.videos.manifest import Manifest

_PAIRINGS_OF_A_SEED = 1_000_003
"""More than anybody repeats, so that two seeds have no pairing in common."""


@text_paths
def losses(
    run: Path,
    *,
    repeats: int = 100,
    features: Path | None = None,
    manifest: Path | None = None,
    splits: list[str] | None = None,
    seed: int = 0,
    out: Path | None = None,
    detector: str | None = None,
) -> LossSpreads:
    """Measure a run's loss on its bags, over random pairings of normal and anomalous ones.

    A bag loss compares normal with anomalous bags of one batch, so it differs from pairing to
    pairing although neither weights nor videos do. The spread says how small a difference between
    two losses means nothing. It is neither a spread over trainings nor over videos.

    Args:
        run: run folder.
        repeats: random pairings, each a pass over all bags in eval mode.
        features: folder of features; by default the one that the run was trained on.
        manifest: the videos; by default those that the run was trained on.
        splits: the splits to measure; by default all that have normal and anomalous videos.
        seed: fixes the pairings.
        out: JSON file to write; by default ``losses.json`` in the run folder.
        detector: the file of a detector of your own that the run was trained with; its code is run.

    Returns:
        Mean, standard deviation and standard error of each loss term of each split.

    Raises:
        OddframeError: not a run of a detector trained on bags, or its data is gone.
    """
    if repeats < 2:
        raise OddframeError(f"losses: a spread needs at least 2 repeats, found {repeats}")
    check_seed(seed)
    trained = read_run(run, detector=detector)
    traits = trained.detector.traits
    if (traits.looks_at, traits.trained) != ("features", "in steps"):
        raise OddframeError(f"{run}: {trained.detector.name} has no loss over bags")
    opened = features_for(trained, features or _known(trained.config, "features"))
    videos = Manifest.read(manifest or run / MANIFEST)
    wanted = splits or _two_labelled(videos)
    if not wanted:
        raise OddframeError(
            f"losses: no split of {videos.dataset} has both normal and anomalous videos, and a "
            "bag loss compares them; give the videos with --manifest"
        )
    for split in wanted:
        if not videos.split(split):
            there = ", ".join(videos.counts())
            raise OddframeError(f"losses: no videos in split '{split}'; there are {there}")
    fitted, found = cast(BagDetector, trained.detector), {}
    seeds = range(seed * _PAIRINGS_OF_A_SEED, seed * _PAIRINGS_OF_A_SEED + repeats)
    with progress() as bar:
        for split in wanted:
            chosen = videos.split(split)
            segments = pool_segments(
                opened,
                [video.id for video in chosen],
                fitted.shape.segments,
                fitted.resampling,
                run,
                bar.counter("pooling segments", len(chosen)),
            )
            advance = bar.counter(f"losses of {split}", repeats)
            found[split] = loss_spreads(fitted, segments, chosen, seeds, advance)
    path = out or run / "losses.json"
    terms = {split: {k: vars(v) for k, v in part.items()} for split, part in found.items()}
    write_json(path, {"repeats": repeats, "seed": seed, "splits": terms})
    return LossSpreads(repeats, found, path)


def _known(config: dict[str, Any], key: str) -> Path:
    if key not in config:
        raise OddframeError(f"losses: the run does not say where its {key} are; give --{key}")
    return Path(config[key])


def _two_labelled(manifest: Manifest) -> list[str]:
    both = {"normal", "anomalous"}
    return [
        name
        for name in manifest.counts()
        if both <= {video.label for video in manifest.split(name)}
    ]
