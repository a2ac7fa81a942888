"""Training a detector on bags: what the loop is given, in every process the same."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from oddframe.bags.batches import BagBatches
from oddframe.bags.detector import BagConfig, BagDetector
from oddframe.bags.segments import Segments, pool_segments
from oddframe.bags.snippets import BagShape, score_video
from oddframe.bags.validation import validator
from oddframe.console.progress import Progress
from oddframe.console.words import count
from oddframe.detectors import load_given
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.evaluation.metrics.frame_metrics import headline_metric
from oddframe.evaluation.thresholds import validation_thresholds
from oddframe.features.feature_folder import FeatureFolder
from oddframe.runs.run_folder import BEST, ORACLE, minutes_watched
from oddframe.scores.frame_scores import Scores
from oddframe.training.job import Prepared, TrainingJob
from oddframe.training.oracle import oracle
from oddframe.videos.frame_truth import labelled_videos
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Video

if TYPE_CHECKING:
    from lightning.fabric import Fabric


@dataclass(frozen=True, kw_only=True)
class BagTraining(TrainingJob):
    """Training on features of labelled videos.

    Attributes:
        features: the feature folder.
    """

    config: BagConfig
    features: Path

    @property
    def kind(self) -> type[BagDetector]:
        """The class of the detector."""
        return load_given(self.detector).DETECTOR

    @property
    def several_phases(self) -> bool:
        """Whether the detector has phases that each use some of its parameters only."""
        return len(self.kind.phases) > 1

    def learns_from(self, manifest: Manifest) -> tuple[dict[str, Any], str]:
        """All training and validation videos."""
        videos = manifest.split("train", "val")
        fitted_on = {
            "videos": len(videos),
            "anomalous": sum(video.label == "anomalous" for video in videos),
            "minutes": minutes_watched(videos),
        }
        return fitted_on, count(len(videos), "video")

    def prepare(self, fabric: Fabric, manifest: Manifest, bar: Progress) -> Prepared:
        """Segments of all videos, the learner, and what validates it."""
        features = FeatureFolder.open(self.features)
        training, held_out = manifest.split("train"), manifest.split("val")
        if not training:
            raise OddframeError(f"manifest of {manifest.dataset}: no videos in split 'train'")
        config = self.config
        segments = self._pool(fabric, features, (*training, *held_out), bar.counter)
        torch.manual_seed(self.seed)
        learner = self.kind(config, BagShape(features.crops, features.channels, config.segments))
        batches = BagBatches(segments, training, config.batch_size, self.seed)
        normal = segments.rows([v.id for v in training if v.label == "normal"])
        bar.share("preparing", 0.0)
        learner.prepare((np.asarray(segments.values[row]) for row in normal), self.seed)
        validators = []
        if not held_out and fabric.is_global_zero:
            warnings.warn(
                "there are no validation videos, so the last checkpoint is kept and the "
                "threshold is 0.5; prepare the data set with --val-share above 0",
                OddframeWarning,
                stacklevel=2,
            )
        if held_out:
            save = self.saver(learner, BEST)
            validators.append(validator(learner, segments, held_out, config.batch_size, save))
        if self.oracle:
            score = partial(score_video, learner, features)
            ranked_by = headline_metric(manifest.dataset)
            tested = labelled_videos(manifest, "test")
            validators.append(oracle(tested, score, ranked_by, self.saver(learner, ORACLE)))
        return Prepared(
            learner, batches, tuple(validators), partial(_choose_threshold, features, held_out)
        )

    def _pool(
        self,
        fabric: Fabric,
        features: FeatureFolder,
        videos: tuple[Video, ...],
        counter: Callable[[str, int], Callable[[int], None]],
    ) -> Segments:
        """Pooled by the first process, mapped by all."""
        ids = [video.id for video in videos]
        if fabric.is_global_zero:
            for video in videos:
                features.check_frames(video.id, video.clock)
        how = self.config.segments, self.kind.resampling
        pool = partial(pool_segments, features, ids, *how, self.folder)
        if fabric.is_global_zero:
            pool(advance=counter("pooling segments", len(ids)))
        fabric.barrier()
        return pool()


def _choose_threshold(
    features: FeatureFolder, held_out: tuple[Video, ...], detector: BagDetector
) -> None:
    """The threshold that tells validation videos apart best, where both kinds are among them."""
    if {video.label for video in held_out} == {"normal", "anomalous"}:
        scores = Scores({v.id: score_video(detector, features, v) for v in held_out})
        chosen = validation_thresholds(scores, held_out)["val_g_mean"]
        detector.threshold = chosen.value
        detector.threshold_source = (
            f"threshold {chosen.value:.3f}: best G-mean on {chosen.chosen_on}"
        )
