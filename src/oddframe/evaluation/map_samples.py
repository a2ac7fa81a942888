"""Localisation metrics of score maps on all resamples: of pixels, frames, regions and tracks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from oddframe.console.words import count
from oddframe.errors import OddframeError
from oddframe.evaluation.frame_samples import Truth
from oddframe.evaluation.metric_names import LOCALISATION
from oddframe.evaluation.metrics.pixel_level import PixelLevelFrames
from oddframe.evaluation.metrics.pixel_metrics import PixelCounts, sample_edges
from oddframe.evaluation.metrics.region_detections import LONGEST
from oddframe.evaluation.metrics.region_metrics import RegionCounts, count_regions
from oddframe.evaluation.metrics.truth_regions import (
    TruthRegions,
    regions_from_mask,
    regions_from_tracks,
)
from oddframe.videos.pixel_truth import read_mask, read_tracks
from oddframe.videos.video import Video


def map_samples(
    maps: Mapping[str, np.ndarray], truth: Truth, root: Path, weights: np.ndarray
) -> tuple[dict[str, np.ndarray], str]:
    """Every localisation metric on every resample, and which videos they come from.

    A video counts if it has a score map and pixel truth: a mask or, for regions only, tracks; a
    normal video needs neither, since all its pixels are normal.

    Args:
        maps: video id to ``(frames, h, w)``.
        truth: the videos.
        root: folder that masks and tracks are relative to.
        weights: ``(1 + resamples, videos)``.

    Raises:
        OddframeError: maps of another length or shape, NaN in them, a video whose frames have no
            size, or broken pixel truth.
    """
    videos = truth.videos
    unknown = sorted(set(maps) - {video.id for video in videos})
    if unknown:
        raise OddframeError(
            f"score map of '{unknown[0]}': no such video is evaluated; use the maps that were "
            "made together with the scores"
        )
    for video in videos:
        if video.id in maps:
            _check(maps[video.id], video)
    if not any(video.id in maps and _has_truth(video) for video in videos):
        nothing = np.full(len(weights), np.nan)
        return dict.fromkeys(
            LOCALISATION, nothing
        ), "no video has both a score map and pixel truth (a mask or tracks)"
    usable = [v for v in videos if v.id in maps and (_has_truth(v) or v.label == "normal")]
    sizes = {video.id: (video.width, video.height) for video in usable}
    without = next((key for key, size in sizes.items() if 0 in size), None)
    if without is not None:
        raise OddframeError(
            f"score map of '{without}': the manifest says no size of the video's frames, which its "
            "pixels are compared at; prepare the data set with its footage"
        )
    in_pixels = {v.id: sizes[v.id] for v in usable if v.mask or v.label == "normal"}
    masked = {video.id: video for video in usable if video.mask}

    def mask_of(key: str) -> np.ndarray | None:
        return read_mask(masked[key], root) if key in masked else None

    pixels = PixelCounts(sample_edges(maps, mask_of, in_pixels), len(weights))
    frames = PixelLevelFrames()
    regions: dict[str, TruthRegions] = {}
    drawn = dict(zip((video.id for video in videos), weights.T, strict=True))
    for video in usable:
        mask = mask_of(video.id)
        if video.id in in_pixels:
            pixels.add(maps[video.id], mask, sizes[video.id], drawn[video.id])
            frames.add(maps[video.id], mask, sizes[video.id])
        if video.tracks:
            regions[video.id] = regions_from_tracks(read_tracks(video, root), video)
        elif mask is not None:
            regions[video.id] = regions_from_mask(mask)
        else:
            regions[video.id] = TruthRegions({}, {}, 0)
    counts = count_regions(maps, regions, sizes)
    chosen, seen = (
        np.array([video.id in part for video in videos]) for part in (regions, in_pixels)
    )
    samples = {
        "pixel_auc": pixels.auc(),
        **frames.samples(weights[:, seen]),
        "rbdc": counts.rbdc(weights[:, chosen]),
        "tbdc": counts.tbdc(weights[:, chosen]),
    }
    return samples, _describe(videos, pixels.videos, counts)


def _check(scores: np.ndarray, video: Video) -> None:
    file = getattr(scores, "filename", None)  # of a mapped one
    where = f"{file}: " if file else ""
    if scores.ndim != 3 or len(scores) != video.frames or 0 in scores.shape:
        raise OddframeError(
            f"{where}score map of '{video.id}': expected {count(video.frames, 'map')} of height x "
            f"width, found an array of shape {scores.shape}; score the same video again"
        )
    if not all(np.isfinite(one).all() for one in scores):
        raise OddframeError(
            f"{where}score map of '{video.id}': expected finite values, found NaN or infinity; "
            "score the same video again"
        )


def _has_truth(video: Video) -> bool:
    return bool(video.mask or video.tracks)


def _describe(videos: tuple[Video, ...], with_pixels: int, counts: RegionCounts) -> str:
    annotated = sum(bool(video.tracks) for video in videos)
    linked = sum(bool(video.mask and not video.tracks) for video in videos)
    sources = []
    if annotated:
        sources.append(f"annotated tracks in {count(annotated, 'video')}")
    if linked:
        sources.append(
            f"in {count(linked, 'video')} connected components of the masks, linked into tracks "
            "by overlap in consecutive frames"
        )
    regions, tracks = (int(part.sum()) for part in (counts.regions, counts.tracks))
    return (
        f"pixels over {with_pixels} of {count(len(videos), 'video')}; RBDC and TBDC over "
        f"{count(len(counts.frames), 'video')} with {count(regions, 'region')} in "
        f"{count(tracks, 'track')} "
        f"({', '.join(sources) or 'no annotated region'}), regions compared by bounding box, "
        "at every threshold, each map at the size of its video's frames, then reduced to "
        f"{LONGEST} pixels on the longer side"
    )
