"""What a terminal shows of a manifest: as it is prepared, and on its card."""

from __future__ import annotations

from oddframe.console.words import count, duration
from oddframe.reporting.wording import not_filmed
from oddframe.videos.manifest import Manifest


def summary(manifest: Manifest) -> str:
    """A few lines for a person: videos, frames, length and anomalous share of each split."""
    lines = [f"{manifest.dataset}: {count(len(manifest), 'video')} in {manifest.root}"]
    lines += [f"  {line}" for line in (*split_lines(manifest), *time_lines(manifest))]
    if manifest.label_rule:
        lines.append(f"  labels: {manifest.label_rule}")
    lines += [f"  left out: {reason}" for reason in manifest.left_out.values()]
    return "\n".join(lines)


def split_lines(manifest: Manifest) -> list[str]:
    """Videos, frames, length and anomalous share of each split, a line each."""
    lines = []
    for split, counts in manifest.counts().items():
        seconds = sum(video.clock.length for video in manifest.split(split))
        line = (
            f"{split:<5} {count(counts['videos'], 'video'):>12} "
            f"{count(counts['frames'], 'frame'):>16}  {duration(seconds)}"
        )
        if counts["anomalous_videos"]:
            line += f"  {count(counts['anomalous_videos'], 'anomalous video')}"
        # Weakly supervised training videos have a label and no events.
        if counts["anomalous_frames"]:
            share = counts["anomalous_frames"] / counts["frames"]
            line += f", {count(counts['anomalous_frames'], 'anomalous frame')} ({share:.1%})"
        lines.append(line)
    return lines


def time_lines(manifest: Manifest) -> list[str]:
    """What is unusual about the times of the recordings, if anything."""
    irregular = [video for video in manifest if not video.clock.is_regular]
    lines = []
    if irregular:
        lines.append(
            f"times: the frames of {count(len(irregular), 'video')} are not evenly spaced; their "
            "own times are used"
        )
    return [*lines, *not_filmed(manifest)]
