"""Extraction in several processes or on several machines: each takes video by video."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from oddframe.cluster.spread import Workers, spread
from oddframe.errors import OddframeError
from oddframe.features.backbones import Backbone, BackboneOptions, load_backbone
from oddframe.features.extraction import Extraction, extract_anew, unfinished
from oddframe.features.feature_info import INFO_FILE
from oddframe.features.snippet_plan import SnippetPlan
from oddframe.files.atomic import CannotWriteError
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Video


@dataclass(frozen=True)
class Extracting:
    """How videos become features; what another process needs to extract one of them.

    Attributes:
        manifest: says where the videos are; all machines see them there.
        backbone: name of the network; each worker loads one.
        options: what it is loaded with.
        plan: snippets and crops.
        out: the folder; goes on with one that was made with the same settings.
        batch: crops that a network gets at once.
    """

    manifest: Manifest
    backbone: str
    options: BackboneOptions
    plan: SnippetPlan
    out: Path
    batch: int = 32

    def __post_init__(self) -> None:
        if self.batch < 1:
            raise OddframeError(f"--batch: expected at least 1, found {self.batch}")

    def network(self) -> Backbone:
        """The backbone, ready to run.

        Raises:
            OddframeError: weights that are missing or do not fit, or a GPU is wanted for nothing.
        """
        network = load_backbone(self.backbone, self.options)
        if self.options.device == "cuda" and not hasattr(network, "device"):
            raise OddframeError(f"{self.backbone} runs on the CPU; leave out --device")
        return network

    def absolute(self) -> Extracting:
        """This extraction with absolute paths, for a process that works in another folder."""
        weights = self.options.weights
        return replace(
            self,
            manifest=replace(self.manifest, root=self.manifest.root.absolute()),
            options=replace(self.options, weights=weights.absolute() if weights else None),
            out=self.out.absolute(),
        )


def extract_spread(
    how: Extracting,
    videos: Sequence[Video],
    workers: Workers,
    advance: Callable[[str, int, int | None], None] = lambda *_: None,
) -> Extraction:
    """As :func:`oddframe.features.extraction.extract_features`, on several processors if wanted.

    A video whose worker fails is left out and named in the result. With one video left to do and
    no cluster, and where neither workers nor a cluster are given, this process does it.

    Args:
        how: network, snippets and folder.
        videos: those wanted.
        workers: who does it.
        advance: told what is going on, how many videos are done, and how many there are.

    Raises:
        OddframeError: no such network, the folder has features made otherwise, the disk is full,
            or there is no cluster.
    """
    network = how.network()
    to_do = unfinished(how.manifest, videos, network, how.plan, how.out)
    new = {video.id for video in to_do}
    kept = tuple(video.id for video in videos if video.id not in new)
    if not workers.would_share(len(to_do)):
        done, failed = extract_anew(
            how.manifest, to_do, network, how.plan, how.out, batch=how.batch, advance=advance
        )
        return Extraction(tuple(done), kept, failed)
    reasons: dict[str, str | None] = {}
    gpu = getattr(network, "device", "cpu") != "cpu"
    results = spread(partial(_extractor, how.absolute()), to_do, workers, gpu=gpu, advance=advance)
    with closing(results):
        for video, outcome in results:
            if isinstance(outcome, CannotWriteError):
                raise outcome
            reasons[video.id] = str(outcome) if isinstance(outcome, OddframeError) else outcome
    extracted = tuple(video.id for video in to_do if reasons[video.id] is None)
    failed = {video.id: why for video in to_do if (why := reasons[video.id]) is not None}
    return Extraction(extracted, kept, failed)


def _extractor(how: Extracting) -> Callable[[Video], str | None]:
    """A worker: writes a video's features, or says why there are none."""
    if not (how.out / INFO_FILE).exists():
        raise OddframeError(
            f"{how.out}: no such folder on this machine; choose one that all machines share"
        )
    network = how.network()
    # Another weight file here would differ in features.json.
    unfinished(how.manifest, (), network, how.plan, how.out)

    def extract_one(video: Video) -> str | None:
        _, failed = extract_anew(
            how.manifest, (video,), network, how.plan, how.out, batch=how.batch
        )
        return failed.get(video.id)

    return extract_one
