"""The videos of a report with all that is shown of them; footage is read here and only here."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from oddframe.errors import OddframeError
from oddframe.reporting.drawing.heat import heat_reference, shows_heat
from oddframe.reporting.drawing.thumbnails import VideoPictures, choose_frames, take_pictures
from oddframe.scores.detections import Detection
from oddframe.scores.frame_scores import Scores
from oddframe.scores.untested import untested_spans, were_tested
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Video

MOST_PICTURED = 40
"""So many detections get a picture, the oddest first; the others are listed."""

MOST_DRAWN = 120
"""So many videos are drawn, with pictures; of more, all are in a table."""

SAMPLE = 20
"""So many of those are no odd ones: they stand for the rest."""

NO_FOOTAGE = "only features of this video are at hand"
"""The trouble of a video without footage."""

STRIP_BYTES = 6_000_000
"""Room for the frames to look through, shared by all videos, before base64."""


@dataclass(frozen=True)
class ShownVideo:
    """A video as the page shows it.

    Attributes:
        place: its number on the page, from 0.
        video: the video.
        scores: ``(frames,)``.
        ranked: as the scores, but frames that were not tested are as low as the lowest.
        tested: bool ``(frames,)``.
        detections: its detected events; without a threshold its moments of the highest scores.
        pictures: what could be read of its footage.
        trouble: why nothing could be read, or empty.
        mapped: whether any of its pictures shows in colour where the score is high.
        drawn: whether it has a timeline, and pictures if there is footage.
    """

    place: int
    video: Video
    scores: np.ndarray
    ranked: np.ndarray
    tested: np.ndarray
    detections: Sequence[Detection]
    pictures: VideoPictures
    trouble: str
    mapped: bool
    drawn: bool = True

    @property
    def peak(self) -> int:
        """Frame of the highest score."""
        return int(self.ranked.argmax())


def drawn_videos(
    videos: Sequence[Video],
    scores: Scores,
    detections: Mapping[str, Sequence[Detection]],
) -> set[str]:
    """Ids of the videos that a report draws: all, or of many the oddest and a sample of the others.

    The sample is taken evenly from the others in the order of their highest scores.
    """
    if len(videos) <= MOST_DRAWN:
        return {video.id for video in videos}
    first = dict.fromkeys(video_id for video_id, _ in _pictured(videos, detections))
    ranked = sorted(videos, key=lambda video: -float(scores[video.id].max()))
    order = list(first | dict.fromkeys(video.id for video in ranked))
    odd, others = order[: MOST_DRAWN - SAMPLE], order[MOST_DRAWN - SAMPLE :]
    return {*odd, *evenly(others, SAMPLE)}


def evenly(items: Sequence[Any], most: int) -> list[Any]:
    """At most so many of them, evenly from all, in their order."""
    places = (np.arange(min(most, len(items))) + 0.5) * len(items) / max(1, min(most, len(items)))
    return [items[int(place)] for place in places]


def _pictured(
    videos: Sequence[Video], detections: Mapping[str, Sequence[Detection]]
) -> list[tuple[str, Detection]]:
    """Video ids with the detections that get a picture, the oddest first."""
    found = [(video.id, part) for video in videos for part in detections.get(video.id, ())]
    return sorted(found, key=lambda entry: -entry[1].peak_score)[:MOST_PICTURED]


def read_videos(
    manifest: Manifest,
    videos: Sequence[Video],
    scores: Scores,
    detections: Mapping[str, Sequence[Detection]],
    maps: Mapping[str, np.ndarray],
    threshold: float | None,
    drawn: Collection[str],
    advance: Callable[[int], object] | None,
) -> list[ShownVideo]:
    """Read each drawn video once for its pictures; one that cannot be read has a ``trouble``.

    Args:
        manifest: says where the footage is.
        videos: those to show.
        scores: anomaly scores of these videos.
        detections: video id to detected events.
        maps: video id to score maps ``(frames, h, w)``.
        threshold: ties the colours of the maps.
        drawn: ids of the videos that are drawn; no other is opened.
        advance: called with how many frames were read, or left out.
    """
    pictured: dict[str, list[Detection]] = {video.id: [] for video in videos}
    for video_id, detection in _pictured(videos, detections):
        pictured[video_id].append(detection)
    alarming, untested = scores.alarming, untested_spans(scores.meta)
    reference = heat_reference(threshold, alarming.values.values())
    room = STRIP_BYTES // max(1, len(drawn))
    shown = []
    for place, video in enumerate(videos):
        found = detections.get(video.id, ())
        tested = were_tested(untested.get(video.id, ()), video.frames)
        values = scores[video.id], alarming[video.id], tested
        if video.id not in drawn:
            shown.append(
                ShownVideo(place, video, *values, found, VideoPictures(), "", False, drawn=False)
            )
            if advance is not None:
                advance(video.frames)
            continue
        chosen = pictured[video.id]
        strip = choose_frames(
            video.frames, video.clock.length, [d.peak for d in chosen], most=max(6, room // 5000)
        )
        pictures, trouble = VideoPictures(), ""
        try:
            pictures = take_pictures(
                manifest.locate(video),
                strip,
                chosen,
                fps=video.fps,
                levels=video.levels,
                maps=maps.get(video.id),
                reference=reference,
                strip_bytes=room,
                advance=advance,
            )
        except OddframeError as error:
            trouble = str(error) if video.path else NO_FOOTAGE
        own = maps.get(video.id)
        mapped = own is not None and reference is not None
        mapped = mapped and any(shows_heat(own[d.pictured], reference) for d in chosen)
        shown.append(ShownVideo(place, video, *values, found, pictures, trouble, mapped))
    return shown
