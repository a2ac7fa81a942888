"""From the features of a video to the scores of its snippets and frames, whatever scores a bag."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np

from oddframe.detectors.contract import FeatureDetector
from oddframe.errors import OddframeError
from oddframe.features.feature_folder import FeatureFolder
from oddframe.files.saved_state import SavedState
from oddframe.videos.video import Video

SNIPPETS_AT_ONCE = 1024
"""Snippets, each crop counted, that are scored together: whole crops, and at least one. Short
videos take one pass of the network instead of ten, and memory grows with a crop, not with ten."""
_MOST = 1 << 20


@dataclass(frozen=True)
class BagShape:
    """What the data says about a network's input.

    Attributes:
        crops: crops per snippet (10 for UCF-Crime, 5 for XD-Violence, 1 without crops).
        channels: width of a feature vector, without an appended magnitude.
        segments: parts of equal length that a training bag is pooled to.
    """

    crops: int
    channels: int
    segments: int = 32

    @classmethod
    def saved(cls, state: SavedState) -> BagShape:
        """The shape below ``shape`` in a detector's state.

        Raises:
            OddframeError: a value that is missing or not as expected.
        """
        sizes = state.part("shape")
        return cls(**{field.name: sizes.whole(field.name, 1, _MOST) for field in fields(cls)})


def mean_over_crops(
    features: np.ndarray, name: str, shape: BagShape, score: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Scores of a video's snippets: the mean over its crops, each of which is a bag of its own.

    As many crops as :data:`SNIPPETS_AT_ONCE` allows are scored together. How many they are changes
    the scores by rounding alone (1e-6 and less).

    Args:
        features: ``(snippets, crops, channels)``, any float type.
        name: of the detector, for messages.
        shape: what it was made for.
        score: of bags, float32 ``(bags, 1, snippets, channels)``, the scores ``(bags, snippets)``.

    Returns:
        float32 ``(snippets,)``, 0 to 1.

    Raises:
        OddframeError: features of another width than the detector was made for, or scores that
            are no numbers from 0 to 1.
    """
    if features.ndim != 3 or features.shape[2] != shape.channels:
        raise OddframeError(
            f"{name} was made for features of {shape.channels} channels, found an "
            f"array of shape {features.shape}; use the features that it was trained on"
        )
    snippets, crops, _ = features.shape
    total = np.zeros(snippets, np.float32)
    at_once = max(1, SNIPPETS_AT_ONCE // max(1, snippets))
    for some in np.array_split(np.arange(crops), -(-crops // at_once)):
        bags = np.array(features[:, some].transpose(1, 0, 2), dtype=np.float32, order="C")
        total += score(bags[:, None]).sum(axis=0, dtype=np.float32)
    scores = total / np.float32(crops)
    wrong = np.flatnonzero(~((scores >= 0) & (scores <= 1)))  # NaN is neither
    if wrong.size:
        raise OddframeError(
            f"detector {name}: expected scores of snippets from 0 to 1, found "
            f"{scores[wrong[0]]} for snippet {wrong[0]}"
        )
    return scores


def score_video(detector: FeatureDetector, features: FeatureFolder, video: Video) -> np.ndarray:
    """Scores of a video's frames from its features.

    Each frame gets the score of the snippet that holds it; where the features end before the
    video does, the last snippet's score covers the rest.

    Returns:
        float32 ``(frames,)``.

    Raises:
        OddframeError: no features of the video, or not as many as its frames say.
    """
    snippets = features.frame_snippets(video.id, video.clock)
    return detector.score_snippets(features.read(video.id))[snippets]
