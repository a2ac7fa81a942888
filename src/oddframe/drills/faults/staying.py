"""Staying: something comes to rest and stays, and a thing of the scene that disappears.

One run over the longest stay that the footage allows says of every shorter one whether it would
have been noticed: what is noticed within 10 s needs no more than 10 s.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

import cv2
import numpy as np

from oddframe.drills.cutouts import CutOut
from oddframe.drills.drawn_movers import drawn_case
from oddframe.drills.pasting import paste, some_mover
from oddframe.drills.paths import unused_path, usual_path, whole_box
from oddframe.drills.stage import Fault, Faulted, NotHereError, Part, Stage

STAYS = (10, 30, 120)
"""Seconds."""
ARRIVES = 2.0
"""Seconds in which a thing comes, before it rests; and before a look at it counts, one more."""
_SETTLES = 1.0
_CASE = 0.4
"""Height of a case, times that of a usual mover."""
_PLACES = 300
_LEAST_CHANGE = 8.0
"""Grey levels by which the picture must change where a thing disappears."""


def comes_to_rest(stage: Stage, case: bool) -> Faulted:
    """A mover comes along a usual path, stops, and stays to the end of the clip."""
    clip = stage.clip
    try:
        path = usual_path(stage, _CASE if case else 1.0, ARRIVES)
    except NotHereError:
        path = unused_path(stage, _CASE if case else 1.0, ARRIVES)
    rests = _frame_after(stage, ARRIVES)
    thing: CutOut = drawn_case(int(stage.random.integers(8))) if case else some_mover(stage)
    thing = thing.facing(path.velocity[0] >= 0)
    at_rest = stage.since(rests)

    def moment(number: int) -> float:
        return min(max(stage.since(number), 0.0), at_rest)

    def picture(number: int) -> np.ndarray:
        image = np.array(clip.images[number])
        if number >= stage.lead:
            x, y, height = path.at(moment(number))
            opacity = min(1.0, stage.since(number) + 0.1)
            paste(image, clip, thing, (x, y), height, moment(number), opacity)
        return image

    mask = thing.at(at_rest)[1]
    wide = mask.shape[1] / mask.shape[0]
    return Faulted(
        picture=picture,
        frames=_last(stage, rests),
        parts=_parts(stage, rests),
        boxes=lambda number: (whole_box(path.box(moment(number), wide), clip.size),),
    )


def disappears(stage: Stage) -> Faulted:
    """A thing of the scene is gone: its place is filled from around it, and keeps its noise."""
    clip = stage.clip
    box, filled = _thing(stage)
    x1, y1, x2, y2 = box
    soft = np.zeros((y2 - y1, x2 - x1), np.float32)
    soft[1:-1, 1:-1] = 1
    soft = cv2.GaussianBlur(soft, (5, 5), 1.2)[..., None]
    change = (filled[y1:y2, x1:x2].astype(np.float32) - clip.background[y1:y2, x1:x2]) * soft

    def picture(number: int) -> np.ndarray:
        image = np.array(clip.images[number])
        if number >= stage.lead:
            place = image[y1:y2, x1:x2]
            place[:] = np.clip(np.rint(place + change), 0, 255).astype(np.uint8)
        return image

    return Faulted(
        picture=picture,
        frames=_last(stage, stage.lead),
        parts=_parts(stage, stage.lead),
        boxes=lambda _: (box,),
    )


def _thing(stage: Stage) -> tuple[tuple[int, int, int, int], np.ndarray]:
    """A place without motion whose filling changes it most, and the scene with it filled."""
    clip, random, perspective = stage.clip, stage.random, stage.perspective
    width, height = clip.size
    places = []
    for _ in range(_PLACES):
        y = float(random.uniform(0.15, 0.98)) * height
        high = perspective.height_at(y)
        x, wide = float(random.uniform(0.05, 0.95)) * width, 0.7 * high
        box = whole_box((x - wide / 2, y - high, x + wide / 2, y), clip.size)
        if min(box[2] - box[0], box[3] - box[1]) < 8:
            continue
        shares = box[0] / width, box[1] / height, box[2] / width, box[3] / height
        if stage.scene.share_used(shares) <= 0.02:
            part = clip.background[box[1] : box[3], box[0] : box[2]]
            places.append((float(part.std(axis=(0, 1)).mean()), box))
    places.sort(reverse=True)
    best: tuple[float, tuple[int, int, int, int], np.ndarray] | None = None
    for _, box in places[:8]:
        x1, y1, x2, y2 = box
        hole = np.zeros((height, width), np.uint8)
        hole[y1:y2, x1:x2] = 1
        filled = cv2.inpaint(clip.background, hole, 4, cv2.INPAINT_TELEA)
        change = cv2.absdiff(filled, clip.background)[y1:y2, x1:x2]
        found = float(change.mean())
        if best is None or found > best[0]:
            best = found, box, filled
    if best is None or best[0] < _LEAST_CHANGE:
        raise NotHereError("nothing stands out of the unused scene that could disappear")
    return best[1], best[2]


def _frame_after(stage: Stage, seconds: float) -> int:
    clip = stage.clip
    at = clip.frame_at(float(clip.seconds[stage.lead]) + seconds)
    if at >= len(clip) - 1:
        raise NotHereError("the footage is too short for something to come and stay")
    return at


def _last(stage: Stage, rests: int) -> int:
    """One more than the last frame of the longest stay that the clip has room for."""
    longest = max(STAYS) + _SETTLES
    clip = stage.clip
    return min(len(clip), clip.frame_at(float(clip.seconds[rests]) + longest) + 1)


def _parts(stage: Stage, rests: int) -> tuple[Part, ...]:
    clip = stage.clip
    since = float(clip.seconds[rests])
    begins = clip.frame_at(since + _SETTLES)
    fitting = [stay for stay in STAYS if since + stay <= clip.length]
    if not fitting:
        raise NotHereError(f"this footage is too short for a stay of {STAYS[0]} s")
    return tuple(Part(begins, clip.frame_at(since + stay) + 1, f"{stay} s") for stay in fitting)


def too_long(stays: Collection[str]) -> str:
    """Which stays were not made where some were, and why, for a person; nothing if all were.

    Args:
        stays: strengths of the cases.
    """
    missing = [f"{stay} s" for stay in STAYS if f"{stay} s" not in stays]
    if not stays or not missing:
        return ""
    return f"a stay of {' and '.join(missing)}: the stretches that are watched are shorter"


FAULTS = (
    Fault(
        "staying",
        "a case left behind",
        partial(comes_to_rest, case=True),
        size="small",
        lasts=True,
    ),
    Fault(
        "staying",
        "somebody who stops and stays",
        partial(comes_to_rest, case=False),
        size="usual",
        lasts=True,
    ),
    Fault(
        "staying",
        "a thing of the scene gone",
        disappears,
        size="usual",
        lasts=True,
    ),
)
