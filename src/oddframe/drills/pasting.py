"""Putting a cut-out into a picture: scaled, with soft edges and the noise of its footage."""

from __future__ import annotations

import cv2
import numpy as np

from oddframe.drills.clip import Clip
from oddframe.drills.cutouts import Box, CutOut
from oddframe.drills.drawn_movers import drawn_person
from oddframe.drills.paths import Path, whole_box
from oddframe.drills.stage import Stage

FADE_SECONDS = 0.4
"""A thing that comes out of nowhere does so this slowly."""
WALK_SECONDS = 5.0
"""Longer walks have no room in most pictures."""


def some_mover(stage: Stage) -> CutOut:
    """One of the footage's movers; drawn where it has none."""
    random = stage.random
    if stage.movers:
        return stage.movers[int(random.integers(len(stage.movers)))]
    return drawn_person(int(random.integers(8)))


def paste(
    picture: np.ndarray,
    clip: Clip,
    thing: CutOut,
    feet: tuple[float, float],
    height: float,
    seconds: float,
    opacity: float = 1.0,
) -> None:
    """Put a thing into a picture.

    Args:
        picture: uint8 RGB, changed in place.
        clip: says how noisy the footage is, and whether it has colour.
        thing: what.
        feet: column and row of the middle of its lower edge.
        height: its height in pixels.
        seconds: since when it moves; where it stays, always the same.
        opacity: 0 to 1.
    """
    colours, mask = thing.at(seconds)
    size = max(1, round(mask.shape[1] * height / mask.shape[0])), max(1, round(height))
    how = cv2.INTER_AREA if size[1] < mask.shape[0] else cv2.INTER_LINEAR
    colours = cv2.resize(colours, size, interpolation=how)
    mask = cv2.resize(mask, size, interpolation=how)
    if thing.source == "drawn":
        colours, mask = cv2.GaussianBlur(colours, (3, 3), 0.6), cv2.GaussianBlur(mask, (3, 3), 0.6)
    if clip.is_grey:
        colours = cv2.cvtColor(cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    left, top = round(feet[0] - size[0] / 2), round(feet[1] - size[1])
    x1, y1 = max(left, 0), max(top, 0)
    x2, y2 = min(left + size[0], picture.shape[1]), min(top + size[1], picture.shape[0])
    if x1 >= x2 or y1 >= y2:
        return
    inside = np.s_[y1 - top : y2 - top, x1 - left : x2 - left]
    pasted = colours[inside].astype(np.float32)
    if thing.source == "drawn" and clip.noise > 0:  # what is cut out of footage has its own
        grain = np.random.default_rng(int(seconds * 1000)).normal(0, clip.noise, pasted.shape[:2])
        pasted += grain[..., None]
    share = (mask[inside] * opacity)[..., None]
    place = picture[y1:y2, x1:x2]
    place[:] = np.clip(np.rint(place * (1 - share) + pasted * share), 0, 255).astype(np.uint8)


def walk_end(stage: Stage) -> int:
    """The frame before which a walk ends."""
    seconds = float(stage.clip.seconds[stage.lead]) + WALK_SECONDS
    return max(min(stage.end, stage.clip.frame_at(seconds) + 1), stage.lead + 2)


def seconds_of_walk(stage: Stage) -> float:
    """How long a walk lasts, from its first frame to its last."""
    return stage.since(walk_end(stage) - 1)


def frames_of_walk(stage: Stage) -> int:
    """Frames of a clip with a walk in it, and a moment more."""
    return min(walk_end(stage) + round(2 * stage.clip.fps), len(stage.clip))


def walk_box(stage: Stage, path: Path, thing: CutOut, number: int) -> Box:
    """Where a thing on its walk is at a frame."""
    mask = thing.at(stage.since(number))[1]
    return whole_box(path.box(stage.since(number), mask.shape[1] / mask.shape[0]), stage.clip.size)


def walking(stage: Stage, path: Path, thing: CutOut, number: int) -> np.ndarray:
    """The clip's picture at a frame, with a thing that walks through it from the lead on."""
    picture = np.array(stage.clip.images[number])
    end = walk_end(stage)
    if not stage.lead <= number < end:
        return picture
    since = stage.since(number)
    left = stage.since(end - 1) - since
    opacity = min(1.0, since / FADE_SECONDS + 0.1, left / FADE_SECONDS + 0.1)
    x, y, height = path.at(since)
    paste(picture, stage.clip, thing, (x, y), height, since, opacity)
    return picture
