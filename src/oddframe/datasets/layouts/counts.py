"""Published counts of test sets: a label file that gives others is not the one it seems to be."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace

from oddframe.errors import OddframeError, OddframeWarning
from oddframe.videos.manifest import Manifest


@dataclass(frozen=True)
class PublishedCounts:
    """Frames and anomalous frames of a test set."""

    frames: int
    anomalous_frames: int

    def __str__(self) -> str:
        return f"{self.anomalous_frames} anomalous of {self.frames} frames"


def check_counts(manifest: Manifest, expected: PublishedCounts, allow_partial: bool) -> Manifest:
    """The manifest, if its test videos have the published counts.

    Args:
        manifest: the data set.
        expected: its published counts.
        allow_partial: accept other counts, with a warning and a note in the manifest's source.

    Raises:
        OddframeError: other counts, unless ``allow_partial``.
    """
    counts = manifest.counts().get("test", {"frames": 0, "anomalous_frames": 0, "videos": 0})
    found = PublishedCounts(counts["frames"], counts["anomalous_frames"])
    if found == expected:
        return manifest
    message = (
        f"{manifest.root}: the test set of {manifest.dataset} has {expected}, found {found} in "
        f"{counts['videos']} videos"
    )
    if not allow_partial:
        raise OddframeError(
            f"{message}; complete the footage or check the labels, or use a part of the data set "
            "with --allow-partial"
        )
    warnings.warn(f"{message}; results are not comparable", OddframeWarning, stacklevel=3)
    note = f"partial: {found} instead of {expected}"
    return replace(manifest, source=f"{manifest.source} ({note})")
