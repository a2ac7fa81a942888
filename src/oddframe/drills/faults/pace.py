"""Pace: the footage itself at another speed, and life that stands still.

The rate of frames stays as it is, and so do their times: what plays twice as fast shows every
second frame.
"""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np

from oddframe.drills.cutouts import Box
from oddframe.drills.foreground import foreground
from oddframe.drills.stage import Fault, Faulted, NotHereError, Part, Stage

_LEAST_BOX = 30
"""Pixels of a mover."""
_LEAST_NOISE = 0.6
"""Grey levels: compression may leave none where nothing moves, but it is no frozen stream."""
_LOOKS = 12
"""Frames that are looked at to know whether anything moves."""


def at_speed(stage: Stage, times: float) -> Faulted:
    """The footage after the lead played so many times as fast, until it ends or the stage does."""
    require_motion(stage)
    clip = stage.clip
    left = clip.length - float(clip.seconds[stage.lead])
    length = min(stage.since(stage.end - 1), left / times)
    end = clip.frame_at(float(clip.seconds[stage.lead]) + length) + 1
    if end - stage.lead < 2:
        raise NotHereError(f"the footage is too short to be played {times:g} times as fast")

    def source(number: int) -> int:
        if number < stage.lead:
            return number
        return clip.frame_at(float(clip.seconds[stage.lead]) + times * stage.since(number))

    return Faulted(
        picture=lambda number: np.asarray(clip.images[source(number)]),
        frames=end,
        parts=(Part(stage.lead, end),),
        boxes=lambda number: movers(stage, source(number)),
        source=source,
        shows=(stage.lead, source(end - 1) + 1),
    )


def standing_still(stage: Stage) -> Faulted:
    """Everything stops where it is; the sensor's noise goes on, so that it is no frozen stream."""
    require_motion(stage)
    clip = stage.clip
    still = np.asarray(clip.images[stage.lead]).astype(np.float32)

    def picture(number: int) -> np.ndarray:
        if number < stage.lead:
            return np.asarray(clip.images[number])
        random = np.random.default_rng([*stage.seed, number])
        grain = random.normal(0, max(clip.noise, _LEAST_NOISE), still.shape[:2]).astype(np.float32)
        return np.clip(np.rint(still + grain[..., None]), 0, 255).astype(np.uint8)

    return Faulted(
        picture=picture,
        frames=stage.end,
        parts=(Part(stage.lead, stage.end),),
        boxes=lambda _: movers(stage, stage.lead),
        source=lambda number: min(number, stage.lead),
        shows=(stage.lead, stage.lead + 1),
    )


def require_motion(stage: Stage) -> None:
    """Refuse a stretch in which nothing moves: there is no pace and no direction in it.

    Raises:
        NotHereError: it is one.
    """
    looked = np.linspace(stage.lead, stage.end - 1, _LOOKS).astype(int)
    if not any(movers(stage, at) for at in looked.tolist()):
        raise NotHereError("nothing moves in this stretch of the footage")


def movers(stage: Stage, number: int) -> tuple[Box, ...]:
    """Where something stands out of the scene at a frame of the untouched clip."""
    mask = foreground(np.asarray(stage.clip.images[number]), stage.clip.background)
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    rows = stats[1:count].tolist()
    return tuple((x, y, x + w, y + h) for x, y, w, h, area in rows if area >= _LEAST_BOX)


FAULTS = (
    *(
        Fault(
            "pace",
            "everything faster",
            partial(at_speed, times=times),
            strength=f"{times:g}x",
            repeats=False,
        )
        for times in (1.5, 2.0, 3.0)
    ),
    Fault(
        "pace",
        "everything slower",
        partial(at_speed, times=1 / 3),
        strength="a third",
        repeats=False,
    ),
    Fault("pace", "everything standing still", standing_still, repeats=False),
)
