"""Numbers at some ranks among more numbers than there is room for, exactly.

The numbers are read several times. Each time 16 more bits of those that are wanted become known:
how many numbers there are for each value of these bits says which value the one at a rank has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

BITS = 16
"""Bits that become known at a time: two readings for float32, four for float64."""


def values_at_ranks(
    parts: Callable[[], Iterable[np.ndarray]],
    ranks: Callable[[int], Sequence[int]],
    kind: type[np.floating],
) -> np.ndarray:
    """The numbers at some ranks, the highest number having rank 0.

    Args:
        parts: gives all numbers each time that it is called, in parts of any size; none is NaN.
        ranks: gives the wanted ranks, from how many numbers there are.
        kind: float32 or float64, whichever holds all of them.

    Returns:
        ``(ranks,)`` in their order, of that kind.
    """
    width = 8 * np.dtype(kind).itemsize
    known = np.zeros(1, dtype=np.uint64)  # the bits so far, each value once
    wanted: list[tuple[int, int]] = []  # (place in known, rank among the numbers that begin so)
    for shift in range(width - BITS, -1, -BITS):
        counts = np.zeros((len(known), 1 << BITS), dtype=np.uint32)
        for part in parts():
            keys = _falling(part.astype(kind)) >> np.uint64(shift)
            before = keys >> np.uint64(BITS)
            place = np.minimum(np.searchsorted(known, before), len(known) - 1)
            digit = (keys & np.uint64((1 << BITS) - 1)).astype(np.int64)
            own = known[place] == before
            np.add.at(counts, (place[own], digit[own]), 1)
        if shift == width - BITS:
            wanted = [(0, rank) for rank in ranks(int(counts.sum(dtype=np.int64)))]
        bits, left = np.empty(len(wanted), dtype=np.uint64), []
        for index, (row, rank) in enumerate(wanted):
            passed = np.cumsum(counts[row], dtype=np.int64)
            digit = int(np.searchsorted(passed, rank, side="right"))
            bits[index] = (int(known[row]) << BITS) + digit
            left.append(rank - int(passed[digit]) + int(counts[row, digit]))
        known, rows = np.unique(bits, return_inverse=True)
        wanted = list(zip(rows.tolist(), left, strict=True))
    return _numbers(known[[row for row, _ in wanted]], kind)


def _falling(values: np.ndarray) -> np.ndarray:
    """Unsigned whole numbers, uint64, that rise where the values fall; equal ones are equal."""
    values = values + values.dtype.type(0)  # -0.0 is 0.0
    kind = np.uint32 if values.dtype == np.float32 else np.uint64
    bits = values.view(kind)
    negative = bits >> kind(8 * kind().itemsize - 1) == 1
    highest = kind(~kind(0)) >> kind(1)
    # Of numbers without the sign the bits rise as they do.
    return np.where(negative, bits, highest - bits).astype(np.uint64)


def _numbers(falling: np.ndarray, kind: type[np.floating]) -> np.ndarray:
    """What :func:`_falling` was made of."""
    whole = np.uint32 if kind == np.float32 else np.uint64
    bits = falling.astype(whole)
    negative = bits >> whole(8 * whole().itemsize - 1) == 1
    highest = whole(~whole(0)) >> whole(1)
    return np.where(negative, bits, highest - bits).view(kind)
