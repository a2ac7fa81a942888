"""Extraction in several processes or on several machines: each takes video by video."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial

from oddframe.cluster.spread import Workers, spread
from oddframe.errors import OddframeError
from oddframe.features.extraction import Extracting, Extraction, extract_anew, unfinished
from oddframe.features.feature_info import INFO_FILE
from oddframe.files.atomic import CannotWriteError
from oddframe.videos.video import Video


def extract_spread(
    how: Extracting,
    videos: Sequence[Video],
    workers: Workers,
    advance: Callable[[str, int, int | None], None] = lambda *_: None,
) -> Extraction:
    """Write the features of videos into a folder; those that are there are kept.

    A video that cannot be decoded, or whose worker fails, is left out and named in the result.
    With one video left to do and no cluster, and where neither workers nor a cluster are given,
    this process does it.

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
    to_do = unfinished(how, network, videos)
    new = {video.id for video in to_do}
    kept = tuple(video.id for video in videos if video.id not in new)
    if not workers.would_share(len(to_do)):
        done, failed = extract_anew(how, network, to_do, advance)
        return Extraction(tuple(done), kept, failed)
    reasons: dict[str, str | None] = {}
    gpu, extractor = network.device != "cpu", partial(_extractor, how.absolute())
    results = spread(extractor, to_do, workers, gpu=gpu, advance=advance)
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
    unfinished(how, network, ())

    def extract_one(video: Video) -> str | None:
        _, failed = extract_anew(how, network, (video,))
        return failed.get(video.id)

    return extract_one
