"""What is measured at a validation of a training on clips, and which state is the best."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from oddframe.calibration.score_of_terms import fitted_scales
from oddframe.clips.detector import ClipDetector
from oddframe.clips.frame_cache import FrameCache
from oddframe.clips.stream import measured_video
from oddframe.errors import OddframeError
from oddframe.reporting.drawing.sample_pictures import write_samples
from oddframe.training.validation import Validation, Validator
from oddframe.videos.video import Video

_SHOWN = 4


def validator(
    learner: ClipDetector, clips: np.ndarray, samples: Path, save: Callable[[], object]
) -> Validator:
    """Validate by held-out normal clips; also write sample pictures.

    There is nothing odd in them, so what is measured is how well normal footage is known: the
    mean of each term. The detector says which means the better state.

    Args:
        learner: the detector in training.
        clips: what is seen of their frames, ``(clips, frames, ...)``.
        samples: folder for the pictures.
        save: called when a state is the best so far.
    """
    shown = clips[np.linspace(0, len(clips) - 1, min(_SHOWN, len(clips))).astype(int)]

    def validate() -> Validation:
        terms, peaks = _measure(learner, clips)
        learner.scales = fitted_scales(terms, peaks)
        metrics = {name: float(values.mean()) for name, values in terms.items()}
        step = learner.step + 1
        if images := _pictures(learner, shown):
            write_samples(samples / f"step-{step:06d}.png", images, f"step {step}")
        return Validation(metrics, learner.rank(metrics))

    return Validator("val", validate, save)


def require_truth_fits(
    learner: ClipDetector, cache: FrameCache, videos: Sequence[Video], dataset: str
) -> None:
    """Check that the learner's scores of test videos can be held against their labels.

    Raises:
        OddframeError: test videos that are too short for a clip, whose frames are not as many as
            their labels, or among which nothing can be told apart.
    """
    for video in videos:
        length = len(cache.frames(video.id)) if video.id in cache.arrays else 0
        if length != video.frames:
            raise OddframeError(
                f"--oracle: video '{video.id}': the manifest labels {video.frames} frames, "
                f"{length} can be decoded, so the labels do not fit; prepare the data set again"
            )
        if cache.longest(video.id) < learner.span:
            raise OddframeError(
                f"--oracle: video '{video.id}' of {length} frames is too short for {learner.name}, "
                f"which looks at clips of {learner.span} frames without a cut; take it out of the "
                "manifest"
            )
    labels = np.concatenate([video.frame_labels() for video in videos])
    if labels.all() or not labels.any():
        raise OddframeError(
            "--oracle: expected normal and anomalous frames in split 'test' of "
            f"{dataset}, found {int(labels.sum())} anomalous of {len(labels)}; "
            "leave out --oracle"
        )


def cached_scores(learner: ClipDetector, cache: FrameCache, video: Video) -> np.ndarray:
    """Scores ``(frames,)`` of a video in the cache, by the learner as it is."""
    breaks = cache.breaks.get(video.id, ())
    terms, _ = measured_video(learner, cache.frames(video.id), breaks)
    return learner.combine(terms)


def _measure(learner: ClipDetector, clips: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Each term, and the highest cell of each map.

    No video is begun: the clips are of many, and what a detector carries through a video would
    reach into the training that goes on.
    """
    size = learner.scoring_batch
    found = [learner.measure_clips(clips[at : at + size]) for at in range(0, len(clips), size)]
    names = found[0][0]
    terms = {name: np.concatenate([part[name] for part, _ in found]) for name in names}
    return terms, np.concatenate([maps.max((-2, -1)) for _, maps in found])


def _pictures(learner: ClipDetector, clips: np.ndarray) -> dict[str, np.ndarray]:
    """RGB ``(clips, h, w, 3)`` or grey ``(clips, h, w, 1)`` images from 0 to 1, errors as is."""
    images = {}
    for name, found in learner.pictures(learner.as_pixels(torch.from_numpy(clips))).items():
        if name != "error":
            found = learner.as_unit(found).clamp(0, 1)
            if learner.config.colour == "bgr":
                found = found.flip(1)
        images[name] = found.float().permute(0, 2, 3, 1).cpu().numpy()
    return images
