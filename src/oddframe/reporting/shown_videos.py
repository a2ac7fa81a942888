"""The videos of a report with all that is shown of them; footage is read here and only here."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from oddframe.detections import Detection
from oddframe.errors import OddframeError
from oddframe.reporting.heat import heat_reference, shows_heat
from oddframe.reporting.thumbnails import VideoPictures, choose_frames, take_pictures
from oddframe.scores import Scores
from oddframe.videos import Manifest, Video

MOST_PICTURED = 40
"""So many detections get a picture, the oddest first; the others are listed."""

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
        detections: its detected events.
        pictures: what could be read of its footage.
        trouble: why nothing could be read, or empty.
        mapped: whether any of its pictures shows in colour where the score is high.
    """

    place: int
    video: Video
    scores: np.ndarray
    detections: Sequence[Detection]
    pictures: VideoPictures
    trouble: str
    mapped: bool


def read_videos(
    manifest: Manifest,
    videos: Sequence[Video],
    scores: Scores,
    detections: Mapping[str, Sequence[Detection]],
    maps: Mapping[str, np.ndarray],
    threshold: float | None,
    advance: Callable[[int], object] | None,
) -> list[ShownVideo]:
    """Read each video once for its pictures; one that cannot be read has a ``trouble`` instead.

    Args:
        manifest: says where the footage is.
        videos: those to show.
        scores: of these videos.
        detections: video id to detected events.
        maps: video id to score maps ``(frames, h, w)``.
        threshold: ties the colours of the maps.
        advance: called with 1 after each frame.
    """
    everything = [
        (d.peak_score, video.id, d) for video in videos for d in detections.get(video.id, ())
    ]
    everything.sort(key=lambda entry: -entry[0])
    pictured: dict[str, list[Detection]] = {video.id: [] for video in videos}
    for _, video_id, detection in everything[:MOST_PICTURED]:
        pictured[video_id].append(detection)
    reference = heat_reference(threshold, scores.values.values())
    room = STRIP_BYTES // len(videos)
    shown = []
    for place, video in enumerate(videos):
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
        found = detections.get(video.id, ())
        values, own = scores[video.id], maps.get(video.id)
        mapped = own is not None and reference is not None
        mapped = mapped and any(shows_heat(own[d.peak], reference) for d in chosen)
        shown.append(ShownVideo(place, video, values, found, pictures, trouble, mapped))
    return shown


def data_uri(jpeg: bytes) -> str:
    """A JPEG as the ``src`` of an image, so that the page needs no other file."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode('ascii')}"
