"""The connected components of a score map above a threshold, for every threshold at once.

As the threshold falls, a component appears at a local maximum, grows, and meets others. Each pixel
belongs to the maximum that the steepest way up ends at, so what lies above a threshold around one
maximum is connected, and components are maxima joined where their pixels touch (Kruskal's
algorithm over maxima; pixels are only ever handled as arrays).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class ComponentStates:
    """What the components are, at which thresholds: one row each time that a box changes.

    A row holds for the map's pixels strictly greater than t, where ``died <= t < born``.

    Attributes:
        born, died: ``(rows,)`` values of the map; ``died`` is -inf where the last pixel is in.
        boxes: ``(rows, 4)`` as ``x1, y1, x2, y2`` in pixels, x2 and y2 exclusive.
        first: ``(rows,)`` whether a component begins; its other rows follow, born ever lower.
    """

    born: np.ndarray
    died: np.ndarray
    boxes: np.ndarray
    first: np.ndarray


def component_states(image: np.ndarray) -> ComponentStates:
    """All 8-connected components ``{image > t}``.

    Args:
        image: ``(h, w)`` float32 or float64, finite.
    """
    order = np.argsort(-image, axis=None, kind="stable")
    values = image.ravel()[order]
    ranks = np.empty(image.shape, dtype=np.int64)
    ranks.ravel()[order] = np.arange(len(order))
    basins = _basins(ranks)
    child, parent, met = _merges(ranks, basins[ranks])
    ends = np.full(len(order), len(order))  # rank at which a component ends, by that of its peak
    ends[child] = met
    heirs = np.arange(len(order))
    heirs[child] = parent

    # The component that each pixel joins: that of its basin, or the one that it ended in.
    owners, places = basins, np.arange(len(order))
    while (late := ends[owners] <= places).any():
        owners = np.where(late, heirs[owners], owners)
    y, x = np.divmod(order, image.shape[1])
    corners = np.stack((-x, -y, x + 1, y + 1), axis=1)  # so that a union is the maximum of each
    whole = np.full_like(corners, -max(image.shape))
    np.maximum.at(whole, owners, corners)
    for one, into in zip(child.tolist(), parent.tolist(), strict=True):
        whole[into] = np.maximum(whole[into], whole[one])

    owners = np.concatenate((owners, parent))
    places = np.concatenate((places, met))
    corners = np.concatenate((corners, whole[child]))
    rows = np.lexsort((places, owners))
    owners, places = owners[rows], places[rows]
    apart = 4 * max(image.shape) * owners[:, None]  # keeps a maximum within its component
    corners = np.maximum.accumulate(corners[rows] + apart) - apart
    begins = np.append(True, owners[1:] != owners[:-1])
    kept = begins | np.append(True, (corners[1:] != corners[:-1]).any(axis=1))
    born, first = values[places[kept]], begins[kept]
    lowest = np.append(values, -np.inf)[ends[owners[kept]]]
    died = np.where(np.append(first[1:], True), lowest, np.append(born[1:], 0))
    return ComponentStates(born, died, corners[kept] * (-1, -1, 1, 1), first)


def _basins(ranks: np.ndarray) -> np.ndarray:
    """For each rank that of the maximum that the steepest way up from its pixel ends at."""
    best = cv2.erode(ranks.astype(np.float32), np.ones((3, 3), np.uint8))  # exact below 2^24
    ups = np.empty(ranks.size, dtype=np.int64)
    ups[ranks.ravel()] = best.ravel().astype(np.int64)
    while (further := ups[ups] != ups).any():
        ups = np.where(further, ups[ups], ups)
    return ups


def _merges(ranks: np.ndarray, basins: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which component ends in which, at which rank, in the order of the ranks.

    A component goes by the rank of its highest pixel or of that of one that ended in it; which of
    two goes on is the one of more basins, so that few steps lead to the last.
    """
    met, pairs = [], []
    height, width = ranks.shape
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        here = slice(0, height - down), slice(max(-right, 0), width - max(right, 0))
        there = slice(down, height), slice(max(right, 0), width - max(-right, 0))
        a, b = basins[here], basins[there]
        apart = a != b
        met.append(np.maximum(ranks[here], ranks[there])[apart])
        pairs.append(np.stack((a[apart], b[apart])))
    edges, ends = np.concatenate(met), np.sort(np.concatenate(pairs, axis=1), axis=0)
    order = np.argsort(edges, kind="stable")
    edges, ends = edges[order], ends[:, order]
    once = np.sort(np.unique(ends[0] * ranks.size + ends[1], return_index=True)[1])
    heads: dict[int, int] = {}
    sizes: dict[int, int] = {}

    def head(one: int) -> int:
        while (above := heads.get(one, one)) != one:
            one = above
        return one

    found: list[tuple[int, int, int]] = []
    for place, a, b in zip(edges[once].tolist(), *ends[:, once].tolist(), strict=True):
        small, large = head(a), head(b)
        if small == large:
            continue
        if sizes.get(small, 1) > sizes.get(large, 1):
            small, large = large, small
        heads[small] = large
        sizes[large] = sizes.get(small, 1) + sizes.get(large, 1)
        found.append((small, large, place))
    child, parent, places = np.array(found, dtype=np.int64).reshape(-1, 3).T
    return child, parent, places
