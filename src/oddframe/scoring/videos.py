"""Scoring many videos: one after the other here, or spread; each is kept once it is done."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from functools import partial

from oddframe.cluster.spread import Workers, spread
from oddframe.console.progress import Progress, says_how_to_go_on
from oddframe.console.words import count, first_of
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.files.atomic import CannotWriteError
from oddframe.runs.run_folder import Run, read_run
from oddframe.scoring.kept import KeptVideo
from oddframe.scoring.plan import Scoring, uses_gpu
from oddframe.videos.video import Video


def score_videos(
    scoring: Scoring,
    run: Run,
    videos: Sequence[Video],
    before: Mapping[str, KeptVideo],
    workers: Workers,
    bar: Progress,
) -> tuple[dict[str, KeptVideo], dict[str, str]]:
    """Scores of videos; each is kept, and taken again after a kill, or where it is there already.

    Args:
        scoring: how.
        run: the run, read.
        videos: which.
        before: the videos of the scores that are in the folder, made with the same settings.
        workers: who does it.
        bar: told the progress.

    Returns:
        Of each video that could be scored its scores, of the others why not; in the videos' order.

    Raises:
        OddframeError: the only video cannot be scored, or nothing can be written.
        KeyboardInterrupt: Ctrl-C; what is done is kept.
    """
    scoring.kept(run).begin()
    found = _taken_again(scoring, run, videos, before, bar)
    failed: dict[str, str] = {}
    to_do = [video for video in videos if video.id not in found]
    if workers.would_share(len(to_do)):
        results = spread(
            partial(_scorer_elsewhere, scoring.absolute()),
            to_do,
            workers,
            gpu=scoring.features is None and uses_gpu(run.detector, scoring.device),
            advance=bar.count,
        )
    else:
        results = _one_after_another(scoring.scorer(run, bar.count), to_do)
    with closing(results), says_how_to_go_on():
        for video, outcome in results:
            if isinstance(outcome, CannotWriteError):
                raise outcome
            if not isinstance(outcome, OddframeError):
                found[video.id] = outcome
                continue
            if len(videos) == 1 and not workers.are_several:
                raise outcome
            failed[video.id] = str(outcome)
            warnings.warn(f"{video.id}: left out ({outcome})", OddframeWarning, stacklevel=2)
    in_order = [video.id for video in videos]
    return (
        {name: found[name] for name in in_order if name in found},
        {name: failed[name] for name in in_order if name in failed},
    )


def _taken_again(
    scoring: Scoring,
    run: Run,
    videos: Sequence[Video],
    before: Mapping[str, KeptVideo],
    bar: Progress,
) -> dict[str, KeptVideo]:
    """The videos that need not be scored, since nothing changed; those that changed are named."""
    kept, source_of = scoring.kept(run), scoring.sources()
    found: dict[str, KeptVideo] = {}
    changed, stopped = [], 0
    for video in videos:
        source, late = source_of(video), kept.read(video.id)
        there = [part for part in (late, before.get(video.id)) if part is not None]
        same = [part for part in there if part.is_of(source)]
        fitting = next((part for part in same if part.serves(source, scoring.mapped)), None)
        if fitting is not None:
            found[video.id] = fitting
            stopped += fitting is late
        elif there and source.files and not same:
            changed.append(video.id)
    if stopped:
        bar.say(f"{stopped} of {count(len(videos), 'video')} were scored before this was stopped")
    if changed:
        warnings.warn(
            f"changed since they were scored, so scored again: {first_of(changed)}",
            OddframeWarning,
            stacklevel=3,
        )
    return found


def _one_after_another(
    work: Callable[[Video], KeptVideo], videos: Sequence[Video]
) -> Generator[tuple[Video, KeptVideo | OddframeError]]:
    for video in videos:
        try:
            yield video, work(video)
        except OddframeError as error:
            yield video, error


def _scorer_elsewhere(scoring: Scoring) -> Callable[[Video], KeptVideo]:
    """What scores a video in a worker."""
    run = read_run(scoring.run, scoring.manner.checkpoint, scoring.detector)
    if not scoring.kept(run).is_begun():
        raise OddframeError(
            f"{scoring.folder}: no such folder on this machine, or another run in "
            f"{scoring.run}; all machines must share both"
        )
    return scoring.scorer(run)
