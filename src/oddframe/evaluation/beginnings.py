"""Evaluating videos without their first frames, which prediction from earlier frames cannot judge.

Papers on prediction leave those frames out, scores and labels alike. Here every frame counts unless
somebody asks for that, since an alarm system has to say something of every frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from oddframe.errors import OddframeError
from oddframe.scores.frame_scores import Scores
from oddframe.scores.untested import untested_spans, with_untested
from oddframe.videos.video import Event, Video


def warning(frames: int) -> str:
    """What is said wherever the numbers are."""
    left_out = "first frame" if frames == 1 else f"first {frames} frames"
    return (
        f"the {left_out} of each video are left out, as papers on prediction do; do not set these "
        "numbers beside those of every frame"
    )


def without_first(videos: Sequence[Video], frames: int) -> tuple[Video, ...]:
    """The videos as if they began so many frames later; what lies before is cut off their events.

    Raises:
        OddframeError: a video has no more frames than that, or the number is negative.
    """
    if frames < 0:
        raise OddframeError(f"--skip-first: expected 0 or more frames, found {frames}")
    for video in videos:
        if video.frames <= frames:
            raise OddframeError(
                f"--skip-first {frames}: video '{video.id}' has only {video.frames} frames; leave "
                "out fewer"
            )
    return tuple(_later(video, frames) for video in videos)


def _later(video: Video, first: int) -> Video:
    clock = video.clock.later(first)
    return replace(
        video,
        frames=clock.frames,
        times=clock.knots,
        start=clock.start,
        cuts=clock.cuts,
        events=tuple(
            Event(max(event.start - first, 0), event.end - first, event.name)
            for event in video.events
            if event.end > first
        ),
    )


def scores_without_first(scores: Scores, frames: int) -> Scores:
    """The scores without those of each video's first frames."""
    kept = {name: scores[name][frames:] for name in scores}
    spans = {
        name: [(start - frames, end - frames) for start, end in part]
        for name, part in untested_spans(scores.meta).items()
    }
    return Scores(kept, with_untested(scores.meta, spans), scores.file)
