"""Direction: somebody across the flow; the footage backwards, and mirrored.

The latter two are honest only where traffic is one-sided. Where things go either way as often,
played backwards they do what they always do; that is measured, and said. So is whether things go
along an axis at all, which one can cross.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from oddframe.drills.faults.pace import movers, require_motion
from oddframe.drills.faults.presence import walk_through
from oddframe.drills.paths import usual_path
from oddframe.drills.stage import Fault, Faulted, NotHereError, Part, Stage
from oddframe.drills.survey import ALONG, ONE_SIDED

_EITHER_WAY = 0.65
"""Share of the motion that goes the more usual way of its place, up to which both are as usual."""


def backwards(stage: Stage) -> Faulted:
    """The footage turns round and plays backwards, so that nothing jumps where it does."""
    _require_one_sided(stage)
    require_motion(stage)
    clip = stage.clip
    turn = min(stage.end, len(clip) * 2 // 3)

    def source(number: int) -> int:
        if number < turn:
            return number
        moment = float(clip.seconds[turn])
        return clip.frame_at(2 * moment - float(clip.seconds[number]))

    end = min(len(clip), turn + (stage.end - stage.lead))
    while end > turn + 1 and source(end - 1) == 0:
        end -= 1
    return Faulted(
        picture=lambda number: np.asarray(clip.images[source(number)]),
        frames=end,
        parts=(Part(turn, end),),
        boxes=lambda number: movers(stage, source(number)),
        source=source,
        shows=(source(end - 1), turn),
    )


def mirrored(stage: Stage) -> Faulted:
    """Left is right, from the first frame on; the scene itself looks other as well."""
    _require_one_sided(stage)
    require_motion(stage)
    clip = stage.clip
    width = clip.size[0]
    return Faulted(
        picture=lambda number: np.ascontiguousarray(clip.images[number][:, ::-1]),
        frames=stage.end,
        parts=(Part(stage.lead, stage.end),),
        boxes=lambda number: tuple(
            (width - x2, y1, width - x1, y2) for x1, y1, x2, y2 in movers(stage, number)
        ),
        shows=(stage.lead, stage.end),
        from_start=True,
    )


def _require_one_sided(stage: Stage) -> None:
    share = stage.scene.one_sided
    if share is None:
        raise NotHereError("too little moves here to say which way is usual")
    if share < ONE_SIDED:
        said = "not" if share < _EITHER_WAY else "hardly"
        raise NotHereError(
            f"things go either way here ({100 * share:.0f} % of the motion goes the more usual way "
            "of its place, and a little more than half does by chance), so the other way is "
            f"{said} odd; a way across may be"
        )


def across_the_flow(stage: Stage) -> Faulted:
    """Somebody walks where things go, at their pace, but at right angles to them."""
    along = stage.scene.along
    if along is None:
        raise NotHereError("too little moves here to say which way is usual")
    if along < ALONG:
        raise NotHereError("here things go any way, so that none is across the others")
    return walk_through(stage, "usual", partial(usual_path, across=True))


FAULTS = (
    Fault("direction", "somebody across the flow", across_the_flow, size="usual"),
    Fault("direction", "everything backwards", backwards, repeats=False),
    Fault("direction", "everything mirrored", mirrored, repeats=False),
)
