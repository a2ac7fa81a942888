"""What the command line prints when videos are scored."""

from __future__ import annotations

from oddframe.console.words import aligned, count
from oddframe.reporting.report.camera import camera_lines
from oddframe.reporting.times import shown_cuts, shown_span, shown_time
from oddframe.reporting.wording import doubts, no_verdict, none_stands_out, not_filmed, nothing_odd
from oddframe.scores.detections import EventRule
from oddframe.scoring.footage import Scored
from oddframe.scoring.result_folder import CLIPS
from oddframe.videos.manifest import Manifest

_MOST_EVENTS = 20
_MOST_CUT = 5
"""Videos whose cuts are told."""


def scored_text(result: Scored) -> str:
    """The odd moments, what they were judged by, and where everything is."""
    lines = []
    events = [(v, d) for v in result.manifest for d in result.detections[v.id]]
    rows = [
        [
            f"{at:3}",
            video.id,
            shown_span(video.clock, event.start, event.end),
            f"score {event.peak_score:.2f}",
            event.reason,
        ]
        for at, (video, event) in enumerate(events[:_MOST_EVENTS], start=1)
    ]
    lines += aligned(rows, left=5)
    if len(events) > _MOST_EVENTS:
        lines.append(f"  ... and {len(events) - _MOST_EVENTS} more in events.json")
    odd = len({video.id for video, _ in events})
    videos = count(len(result.manifest), "video")
    rule = EventRule.of(result.scores.meta)
    if events:
        lines.insert(0, f"{count(len(events), 'odd moment')} in {odd} of {videos}")
    elif rule is not None:
        lines.append(nothing_odd(result.manifest.videos, videos, result.scores.meta))
    else:
        shown = result.manifest.videos
        lines.append(no_verdict(shown, videos, result.scores.meta))
        lines += filter(None, [none_stands_out(shown, result.scores)])
        lines += _oddest(result)
    troubles = [
        f"the camera itself: {line}" for line in camera_lines(result.manifest.videos, result.camera)
    ]
    lines += troubles[:_MOST_EVENTS]
    if len(troubles) > _MOST_EVENTS:
        lines.append(f"... and {len(troubles) - _MOST_EVENTS} more of them in events.json")
    if rule is not None:
        source = result.scores.meta.get("threshold_source")
        by_hand = not source or source == "given by hand"
        lines.append(f"threshold {rule.threshold:g}, given by hand" if by_hand else str(source))
        if rule.words != EventRule(0.0).words:
            lines.append(f"events: {rule.words}")
    lines += doubts(result.scores.meta, None)
    lines += _cuts(result.manifest) + not_filmed(result.manifest)
    lines += [f"not scored: {video_id}: {why}" for video_id, why in result.failed.items()]
    lines.append(f"scores: {result.path}")
    lines.append(f"events: {result.path.parent / 'events.json'}")
    if result.annotated:
        lines.append(f"annotated: {result.annotated}")
    if any(result.clips.values()):
        lines.append(f"clips: {result.path.parent / CLIPS}")
    if result.report:
        lines.append(f"report: {result.report}")
    return "\n".join(lines)


def _oddest(result: Scored) -> list[str]:
    """The moments of the highest scores, the oddest first."""
    moments = [(v, one) for v in result.manifest for one in result.oddest.get(v.id, ())]
    moments.sort(key=lambda pair: -pair[1].peak_score)
    rows = [
        [
            f"  {video.id}",
            shown_time(video.clock, one.peak),
            f"score {one.peak_score:.2f}",
            one.reason,
        ]
        for video, one in moments
    ]
    return ["the highest scores, odd or not:", *aligned(rows, left=4)] if rows else []


def _cuts(manifest: Manifest) -> list[str]:
    """``cut at 0:12.0`` and what it means, for each video that has any."""
    found = [video for video in manifest if video.cuts]
    if not found:
        return []
    lines = [f"{video.id}: {shown_cuts(video.clock)}" for video in found[:_MOST_CUT]]
    if len(found) > _MOST_CUT:
        lines.append(f"... and cuts in {len(found) - _MOST_CUT} more videos, see events.json")
    return [*lines, "footage begins anew at a cut: what changes there is not taken for motion"]
