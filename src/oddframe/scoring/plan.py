"""How videos are scored: the value that every process of a scoring works by."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeGuard

import oddframe
from oddframe.detectors.contract import Detector, Network, is_network, looks_at_frames
from oddframe.features.feature_folder import FeatureFolder
from oddframe.media.fingerprints import Fingerprint, recording_files
from oddframe.runs.run_folder import Run
from oddframe.scores.baseline_scores import BASELINES
from oddframe.scores.judged_part import JudgedPart
from oddframe.scores.maps import MAPS
from oddframe.scores.terms import TERMS
from oddframe.scoring.frames import score_frames
from oddframe.scoring.kept import KEPT, KeptScores, KeptVideo, Source, VideoScores, beside
from oddframe.scoring.part import score_part
from oddframe.scoring.request import Manner
from oddframe.settings.devices import device_here
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Video

Count = Callable[[str, int, int | None], None]

_NOT_LOOKED_AT = ("path", "split", "label", "classes", "events", "mask", "tracks", "start")
"""What is said of a video that no score depends on: its files are looked at themselves."""


@dataclass(frozen=True)
class Scoring:
    """How videos are scored; what another process needs to score one of them.

    Attributes:
        run: the run folder.
        manner: how scores come from what its detector measures.
        manifest: says where the videos are.
        features: folder of their features, for a run that reads features.
        mapped: whether score maps are wanted.
        folder: where the results go, in the end.
        detector: the file of the run's detector, if it is one.
        part: the part of each video that is judged; None for all of it.
        device: where a network computes, see :func:`oddframe.settings.devices.device_here`.
    """

    run: Path
    manner: Manner
    manifest: Manifest
    features: Path | None
    mapped: bool
    folder: Path
    detector: str | None = None
    part: JudgedPart | None = None
    device: str = "auto"

    def absolute(self) -> Scoring:
        """This scoring with absolute paths, for a process that works in another folder."""
        return replace(
            self,
            run=self.run.absolute(),
            manifest=replace(self.manifest, root=self.manifest.root.absolute()),
            features=self.features.absolute() if self.features else None,
            folder=self.folder.absolute(),
        )

    def kept(self, run: Run) -> KeptScores:
        """Where the scores of single videos are kept until all are there."""
        settings = {
            "oddframe": oddframe.__version__,
            "run_sha256": run.sha256,
            "detector": run.source.get("sha256") or run.source.get("package"),
            "features": str(self.features.absolute()) if self.features else None,
            "causal": self.manner.causal,
            "per_video": self.manner.per_video,
        }
        if self.part is not None:
            settings["part"] = self.part.row()
        return KeptScores(self.folder / KEPT, settings)

    def sources(self) -> Callable[[Video], Source]:
        """A function that says what a video's scores depend on.

        Raises:
            OddframeError: the features cannot be opened.
        """
        features = FeatureFolder.open(self.features) if self.features is not None else None

        def source(video: Video) -> Source:
            said = {key: value for key, value in asdict(video).items() if key not in _NOT_LOOKED_AT}
            if not video.zones:  # which earlier versions did not know
                del said["zones"]
            facts = json.loads(json.dumps(said))  # as it comes back from a file
            if features is None:
                return Source(recording_files(self.manifest.locate(video)), facts)
            name = features.resolve(video.id)
            return Source(features.files[name] if name else (), facts)

        return source

    def scorer(self, run: Run, count: Count = lambda *_: None) -> Callable[[Video], KeptVideo]:
        """What scores one video and keeps its scores.

        Args:
            run: the run, read.
            count: told the video, its frames done, and how many there are.

        Raises:
            OddframeError: the features do not fit the run.
        """
        kept, source_of, score = self.kept(run), self.sources(), self._scorer(run, count)

        def score_one(video: Video) -> KeptVideo:
            source = source_of(video)
            # Before they are read, so that what is written to them meanwhile shows.
            made_of = Fingerprint.of(source.files) if source.files else None
            found = score(video)
            there = tuple(name for name in beside(video.id) if (kept.folder / name).exists())
            scored = KeptVideo(found, source.facts, made_of, self.mapped, there)
            kept.write(video.id, scored)
            return scored

        return score_one

    def _scorer(self, run: Run, count: Count) -> Callable[[Video], VideoScores]:
        if self.features is not None:
            from oddframe.scoring.features import feature_scorer

            return feature_scorer(run, self.features)
        detector = run.detector
        assert looks_at_frames(detector), "features are extracted before"
        if uses_gpu(detector, self.device):
            detector.to("cuda")
        staging, part = self.kept(run).folder, self.part
        score = score_frames if part is None else partial(score_part, part=part)
        return lambda video: score(
            detector,
            self.manifest,
            video,
            maps=staging / MAPS / f"{video.id}.npy" if self.mapped else None,
            terms=staging / TERMS / f"{video.id}.npz",
            baselines=staging / BASELINES / f"{video.id}.npz",
            causal=self.manner.causal,
            per_video=self.manner.per_video,
            count=count,
        )


def uses_gpu(detector: Detector, device: str) -> TypeGuard[Network]:
    """Whether a detector is faster on a GPU, there is one, and it may be used.

    Raises:
        OddframeError: it is to be used, and there is none.
    """
    return is_network(detector) and device_here(device) == "cuda"
