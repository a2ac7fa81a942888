"""Frames of many videos ranked once, and counted by score and video, in little memory.

Only the scores of anomalous frames matter as thresholds: between two of them precision and recall
change by false positives alone. Whatever a resample of whole videos needs follows from how many
frames of each video lie between two thresholds
(:mod:`oddframe.evaluation.metrics.ranking_metrics`): sparse tables (thresholds x videos) with
about one entry per frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from oddframe.evaluation.metrics.video_counts import Sums, VideoCounts, sums_at

BLOCK = 1024
"""Thresholds handled at a time."""

AT_ONCE = 2**17
"""Frames counted at a time."""


@dataclass(frozen=True)
class Block:
    """Some consecutive thresholds; sparse float32 counts ``(thresholds, videos)`` each.

    Attributes:
        thresholds: distinct scores of anomalous frames, falling.
        positives: anomalous frames with exactly that score.
        inside: normal frames of anomalous videos, from that score up to below the one before.
        outside: normal frames of normal videos, from that score up to below the one before.
        inside_ties, outside_ties: those with exactly that score.
        groups: (number of a group of anomalous frames, rows that it has, counts like positives).
        credits: rows that have any, and the sums of the anomalous frames' credits, like positives.
    """

    thresholds: np.ndarray
    positives: VideoCounts
    inside: VideoCounts
    outside: VideoCounts
    inside_ties: VideoCounts
    outside_ties: VideoCounts
    groups: list[tuple[int, np.ndarray, VideoCounts]]
    credits: tuple[np.ndarray, VideoCounts]


@dataclass(frozen=True)
class RankedFrames:
    """Anomalous and normal frames of some videos, counted by score and video.

    Attributes:
        blocks: the counts, thresholds falling.
        thresholds: distinct scores of anomalous frames, falling; of the scores' type.
        positive_frames: ``(videos,)`` anomalous frames.
        group_frames: ``(groups, videos)`` anomalous frames of some subsets of them (classes).
        credits: ``(videos,)`` the sums of the anomalous frames' credits.
        inside_frames, outside_frames: ``(videos,)`` normal frames of anomalous / normal videos.
    """

    blocks: list[Block]
    thresholds: np.ndarray
    positive_frames: np.ndarray
    group_frames: np.ndarray
    credits: np.ndarray
    inside_frames: np.ndarray
    outside_frames: np.ndarray

    @classmethod
    def of(
        cls,
        scores: Sequence[np.ndarray],
        labels: np.ndarray,
        anomalous: np.ndarray,
        groups: Sequence[np.ndarray] = (),
        credits: np.ndarray | None = None,
    ) -> RankedFrames:
        """Rank and count.

        Args:
            scores: one array per video.
            labels: bool over the frames of all videos, end to end: true where anomalous.
            anomalous: ``(videos,)`` bool.
            groups: bool over the anomalous frames alone, end to end: true where of the group.
            credits: float over them: what each adds to a recall of another kind; 0 if not given.
        """
        lengths = np.array([len(part) for part in scores])
        flat = np.concatenate(scores)
        order = np.argsort(flat)[::-1].astype(np.min_scalar_type(len(flat)))
        passed = _frames_passing(flat, order, labels)
        thresholds = flat[order[passed - 1]]
        positives = np.flatnonzero(labels)
        added = np.zeros(len(positives)) if credits is None else credits
        last = np.cumsum(lengths)  # of each video, where the next begins
        blocks = []
        for start in range(0, len(thresholds), BLOCK):
            ends = passed[start : start + BLOCK]
            # The frames that pass a threshold of this block and none of the blocks before.
            frames = order[passed[start - 1] if start else 0 : ends[-1]]
            levels = thresholds[start : start + BLOCK]
            blocks.append(
                _block(
                    *(frames, flat, levels, last, anomalous, labels[frames]),
                    *(positives, groups, added),
                )
            )
        owner = np.searchsorted(last, positives, side="right")
        counted = [np.bincount(owner[group], minlength=len(scores)) for group in groups]
        positive = np.bincount(owner, minlength=len(scores))
        negative = lengths - positive
        return cls(
            blocks=blocks,
            thresholds=thresholds,
            positive_frames=positive,
            credits=np.bincount(owner, added, minlength=len(scores)),
            group_frames=np.array(counted, dtype=np.int64).reshape(-1, len(scores)),
            inside_frames=negative * anomalous,
            outside_frames=negative * ~np.asarray(anomalous),
        )

    @property
    def negative_frames(self) -> np.ndarray:
        """Normal frames of each video."""
        return self.inside_frames + self.outside_frames


def pairs_in_order(scores: np.ndarray, labels: np.ndarray) -> float:
    """Pairs of an anomalous and a normal frame of one video in right order, ties half.

    Args:
        scores: ``(frames,)``.
        labels: ``(frames,)`` bool, true where anomalous.
    """
    others = np.sort(scores[~labels])
    below = np.searchsorted(others, scores[labels], side="left").sum()
    not_above = np.searchsorted(others, scores[labels], side="right").sum()
    return (int(below) + int(not_above)) / 2


def _frames_passing(flat: np.ndarray, order: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """How many frames have at least the score of each threshold, thresholds falling.

    Args:
        flat: ``(frames,)`` scores.
        order: the frames by falling score.
        labels: ``(frames,)`` bool; the scores of frames that are true are the thresholds.
    """
    ranked = flat[order]
    starts = np.flatnonzero(np.append(True, ranked[1:] != ranked[:-1]))  # of frames that are tied
    del ranked
    behind = np.flatnonzero(np.logical_or.reduceat(labels[order], starts)) + 1
    return np.where(behind < len(starts), starts[behind % len(starts)], len(flat))


def _block(
    frames: np.ndarray,
    flat: np.ndarray,
    thresholds: np.ndarray,
    last: np.ndarray,
    anomalous: np.ndarray,
    positive: np.ndarray,
    positives: np.ndarray,
    groups: Sequence[np.ndarray],
    credits: np.ndarray,
) -> Block:
    """Count some consecutive frames of the ranking.

    Args:
        frames: by falling score; each passes one of the thresholds.
        flat: scores of all frames.
        thresholds: falling.
        last: ``(videos,)``, the frame at which the next video begins.
        anomalous: ``(videos,)``, whether the video is anomalous.
        positive: whether each of these frames is anomalous.
        positives: all anomalous frames, rising.
        groups: for each group, which of those belong to it.
        credits: what each of those adds to recall.
    """
    counts, hits = [], []
    height, videos = len(thresholds), len(last)
    for start in range(0, len(frames), AT_ONCE):
        part, odd = frames[start : start + AT_ONCE], positive[start : start + AT_ONCE]
        # Row of the highest threshold that a frame passes.
        rows = height - np.searchsorted(thresholds[::-1], flat[part], side="right")
        owner = np.searchsorted(last, part, side="right")
        tied, within = flat[part] == thresholds[rows], anomalous[owner]
        chosen = (odd, ~odd & within, ~odd & ~within, ~odd & within & tied, ~odd & ~within & tied)
        counts.append([_counted(rows[one], owner[one], videos) for one in chosen])
        hits.append((rows[odd], owner[odd], np.searchsorted(positives, part[odd])))
    rows, owner, place = map(np.concatenate, zip(*hits, strict=True))
    found = []
    for index, group in enumerate(groups):
        own = group[place]
        used, compact = np.unique(rows[own], return_inverse=True)
        if len(used):
            sums = _counted(compact, owner[own], videos)
            found.append((index, used, VideoCounts.of([sums], len(used), videos)))
    own = credits[place] > 0
    used, compact = np.unique(rows[own], return_inverse=True)
    sums = sums_at(credits[place[own]], compact, owner[own], videos)
    return Block(
        thresholds,
        *(VideoCounts.of(parts, height, videos) for parts in zip(*counts, strict=True)),
        *(found, (used, VideoCounts.of([sums], len(used), videos))),
    )


def _counted(rows: np.ndarray, owner: np.ndarray, videos: int) -> Sums:
    """How often each row comes with each video."""
    return sums_at(np.ones(len(rows), np.float32), rows, owner, videos)
