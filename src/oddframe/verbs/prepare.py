"""The verb ``prepare``: a data set's native layout and annotations become a manifest."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

from oddframe.console.words import count
from oddframe.datasets import prepared, write_prepared
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.files.paths import text_paths
from oddframe.settings.reading import check_seed
from oddframe.videos.manifest import Manifest
from oddframe.videos.names import alike_but_for_case


@text_paths
def prepare(
    dataset: str,
    root: Path,
    out: Path,
    *,
    val_share: float = 0.2,
    seed: int = 0,
    fps: float | None = None,
    labels: str | None = None,
    events: Path | None = None,
    allow_partial: bool = False,
    annotations: Path | None = None,
    features: Path | None = None,
    intervals: str | None = None,
    val_split: str = "seeded",
    legacy_lists: Path | None = None,
    compare_gt: Path | None = None,
    compare_list: Path | None = None,
) -> Manifest:
    """Turn a data set, or a folder of one's own videos, into a manifest.

    The manifest lists every video with its true frame count, its split, its label and its
    events. The published counts of frames and anomalous frames are checked.

    Args:
        dataset: ``folder`` for one's own videos, ``synthetic`` for a generated scene, or the name
            of a published one, of those that ``--help`` lists.
        root: the folder that holds the data set (``synthetic`` renders into it).
        out: the manifest to write, such as ``manifest.jsonl``. A root inside its folder is
            stored relative to it, so that both can move together.
        val_share: share of the training videos that is held out for validation, unless the data
            set has validation videos of its own.
        seed: decides which ones, and what ``synthetic`` renders.
        fps: frame rate of folders of images, which carry none.
        labels: which annotation to use where a data set has two: ``intervals`` or ``masks``
            (avenue).
        events: CSV or JSON file of the events in one's own test videos (folder).
        allow_partial: accept a data set whose counts differ from the published ones, and note it
            in the manifest.
        annotations: folder of the official annotation files, where they do not lie in the root
            (weakly supervised data sets, and so for the next ones).
        features: folder of features to use instead of videos.
        intervals: how the numbers of the annotation are meant: ``one-based-inclusive`` (default
            of ucf-crime), ``zero-based-exclusive`` (default of xd-violence) or
            ``zero-based-inclusive``.
        val_split: ``seeded``: by ``val_share`` and ``seed``, from each class; ``thesis``: the
            published 161 videos of ucf-crime or 790 of xd-violence.
        legacy_lists: folder to write ``.list`` files and ``gt.npy`` to, in the forms that published
            code reads.
        compare_gt: somebody else's ``gt.npy``; it is compared with the manifest, and a
            disagreement beyond the first and last frames of events is an error.
        compare_list: the ``.list`` whose order that ``gt.npy`` has.

    Returns:
        The manifest, with an absolute root.

    Raises:
        OddframeError: footage or annotations are missing or do not fit together, or an option
            that the data set does not have.
    """
    check_seed(seed)
    if out.suffix != ".jsonl":
        raise OddframeError(
            f"{out}: the manifest must be a file that ends in .jsonl; give --out such as "
            f"{out.with_suffix('.jsonl')}"
        )
    if fps is not None and not fps > 0:
        raise OddframeError(f"--fps: expected a positive frame rate, found {fps}")
    if (compare_gt is None) != (compare_list is None):
        raise OddframeError("--compare-gt and --compare-list belong together: give both or none")
    manifest = prepared(
        dataset,
        root,
        val_share=val_share,
        seed=seed,
        fps=fps,
        labels=labels,
        events=events,
        allow_partial=allow_partial,
        annotations=annotations,
        features=features,
        intervals=intervals,
        val_split=val_split,
        legacy_lists=legacy_lists,
    )
    if compare_gt is not None and compare_list is not None:
        from oddframe.datasets.layouts.foreign_truth import require_same_truth

        compared = require_same_truth(manifest, compare_gt, compare_list, features)
        equal = sum(entry.differing == 0 for entry in compared)
        note = f"{compare_gt.name} agrees: {equal} of {count(len(compared), 'video')} equal"
        if equal < len(compared):
            note += ", the others but for first or last frames of events"
        manifest = replace(manifest, source=f"{manifest.source} ({note})")
    if pair := alike_but_for_case(video.id for video in manifest):
        warnings.warn(
            f"the videos '{pair[0]}' and '{pair[1]}' differ only in upper and lower case; most "
            "disks of macOS and Windows cannot hold the results of both: rename one to move there",
            OddframeWarning,
            stacklevel=2,
        )
    write_prepared(manifest, out)
    return manifest
