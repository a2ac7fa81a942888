"""Validation splits of others, reproducible by name.

The seeded default, stratified by class, is :meth:`.Manifest.hold_out`. ``thesis`` is
the split of a comparison of RTFM, MGFN and S3R: numpy's legacy generator, seeded with 42, and the
names in a fixed order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from oddframe.datasets.layouts.weak_videos import Listed, Surveyed
from oddframe.errors import OddframeError

SEED = 42
TRAINING_VIDEOS = {"ucf-crime": 1610, "xd-violence": 3954}


def apply_val_split(
    dataset: str, listed: Sequence[Listed], surveyed: Surveyed, val_split: str | None
) -> Surveyed:
    """Move the validation videos of a named split to ``val``; without a name, none.

    Raises:
        OddframeError: an unknown name, or not all training videos are listed.
    """
    if val_split is None:
        return surveyed
    if val_split != "thesis":
        raise OddframeError(f"--val-split: expected seeded or thesis, found '{val_split}'")
    held = thesis_validation(dataset, listed)
    videos = (replace(v, split="val") if v.id in held else v for v in surveyed.videos)
    return replace(surveyed, videos=tuple(videos))


def thesis_validation(dataset: str, listed: Sequence[Listed]) -> set[str]:
    """Ids of the thesis' validation videos: 161 of UCF-Crime, 790 of XD-Violence.

    Raises:
        OddframeError: not all training videos are listed; the drawing depends on every name.
    """
    train = [video for video in listed if video.split == "train"]
    if len(train) != TRAINING_VIDEOS[dataset]:
        raise OddframeError(
            f"thesis validation split: expected all {TRAINING_VIDEOS[dataset]} training videos of "
            f"{dataset}, found {len(train)} in the list; use the official list, or --val-split "
            "seeded and no --legacy-lists"
        )
    return _ucf_crime(train) if dataset == "ucf-crime" else _xd_violence(train)


def _ucf_crime(train: Sequence[Listed]) -> set[str]:
    """A tenth of each class, drawn class by class; the normal videos come last."""
    groups: dict[str, list[str]] = {}
    # The list that the split was drawn from has the normal videos behind all the classes, the
    # official one between Stealing and Vandalism.
    for video in sorted(train, key=lambda video: not video.anomalous):
        groups.setdefault("".join(video.classes), []).append(video.id)
    generator = np.random.RandomState(SEED)
    held: set[str] = set()
    for ids in groups.values():
        order = generator.choice(range(len(ids)), len(ids), replace=False)
        # Of 800 anomalous videos 80 were meant; there are 810.
        held.update(ids[i] for i in order[: round(80 * len(ids) / 800)])
    return held


def _xd_violence(train: Sequence[Listed]) -> set[str]:
    """A fifth of the normal and of the anomalous videos, from the sorted names."""
    generator = np.random.RandomState(SEED)
    held: set[str] = set()
    for anomalous in (False, True):
        ids = sorted(video.id for video in train if video.anomalous == anomalous)
        held.update(generator.permutation(ids)[: int(0.2 * len(ids))].tolist())
    return held
