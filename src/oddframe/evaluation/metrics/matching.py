"""The most pairs of two kinds of things, of which only some go together."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence


def most_pairs(choices: Sequence[Sequence[int]]) -> int:
    """How many can have a partner at once, each another one.

    By augmenting paths: whoever has none asks those that suit; one that is taken is let go by its
    owner if that finds another, and so on.

    Args:
        choices: the partners, by number, that suit each.
    """
    owner: dict[int, int] = {}
    held: dict[int, int] = {}
    for one in range(len(choices)):
        path = _path(one, choices, owner)
        if path is None:
            continue
        asked, free = path
        while free is not None:
            asking = asked[free]
            owner[free] = asking
            free, held[asking] = held.get(asking), free
    return len(held)


def _path(
    one: int, choices: Sequence[Sequence[int]], owner: dict[int, int]
) -> tuple[dict[int, int], int | None] | None:
    """Who asked for each partner first, and the first partner that is free; None if none is."""
    asked: dict[int, int] = {}
    waiting = deque([one])
    while waiting:
        asking = waiting.popleft()
        for partner in choices[asking]:
            if partner in asked:
                continue
            asked[partner] = asking
            if partner not in owner:
                return asked, partner
            waiting.append(owner[partner])
    return None
