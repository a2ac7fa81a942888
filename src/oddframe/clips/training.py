"""Training a detector on clips of normal footage: what the loop is given, in every process."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

import torch

from oddframe.clips.batches import ClipBatches, even_clips
from oddframe.clips.config import ClipConfig
from oddframe.clips.detector import ClipDetector
from oddframe.clips.frame_cache import (
    FOLDER,
    FrameCache,
    cache_bytes,
    cache_frames,
    writable_folder,
)
from oddframe.clips.judges import oracle, validation
from oddframe.console.progress import progress
from oddframe.detectors import load_given
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.runs.run_folder import (
    BEST,
    CHECKPOINT,
    LAST,
    MANIFEST,
    ORACLE,
    SAMPLES,
    fitted_on,
    log,
    read_run,
    write_checkpoint,
    write_what_was_left_out,
)
from oddframe.training.kept_states import forget_kept_states, write_what_was_kept
from oddframe.training.loop import Schedule, train
from oddframe.videos.frame_truth import labelled_videos
from oddframe.videos.manifest import Manifest, Video

if TYPE_CHECKING:
    from lightning.fabric import Fabric

VALIDATION_CLIPS = 200
"""Held-out clips looked at in each validation, evenly spaced."""
_TAIL = 0.2
"""Share at the end of each training video that is held out where no whole video is."""


@dataclass(frozen=True)
class ClipTraining:
    """One training; picklable, so that spawned processes can each build it.

    Attributes:
        folder: the run folder, with ``manifest.jsonl`` in it.
        cache: folder for decoded frames, beside the footage; the run folder is used where it
            cannot be written.
        detector: name of the detector, or its file.
        config: its settings.
        seed: fixes weights, clips and noise.
        oracle: also look at the test videos' truth at every validation, and keep the state that
            is best there under that name.
        resume: go on from the last state.
    """

    folder: Path
    cache: Path
    detector: str
    config: ClipConfig
    seed: int = 0
    oracle: bool = False
    resume: bool = False

    def __call__(self, fabric: Fabric) -> None:
        """Train in this process; afterwards ``checkpoint.pt`` holds the state to use.

        Raises:
            OddframeError: footage or settings that cannot be trained on.
        """
        manifest = Manifest.read(self.folder / MANIFEST)
        training, held_out = (normal_videos(manifest, split) for split in ("train", "val"))
        if not training:
            raise OddframeError(
                f"manifest of {manifest.dataset}: no normal videos in split 'train'"
            )
        config = self.config
        with progress() as bar:
            torch.manual_seed(self.seed)
            learner: ClipDetector = load_given(self.detector).DETECTOR(config)
            learner.to(memory_format=torch.channels_last)  # ty: ignore[no-matching-overload]
            tested = labelled_videos(manifest, "test") if self.oracle else ()
            cache = self._cache(fabric, manifest, (*training, *held_out, *tested), bar.counter)
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
            length, step = learner.clip_length, config.frame_step
            batches = ClipBatches(
                trained,
                [video.id for video in training],
                length,
                step,
                config.batch_size,
                config.clips_per_video,
                self.seed,
            )
            if fabric.is_global_zero and not (self.resume and (self.folder / LAST).exists()):
                forget_kept_states(self.folder)
                shutil.rmtree(self.folder / SAMPLES, ignore_errors=True)
            ids = [video.id for video in held_out or training]
            clips = even_clips(calibrating, ids, length, step, VALIDATION_CLIPS)
            keep = partial(write_checkpoint, self.folder, learner)
            judges = [validation(learner, clips, self.folder / SAMPLES, partial(keep, BEST))]
            if self.oracle:
                judges.append(oracle(learner, cache, manifest, partial(keep, ORACLE)))
            kept = train(
                fabric,
                learner,
                batches,
                Schedule(config.steps, config.validate_every, config.clip_gradient, self.seed),
                self.folder,
                judges=tuple(judges),
                resume=self.resume,
                advance=bar.count,
                say=bar.say,
            )
            if fabric.is_global_zero:
                self._finish(fabric, calibrating, held_out or training, kept, bar.share)
        fabric.barrier()

    def _finish(
        self,
        fabric: Fabric,
        calibrating: FrameCache,
        videos: tuple[Video, ...],
        kept: dict[str, dict[str, float]],
        share: Callable[[str, float], None],
    ) -> None:
        """Calibrate the states that were kept; the checkpoint to use is written last."""
        write_what_was_kept(self.folder, kept)
        for source, target in ((ORACLE, ORACLE), (BEST, CHECKPOINT)):
            if not (self.folder / source).exists():
                continue
            detector = cast(ClipDetector, read_run(self.folder, source, self.detector).detector)
            detector.to(fabric.device)
            share("calibrating on normal footage", 0.0)
            # Which of them are too short was said before the training.
            detector.calibrate(
                (calibrating.frames(v.id), calibrating.clock(v), calibrating.breaks.get(v.id, ()))
                for v in videos
            )
            if source == BEST:
                log(self.folder, str(detector.notes.get("threshold")))
            write_checkpoint(self.folder, detector, target)
        for name in (BEST, LAST):
            (self.folder / name).unlink(missing_ok=True)

    def _cache(
        self,
        fabric: Fabric,
        manifest: Manifest,
        videos: tuple[Video, ...],
        counter: Callable[[str, int], Callable[[int], None]],
    ) -> FrameCache:
        """Decoded by the first process, mapped by all."""
        size, grey = self.config.size, self.config.channels == 1
        total = sum(video.frames for video in videos)
        if fabric.is_global_zero:
            megabytes = cache_bytes(videos, size, grey) / 1e6
            place = writable_folder(self.cache, self.folder / FOLDER)
            log(self.folder, f"{total} frames, {megabytes:.0f} MB, are kept in {place}")
        make = partial(
            cache_frames,
            manifest,
            videos,
            size,
            grey,
            self.cache,
            self.folder,
            how=self.config.resize,
        )
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


def normal_videos(manifest: Manifest, split: str) -> tuple[Video, ...]:
    """The split's videos, without those that are known to be anomalous."""
    return tuple(video for video in manifest.split(split) if video.label != "anomalous")
