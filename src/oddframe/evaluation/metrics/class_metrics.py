"""Which frames belong to which class of anomaly, and the mask that a class is measured under."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from oddframe.evaluation.metrics.ranking import RankedFrames
from oddframe.scores.frame_scores import Scores
from oddframe.videos.video import Video

WITHIN = "the videos of the class hold one label value only: all normal or all anomalous"
"""Why a metric under the class mask has no value."""


def class_names(videos: Sequence[Video]) -> list[str]:
    """Names of the classes of the anomalous videos; empty where there are fewer than two."""
    names = sorted({name for video in videos for name in classes_of(video)})
    return names if len(names) > 1 else []


def classes_of(video: Video) -> set[str]:
    """The classes that an anomalous video carries; else those that its events are named after."""
    if video.label != "anomalous":
        return set()
    return set(video.classes) or {event.name for event in video.events}


def class_frames(video: Video, name: str) -> np.ndarray:
    """Frames of one class, bool ``(frames,)``.

    They are the frames of the events of that name. Where a video lists its classes but no event
    is named after one of them, nobody knows which is which, and all its anomalous frames belong
    to each of its classes.
    """
    classes = classes_of(video)
    named = {event.name for event in video.events} & classes
    labels = np.zeros(video.frames, dtype=bool)
    if name in classes:
        for event in video.events:
            if event.name == name or not named:
                labels[event.start : event.end] = True
    return labels


def class_counts(videos: Sequence[Video], name: str) -> dict[str, int]:
    """How much there is of a class: its ``videos`` and its anomalous ``frames``."""
    own = [video for video in videos if name in classes_of(video)]
    frames = sum(int(class_frames(video, name).sum()) for video in own)
    return {"videos": len(own), "frames": frames}


def class_members(videos: Sequence[Video], name: str) -> np.ndarray:
    """Which videos carry a class, bool ``(videos,)``."""
    return np.array([name in classes_of(video) for video in videos], dtype=bool)


@dataclass(frozen=True)
class ClassFrames:
    """The class mask: the frames of a class's own videos, without those of other classes' events.

    A video that carries several classes counts for each of them.

    Attributes:
        ids: the class's videos.
        places: their indices among all videos.
        kept: per video of the class, bool ``(frames,)``: under the mask.
        labels: per video of the class, bool, one per kept frame: true where of the class.
    """

    ids: tuple[str, ...]
    places: np.ndarray
    kept: list[np.ndarray]
    labels: list[np.ndarray]

    @classmethod
    def of(cls, videos: Sequence[Video], name: str) -> ClassFrames:
        """The mask of one class."""
        member = class_members(videos, name)
        own = [video for video, is_own in zip(videos, member, strict=True) if is_own]
        labels = [class_frames(video, name) for video in own]
        kept = [mask | ~video.frame_labels() for mask, video in zip(labels, own, strict=True)]
        return cls(
            ids=tuple(video.id for video in own),
            places=np.flatnonzero(member),
            kept=kept,
            labels=[part[mask] for part, mask in zip(labels, kept, strict=True)],
        )

    def scores(self, scores: Scores) -> list[np.ndarray]:
        """The scores under the mask, one array per video of the class."""
        return [scores[key][mask] for key, mask in zip(self.ids, self.kept, strict=True)]

    def varying(self, samples: np.ndarray) -> np.ndarray:
        """Samples of a metric under the mask; only the first where one video is all there is.

        Every resample of a single video gives the same number, which is no interval.
        """
        return samples if len(self.ids) > 1 else samples[:1]

    def ranked(self, scores: Scores) -> RankedFrames:
        """The frames under the mask, ranked."""
        everywhere = np.ones(len(self.ids), dtype=bool)
        return RankedFrames.of(self.scores(scores), np.concatenate(self.labels), everywhere)
