"""Scoring many videos: one after the other here, or spread; each is kept once it is done."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import oddframe
from oddframe.atomic import CannotWriteError
from oddframe.cluster.spread import is_spread, spread
from oddframe.detectors.base import FrameDetector
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.features.feature_folder import FeatureFolder
from oddframe.progress import Progress, says_how_to_go_on
from oddframe.score_maps import FOLDER as MAPS
from oddframe.score_terms import FOLDER as TERMS
from oddframe.training.run_folder import Run, read_run
from oddframe.verbs.frame_scoring import score_frames
from oddframe.verbs.kept_scores import FOLDER, KeptScores, VideoScores
from oddframe.videos import Manifest, Video
from oddframe.words import count

Count = Callable[[str, int, int | None], None]


@dataclass(frozen=True)
class Scoring:
    """How videos are scored; what another process needs to score one of them.

    Attributes:
        run: the run folder.
        checkpoint: which of its checkpoints.
        manifest: says where the videos are.
        features: folder of their features, for a run that reads features.
        causal: no smoothing over later frames.
        per_video: scale each term within the video.
        threshold: scores above it make an event.
        folder: where the scores file goes; ``maps/`` and ``terms/`` go beside it.
        detector: the file of the run's detector, if it is one.
    """

    run: Path
    checkpoint: str
    manifest: Manifest
    features: Path | None
    causal: bool
    per_video: bool
    threshold: float
    folder: Path
    detector: str | None = None

    def absolute(self) -> Scoring:
        """The same for a process that works in another folder."""
        return replace(
            self,
            run=self.run.absolute(),
            manifest=replace(self.manifest, root=self.manifest.root.absolute()),
            features=self.features.absolute() if self.features else None,
            folder=self.folder.absolute(),
        )

    def scorer(self, run: Run, count: Count = lambda *_: None) -> Callable[[Video], VideoScores]:
        """What scores one video.

        Args:
            run: the run, read.
            count: told the video, its frames done, and how many there are.

        Raises:
            OddframeError: the features do not fit the run.
        """
        if self.features is not None:
            from oddframe.verbs.feature_scoring import feature_scorer

            return feature_scorer(run, self.features, self.threshold)
        detector = cast(FrameDetector, run.detector)
        _to_gpu(detector)

        def score_one(video: Video) -> VideoScores:
            maps, terms = self._beside(video)
            return score_frames(
                detector,
                self.manifest,
                video,
                maps,
                terms,
                self.causal,
                self.per_video,
                self.threshold,
                count,
            )

        return score_one

    def kept(self, run: Run) -> KeptScores:
        """Where the scores of single videos are kept until all are there."""
        settings = {
            "oddframe": oddframe.__version__,
            "run_sha256": run.sha256,
            "detector": run.source.get("sha256") or run.source.get("package"),
            "features": str(self.features.absolute()) if self.features else None,
            "causal": self.causal,
            "per_video": self.per_video,
            "threshold": str(self.threshold),  # infinite, where a run has none
        }
        return KeptScores(self.folder / FOLDER, settings)

    def sources(self, videos: Sequence[Video]) -> dict[str, Any]:
        """What tells each video from another of its name, or from its own file of yesterday."""
        features = FeatureFolder.open(self.features) if self.features is not None else None
        found: dict[str, Any] = {}
        for video in videos:
            files: Sequence[Path] = ()
            if features is not None:
                name = features.resolve(video.id)
                files = features.files[name] if name else ()
            elif video.path:
                files = (self.manifest.locate(video),)
            stamps = [_stamp(file.absolute()) for file in files if file.exists()]
            found[video.id] = [asdict(video), stamps]
        return found

    def beside(self, video: Video) -> list[Path]:
        """The files that were written beside a video's scores."""
        return [path for path in self._beside(video) if path.exists()]

    def _beside(self, video: Video) -> tuple[Path, Path]:
        maps = self.folder / MAPS / f"{video.id}.npy"
        return maps, self.folder / TERMS / f"{video.id}.npz"


def score_videos(
    scoring: Scoring,
    run: Run,
    videos: Sequence[Video],
    *,
    workers: int | None,
    address: str | None,
    bar: Progress,
) -> tuple[dict[str, VideoScores], dict[str, str]]:
    """Scores and events of videos; of several, each is kept, and taken again after a kill.

    Args:
        scoring: how.
        run: the run, read.
        videos: which.
        workers, address: see :func:`oddframe.cluster.spread.spread`.
        bar: told the progress.

    Returns:
        Of each video that could be scored its scores, of the others why not; in the videos' order.

    Raises:
        OddframeError: the only video cannot be scored, or nothing can be written.
        KeyboardInterrupt: Ctrl-C; what is done is kept.
    """
    several = is_spread(workers, address)
    kept = scoring.kept(run)
    if len(videos) < 2 and not several:
        kept.remove()  # its score maps are about to be written over
        return {videos[0].id: scoring.scorer(run, bar.count)(videos[0])}, {}
    kept.begin()
    sources = scoring.sources(videos)
    found: dict[str, VideoScores] = {}
    failed: dict[str, str] = {}
    for video in videos:
        if (there := kept.read(video.id, sources[video.id])) is not None:
            found[video.id] = there
    if found:
        bar.say(
            f"{len(found)} of {count(len(videos), 'video')} were scored before this was stopped"
        )
    to_do = [(video, sources[video.id]) for video in videos if video.id not in found]
    if several and (address is not None or len(to_do) > 1):
        results = spread(
            partial(_scorer_elsewhere, scoring.absolute()),
            to_do,
            workers=workers,
            address=address,
            gpu=scoring.features is None and _uses_gpu(run.detector),
            advance=bar.count,
        )
    else:
        results = _one_after_another(_keeping(scoring, run, bar.count), to_do)
    with closing(results), says_how_to_go_on():
        for (video, _), outcome in results:
            if isinstance(outcome, CannotWriteError):
                raise outcome
            if isinstance(outcome, OddframeError):
                failed[video.id] = str(outcome)
                warnings.warn(f"{video.id}: left out ({outcome})", OddframeWarning, stacklevel=2)
            else:
                found[video.id] = outcome
    in_order = [video.id for video in videos]
    return (
        {name: found[name] for name in in_order if name in found},
        {name: failed[name] for name in in_order if name in failed},
    )


def _keeping(
    scoring: Scoring, run: Run, count: Count = lambda *_: None
) -> Callable[[tuple[Video, Any]], VideoScores]:
    """What scores a video and keeps its scores."""
    kept = scoring.kept(run)
    scorer = scoring.scorer(run, count)

    def score_one(item: tuple[Video, Any]) -> VideoScores:
        video, source = item
        found = scorer(video)
        kept.write(video.id, source, found, scoring.beside(video))
        return found

    return score_one


def _one_after_another(
    work: Callable[[tuple[Video, Any]], VideoScores], items: Sequence[tuple[Video, Any]]
) -> Generator[tuple[tuple[Video, Any], VideoScores | OddframeError]]:
    for item in items:
        try:
            yield item, work(item)
        except OddframeError as error:
            yield item, error


def _scorer_elsewhere(scoring: Scoring) -> Callable[[tuple[Video, Any]], VideoScores]:
    """The same in a worker."""
    run = read_run(scoring.run, scoring.checkpoint, scoring.detector)
    if not scoring.kept(run).is_begun():
        raise OddframeError(
            f"{scoring.folder}: no such folder on this machine, or another run in "
            f"{scoring.run}; all machines must share both"
        )
    return _keeping(scoring, run)


def _stamp(file: Path) -> list[Any]:
    status = file.stat()
    return [str(file), status.st_size, status.st_mtime_ns]


def _to_gpu(detector: Any) -> None:
    """A detector that is a network is faster on a GPU, where there is one."""
    if _uses_gpu(detector):
        detector.to("cuda")


def _uses_gpu(detector: Any) -> bool:
    if not hasattr(detector, "to"):
        return False
    import torch

    return torch.cuda.is_available()
