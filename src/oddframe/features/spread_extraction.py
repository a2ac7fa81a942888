"""Extraction in several processes or on several machines: each takes video by video."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

from oddframe.cluster.spread import is_spread, spread
from oddframe.errors import OddframeError
from oddframe.features.backbones import Backbone, BackboneOptions, load
from oddframe.features.extraction import (
    Extraction,
    SnippetPlan,
    extract_anew,
    extract_features,
    unfinished,
)
from oddframe.features.feature_folder import INFO_FILE
from oddframe.files.atomic import CannotWriteError
from oddframe.videos.manifest import Manifest, Video


def extract_spread(
    manifest: Manifest,
    videos: Sequence[Video],
    backbone: Backbone,
    options: BackboneOptions,
    plan: SnippetPlan,
    out: Path,
    *,
    batch: int = 32,
    workers: int | None = None,
    address: str | None = None,
    advance: Callable[[str, int, int | None], None] = lambda *_: None,
) -> Extraction:
    """As :func:`oddframe.features.extraction.extract_features`, on several processors if wanted.

    A video whose worker fails is left out and named in the result. With one video left to do and
    no cluster, and where neither workers nor a cluster are given, this process does it.

    Args:
        manifest: says where the videos are; all machines see them there.
        videos: those wanted.
        backbone: describes the features; each worker loads one like it.
        options: what the backbone was loaded with.
        plan: snippets and crops.
        out: the folder; goes on with one that was made with the same settings.
        batch: crops that a network gets at once.
        workers, address: see :func:`oddframe.cluster.spread.spread`.
        advance: told what is going on, how many videos are done, and how many there are.

    Raises:
        OddframeError: the folder has features made otherwise, the disk is full, or there is no
            cluster.
    """
    if not is_spread(workers, address):
        return extract_features(manifest, videos, backbone, plan, out, batch=batch, advance=advance)
    to_do = unfinished(manifest, videos, backbone, plan, out)
    new = {video.id for video in to_do}
    kept = tuple(video.id for video in videos if video.id not in new)
    if address is None and len(to_do) < 2:
        done, failed = extract_anew(
            manifest, to_do, backbone, plan, out, batch=batch, advance=advance
        )
        return Extraction(tuple(done), kept, failed)
    weights = options.weights.absolute() if options.weights else None
    make = partial(
        _extractor,
        replace(manifest, root=manifest.root.absolute()),
        backbone.name,
        replace(options, weights=weights),
        plan,
        out.absolute(),
        batch,
    )
    reasons: dict[str, str | None] = {}
    gpu = getattr(backbone, "device", "cpu") != "cpu"
    results = spread(make, to_do, workers=workers, address=address, gpu=gpu, advance=advance)
    with closing(results):
        for video, outcome in results:
            if isinstance(outcome, CannotWriteError):
                raise outcome
            reasons[video.id] = str(outcome) if isinstance(outcome, OddframeError) else outcome
    extracted = tuple(video.id for video in to_do if reasons[video.id] is None)
    failed = {video.id: why for video in to_do if (why := reasons[video.id]) is not None}
    return Extraction(extracted, kept, failed)


def _extractor(
    manifest: Manifest,
    backbone: str,
    options: BackboneOptions,
    plan: SnippetPlan,
    out: Path,
    batch: int,
) -> Callable[[Video], str | None]:
    """A worker: writes a video's features, or says why there are none."""
    if not (out / INFO_FILE).exists():
        raise OddframeError(
            f"{out}: no such folder on this machine; choose one that all machines share"
        )
    network = load(backbone, options)
    unfinished(
        manifest, (), network, plan, out
    )  # another weight file here would differ in features.json

    def extract_one(video: Video) -> str | None:
        _, failed = extract_anew(manifest, (video,), network, plan, out, batch=batch)
        return failed.get(video.id)

    return extract_one
