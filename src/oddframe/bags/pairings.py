"""Losses over random pairings of normal and anomalous bags."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from oddframe.bags.batches import BagBatches
from oddframe.bags.detector import BagDetector
from oddframe.bags.loss_spread import Spread
from oddframe.bags.segments import Segments
from oddframe.bags.validation import mean_losses
from oddframe.videos.video import Video


def loss_spreads(
    detector: BagDetector,
    segments: Segments,
    videos: Sequence[Video],
    seeds: Sequence[int],
    advance: Callable[[int], None],
) -> dict[str, Spread]:
    """The spread of each loss term over pairings, each a pass over all bags in eval mode.

    Args:
        detector: fitted.
        segments: the bags of the videos.
        videos: normal and anomalous ones.
        seeds: one for each pairing.
        advance: told how many more pairings are done.
    """
    rows: list[dict[str, float]] = []
    for seed in seeds:
        pairs = BagBatches(segments, videos, detector.config.batch_size, seed)
        rows.append(mean_losses(detector, pairs))
        advance(1)
    return {term: Spread.of([row[term] for row in rows]) for term in rows[0]}
