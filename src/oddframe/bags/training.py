"""Training a detector on bags: what the loop is given, in every process the same."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import torch

from oddframe.bags.batches import BagBatches
from oddframe.bags.detector import BagConfig, BagDetector, BagShape, score_video
from oddframe.bags.judges import oracle, validation
from oddframe.bags.segments import Segments, pool_segments
from oddframe.console.progress import progress
from oddframe.detectors import load_given
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.evaluation.thresholds import validation_thresholds
from oddframe.features.feature_folder import FeatureFolder
from oddframe.runs.run_folder import (
    BEST,
    CHECKPOINT,
    LAST,
    MANIFEST,
    ORACLE,
    log,
    read_run,
    write_checkpoint,
)
from oddframe.scores.frame_scores import Scores
from oddframe.training.kept_states import forget_kept_states, write_what_was_kept
from oddframe.training.loop import Schedule, train
from oddframe.videos.manifest import Manifest, Video

if TYPE_CHECKING:
    from lightning.fabric import Fabric


@dataclass(frozen=True)
class BagTraining:
    """One training; picklable, so that spawned processes can each build it.

    Attributes:
        folder: the run folder, with ``manifest.jsonl`` in it.
        features: the feature folder.
        detector: name of the detector, or its file.
        config: its settings.
        seed: fixes weights, batches and dropout.
        oracle: also look at the test videos' truth at every validation, and keep the state that
            is best there under that name.
        resume: go on from the last state.
    """

    folder: Path
    features: Path
    detector: str
    config: BagConfig
    seed: int = 0
    oracle: bool = False
    resume: bool = False

    def __call__(self, fabric: Fabric) -> None:
        """Train in this process; afterwards ``best.pt`` holds the state to use.

        Raises:
            OddframeError: features, labels or losses that cannot be trained on.
        """
        manifest = Manifest.read(self.folder / MANIFEST)
        features = FeatureFolder.open(self.features)
        training, held_out = manifest.split("train"), manifest.split("val")
        if not training:
            raise OddframeError(f"manifest of {manifest.dataset}: no videos in split 'train'")
        kind: type[BagDetector] = load_given(self.detector).DETECTOR
        config = self.config
        with progress() as bar:
            videos = (*training, *held_out)
            segments = self._pool(fabric, features, videos, kind.resampling, bar.counter)
            torch.manual_seed(self.seed)
            learner = kind(config, BagShape(features.crops, features.channels, config.segments))
            batches = BagBatches(segments, training, config.batch_size, self.seed)
            normal = segments.rows([v.id for v in training if v.label == "normal"])
            bar.share("preparing", 0.0)
            learner.prepare((np.asarray(segments.values[row]) for row in normal), self.seed)
            if fabric.is_global_zero and not (self.resume and (self.folder / LAST).exists()):
                forget_kept_states(self.folder)
            keep_best = partial(write_checkpoint, self.folder, learner, BEST)
            judges = []
            if not held_out and fabric.is_global_zero:
                warnings.warn(
                    "there are no validation videos, so the last checkpoint is kept and the "
                    "threshold is 0.5; prepare the data set with --val-share above 0",
                    OddframeWarning,
                    stacklevel=2,
                )
            if held_out:
                judges.append(validation(learner, segments, held_out, config.batch_size, keep_best))
            if self.oracle:
                keep = partial(write_checkpoint, self.folder, learner, ORACLE)
                judges.append(oracle(learner, features, manifest, keep))
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
            if not held_out:
                keep_best()
            self._finish(features, held_out, kept)
        fabric.barrier()

    def _finish(
        self,
        features: FeatureFolder,
        held_out: tuple[Video, ...],
        kept: dict[str, dict[str, float]],
    ) -> None:
        """Choose the threshold with the state that was kept; the checkpoint is written last."""
        write_what_was_kept(self.folder, kept)
        for source, target in ((ORACLE, ORACLE), (BEST, CHECKPOINT)):
            if not (self.folder / source).exists():
                continue
            detector = cast(BagDetector, read_run(self.folder, source, self.detector).detector)
            if {video.label for video in held_out} == {"normal", "anomalous"}:
                scores = Scores({v.id: score_video(detector, features, v) for v in held_out})
                chosen = validation_thresholds(scores, held_out)["val_g_mean"]
                detector.threshold = chosen.value
                detector.threshold_source = (
                    f"threshold {chosen.value:.3f}: best G-mean on {chosen.chosen_on}"
                )
            if source == BEST:
                log(self.folder, detector.threshold_source)
            write_checkpoint(self.folder, detector, target)
        for name in (BEST, LAST):
            (self.folder / name).unlink(missing_ok=True)

    def _pool(
        self,
        fabric: Fabric,
        features: FeatureFolder,
        videos: tuple[Video, ...],
        resampling: str,
        counter: Callable[[str, int], Callable[[int], None]],
    ) -> Segments:
        """Pooled by the first process, mapped by all."""
        ids = [video.id for video in videos]
        if fabric.is_global_zero:
            for video in videos:
                features.check_frames(video.id, video.clock)
        pool = partial(pool_segments, features, ids, self.config.segments, resampling, self.folder)
        if fabric.is_global_zero:
            pool(advance=counter("pooling segments", len(ids)))
        fabric.barrier()
        return pool()
