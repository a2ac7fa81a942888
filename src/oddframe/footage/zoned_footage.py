"""The zones of footage: those that a person gives, or those that a run was trained with."""

from __future__ import annotations

import warnings
from dataclasses import replace

from oddframe.errors import OddframeWarning
from oddframe.videos.manifest import Manifest
from oddframe.zones.zone import NO_ZONES, Zones


def with_zones(manifest: Manifest, zones: Zones | None) -> Manifest:
    """A manifest's videos with these zones; as they are where none are given."""
    if zones is None:
        return manifest
    return replace(manifest, videos=tuple(replace(video, zones=zones) for video in manifest))


def shared_zones(manifest: Manifest) -> Zones:
    """The zones that all of a manifest's videos have; none where they have others."""
    found = {video.zones for video in manifest}
    return found.pop() if len(found) == 1 else NO_ZONES


def zones_for_run(given: Zones | None, learnt: Zones, *, trained: bool = True) -> Zones:
    """The zones that a run is to judge by.

    What is painted out in other places than it was when the run learnt is said: to a run that
    never saw the paint, the paint is odd.

    Args:
        given: those that a person gives; None for the run's own.
        learnt: the run's own.
        trained: whether it learnt from footage at all.
    """
    if given is None:
        return learnt
    if trained and given.ignored_mark != learnt.ignored_mark:
        warnings.warn(
            f"the zones to ignore ({_names(given)}) are others than those that the run learnt with "
            f"({_names(learnt)}), so that what is painted out, or is no more, may look odd to it; "
            "train again with 'train --zones'",
            OddframeWarning,
            stacklevel=4,
        )
    return given


def _names(zones: Zones) -> str:
    return ", ".join(zone.name for zone in zones.ignored) or "none"
