"""Training a detector on clips of normal footage: what the loop is given, in every process."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from oddframe.clips.batches import ClipBatches, even_clips
from oddframe.clips.cached_files import FRAME_CACHE, cache_bytes, cache_frames, writable_folder
from oddframe.clips.calibration import calibrate_detector
from oddframe.clips.config import TrainingConfig
from oddframe.clips.detector import ClipDetector
from oddframe.clips.frame_cache import FrameCache
from oddframe.clips.looks import Looks
from oddframe.clips.validation import cached_scores, require_truth_fits, validator
from oddframe.console.progress import Progress
from oddframe.console.words import count
from oddframe.detectors import load_given
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.runs.run_folder import BEST, ORACLE, SAMPLES, fitted_on, log, write_what_was_left_out
from oddframe.training.job import Prepared, TrainingJob
from oddframe.training.oracle import oracle
from oddframe.videos.frame_truth import labelled_videos
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Video

if TYPE_CHECKING:
    from lightning.fabric import Fabric

VALIDATION_CLIPS = 200
"""Held-out clips looked at in each validation, evenly spaced."""
_TAIL = 0.2
"""Share at the end of each training video that is held out where no whole video is."""


@dataclass(frozen=True, kw_only=True)
class ClipTraining(TrainingJob):
    """Training on clips of normal footage.

    Attributes:
        cache: folder for decoded frames, beside the footage; the run folder is used where it
            cannot be written.
    """

    config: TrainingConfig
    cache: Path
    several_phases = True

    def learns_from(self, manifest: Manifest) -> tuple[dict[str, Any], str]:
        """The normal training videos, and those held out."""
        trained, held_out = (manifest.normal(split) for split in ("train", "val"))
        amount = f"{count(len(trained), 'video')}, {len(held_out)} held out"
        return fitted_on(trained, held_out), amount

    def prepare(self, fabric: Fabric, manifest: Manifest, bar: Progress) -> Prepared:
        """Decoded frames of all videos, the learner, and what validates it."""
        training, held_out = (manifest.normal(split) for split in ("train", "val"))
        if not training:
            raise OddframeError(
                f"manifest of {manifest.dataset}: no normal videos in split 'train'"
            )
        config = self.config
        torch.manual_seed(self.seed)
        learner: ClipDetector = load_given(self.detector).DETECTOR(config)
        learner.to(memory_format=torch.channels_last)  # ty: ignore[no-matching-overload]
        tested = labelled_videos(manifest, "test") if self.oracle else ()
        looks = learner.looks
        cache = self._cache(fabric, manifest, (*training, *held_out, *tested), looks, bar.counter)
        training, held_out = (
            tuple(video for video in videos if video.id in cache.arrays)
            for videos in (training, held_out)
        )
        if not training:
            raise OddframeError(
                f"manifest of {manifest.dataset}: no video in split 'train' can be decoded"
            )
        if fabric.is_global_zero and cache.left_out:
            learnt_from = fitted_on(training, held_out)
            write_what_was_left_out(self.folder, cache.left_out, fitted_on=learnt_from)
        trained, calibrating = self._divide(fabric, cache, held_out)
        length, step = learner.training_length, learner.frame_step
        batches = ClipBatches(
            trained,
            [video.id for video in training],
            length,
            step,
            config.batch_size,
            config.clips_per_video,
            self.seed,
            learner.strides,
        )
        learner.prepare(trained.frames(video.id) for video in training)
        ids = [video.id for video in held_out or training]
        clips = even_clips(calibrating, ids, length, step, VALIDATION_CLIPS)
        save = self.saver(learner, BEST)
        validators = [validator(learner, clips, self.folder / SAMPLES, save)]
        if self.oracle:
            require_truth_fits(learner, cache, tested, manifest.dataset)
            score = partial(cached_scores, learner, cache)
            validators.append(oracle(tested, score, "micro_auc", self.saver(learner, ORACLE)))

        def calibrate(detector: ClipDetector) -> None:
            detector.to(fabric.device)
            bar.share("calibrating on normal footage", 0.0)
            # Which of them are too short was said before the training.
            calibrate_detector(
                detector,
                (
                    (
                        v.id,
                        calibrating.frames(v.id),
                        calibrating.clock(v),
                        calibrating.breaks.get(v.id, ()),
                    )
                    for v in held_out or training
                ),
            )

        return Prepared(learner, batches, tuple(validators), calibrate)

    def _cache(
        self,
        fabric: Fabric,
        manifest: Manifest,
        videos: tuple[Video, ...],
        looks: Looks,
        counter: Callable[[str, int], Callable[[int], None]],
    ) -> FrameCache:
        """Decoded by the first process, mapped by all."""
        total = sum(video.frames for video in videos)
        if fabric.is_global_zero:
            megabytes = cache_bytes(videos, looks) / 1e6
            place = writable_folder(self.cache, self.folder / FRAME_CACHE)
            log(self.folder, f"{total} frames, {megabytes:.0f} MB, are kept in {place}")
        make = partial(cache_frames, manifest, videos, looks, self.cache, self.folder)
        made = make(advance=counter("decoding frames", total)) if fabric.is_global_zero else None
        fabric.barrier()
        return made or make()

    def _divide(
        self, fabric: Fabric, cache: FrameCache, held_out: tuple[Video, ...]
    ) -> tuple[FrameCache, FrameCache]:
        """What is trained on and what is held out."""
        if held_out:
            return cache, cache
        if fabric.is_global_zero:
            warnings.warn(
                "no whole videos are held out, so the last fifth of each is, which lies close to "
                "what is trained on; give more videos, or prepare with --val-share",
                OddframeWarning,
                stacklevel=2,
            )
        return cache.divide(_TAIL)
