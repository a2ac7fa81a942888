"""Which frames belong to which class of anomaly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from oddframe.videos import Video


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
