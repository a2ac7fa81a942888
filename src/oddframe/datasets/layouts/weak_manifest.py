"""From the lists of a weakly supervised data set, read, to its manifest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from oddframe.datasets.layouts.counts import PublishedCounts, check_counts
from oddframe.datasets.layouts.legacy_lists import write_legacy_lists
from oddframe.datasets.layouts.validation_splits import apply_val_split
from oddframe.datasets.layouts.weak_videos import Listed, check_lists, survey_listed, with_events
from oddframe.videos.intervals import events_of_pairs
from oddframe.videos.manifest import Manifest, hash_annotations
from oddframe.videos.video import Event, Video

Pairs = Mapping[str, tuple[tuple[int, int], ...]]
"""Test video to its pairs of numbers as they are in the official file."""


@dataclass(frozen=True)
class WeakLists:
    """What is published of a data set, once its lists are read.

    Attributes:
        dataset: short name.
        source: where footage and annotation come from.
        label_rule: how the annotation became events.
        listed: the videos.
        classes: class to its number of training and of test videos.
        counts: frames of the test videos, and the anomalous ones of them.
        fps: frame rate, for everything but video files.
        files: the annotation files.
        pairs: intervals for lists in the forms of other code.
        dropped: frames by which an official count may be less than the footage; with any, the
            published counts are those of the official counts alone.
    """

    dataset: str
    source: str
    label_rule: str
    listed: Sequence[Listed]
    classes: Mapping[str, tuple[int, int]]
    counts: PublishedCounts
    fps: float
    files: Sequence[Path]
    pairs: Pairs
    dropped: int = 0


def weak_manifest(
    lists: WeakLists,
    events_of: Callable[[Video], tuple[Sequence[Event], str]],
    root: Path,
    *,
    features: Path | None,
    val_split: str | None = None,
    legacy_lists: Path | None,
    allow_partial: bool,
) -> Manifest:
    """The manifest of the listed videos: looked for, counted, and the test videos annotated.

    Args:
        lists: what is published.
        events_of: events of a test video, and where they are written, for messages.
        root, features, val_split, legacy_lists, allow_partial: as in
            :func:`oddframe.datasets.ucf_crime.prepare_ucf_crime`.

    Raises:
        OddframeError: something is missing, annotation and videos contradict each other, or the
            counts differ.
    """
    check_lists(lists.dataset, lists.listed, lists.classes, allow_partial)
    surveyed = survey_listed(
        lists.dataset,
        root,
        lists.listed,
        fps=lists.fps,
        features=features,
        dropped=lists.dropped,
        allow_partial=allow_partial,
    )
    surveyed = apply_val_split(lists.dataset, lists.listed, surveyed, val_split)
    manifest = Manifest(
        dataset=lists.dataset,
        videos=tuple(
            with_events(video, *events_of(video)) if video.split == "test" else video
            for video in surveyed.videos
        ),
        root=root,
        source=f"{lists.source}; {surveyed.note}",
        label_rule=lists.label_rule,
        annotations=hash_annotations(root, lists.files),
    )
    if not (lists.dropped and any(video.path for video in manifest)):
        manifest = check_counts(manifest, lists.counts, allow_partial)
    if legacy_lists is not None:
        write_legacy_lists(legacy_lists, manifest, lists.listed, lists.pairs, features)
    return manifest


def events_in_list(
    pairs: Pairs, convention: str, listing: Path
) -> Callable[[Video], tuple[Sequence[Event], str]]:
    """What :func:`weak_manifest` asks, answered by a list of intervals.

    Nobody knows which event of a video of several classes is of which: the joined name is none of
    the video's classes, and so each class is evaluated on all events (see class_metrics.py).

    Args:
        pairs: what the list says; a video that is not there has no events.
        convention: how its numbers are meant.
        listing: the file.
    """

    def events_of(video: Video) -> tuple[Sequence[Event], str]:
        where, name = f"{listing}, video '{video.id}'", " + ".join(video.classes)
        return events_of_pairs(
            pairs.get(video.id, ()), convention, video.frames, name, where
        ), where

    return events_of
