"""The camera itself: troubles that are events of their own, and changes that must not ring."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import cv2
import numpy as np

from oddframe.drills.stage import Fault, Faulted, NotHereError, Stage, usual_part

_DRIFT_SECONDS = 3.0
"""In which light and colour come to their new value."""
_COLOUR = (1.18, 1.0, 0.82)
"""Gains of red, green and blue: lamps come on in the evening."""
_NIGHT = 8.0
"""Standard deviation of noise, in grey levels."""
_DROPS = 0.0012
"""Streaks of rain per pixel."""
_SMALL = 64
"""Width of a picture that is blurred beyond anything that could be seen in it."""

Change = Callable[[np.ndarray, float, np.random.Generator], np.ndarray]
"""A picture, the seconds since the trouble began, and random numbers, to another picture."""


def changed(stage: Stage, change: Change) -> Faulted:
    """Every picture after the lead is changed."""

    def picture(number: int) -> np.ndarray:
        image = np.asarray(stage.clip.images[number])
        if number < stage.lead:
            return image
        random = np.random.default_rng([*stage.seed, number])
        return change(image, stage.since(number), random)

    return Faulted(picture=picture, frames=stage.end, parts=usual_part(stage))


def warmer(stage: Stage) -> Faulted:
    """The light turns warmer, where there is any colour."""
    if stage.clip.is_grey:
        raise NotHereError("the footage has no colour")
    return changed(stage, in_colour)


def frozen(stage: Stage) -> Faulted:
    """The stream repeats one picture, bit by bit."""
    images, lead = stage.clip.images, stage.lead
    return Faulted(
        picture=lambda number: np.asarray(images[min(number, lead)]),
        frames=stage.end,
        parts=usual_part(stage),
        source=lambda number: min(number, lead),
        shows=(lead, lead + 1),
    )


def covered(image: np.ndarray, seconds: float, random: np.random.Generator) -> np.ndarray:
    """Something dark lies on the lens: a little light comes in from a side."""
    del seconds
    height, width = image.shape[:2]
    # Blurred so much, a small picture is enough: of a large one it takes more than all the rest.
    shape = _SMALL, max(1, round(_SMALL * height / width))
    small = cv2.resize(image, shape, interpolation=cv2.INTER_AREA)
    glow = cv2.GaussianBlur(small, (0, 0), _SMALL / 8)
    light = cv2.resize(glow, (width, height)).astype(np.float32) * 0.08
    light += np.linspace(4, 16, width, dtype=np.float32)[None, :, None]
    light += random.normal(0, 1.5, (height, width, 1)).astype(np.float32)
    return _picture(light)


def blurred(image: np.ndarray, seconds: float, random: np.random.Generator) -> np.ndarray:
    """Out of focus: a Gaussian of 1.5 % of the width."""
    del seconds, random
    return cv2.GaussianBlur(image, (0, 0), 0.015 * image.shape[1])


def moved(
    image: np.ndarray, seconds: float, random: np.random.Generator, share: float
) -> np.ndarray:
    """The camera was pushed: the scene is a share of the width to the right, half of it down."""
    del seconds, random
    height, width = image.shape[:2]
    shift = np.array([[1, 0, share * width], [0, 1, share * width / 2]], np.float32)
    return cv2.warpAffine(image, shift, (width, height), borderMode=cv2.BORDER_REFLECT)


def in_gamma(
    image: np.ndarray, seconds: float, random: np.random.Generator, gamma: float
) -> np.ndarray:
    """Brighter (below 1) or darker, little by little."""
    del random
    power = gamma ** min(seconds / _DRIFT_SECONDS, 1.0)
    table = np.rint(255 * (np.arange(256) / 255) ** power).astype(np.uint8)
    return cv2.LUT(image, table)


def in_colour(image: np.ndarray, seconds: float, random: np.random.Generator) -> np.ndarray:
    """Warmer, little by little."""
    del random
    share = min(seconds / _DRIFT_SECONDS, 1.0)
    gains = 1 + share * (np.array(_COLOUR, np.float32) - 1)
    return _picture(image * gains)


def noisy(image: np.ndarray, seconds: float, random: np.random.Generator) -> np.ndarray:
    """Noise of a sensor at night."""
    del seconds
    grey = bool((image == image[..., :1]).all())
    shape = (*image.shape[:2], 1) if grey else image.shape
    return _picture(image + random.normal(0, _NIGHT, shape).astype(np.float32))


def rainy(image: np.ndarray, seconds: float, random: np.random.Generator) -> np.ndarray:
    """Bright streaks, elsewhere in each frame."""
    del seconds
    height, width = image.shape[:2]
    drops = max(3, round(_DROPS * height * width))
    streaks = np.zeros((height, width), np.float32)
    x, y = random.uniform(0, width, drops), random.uniform(-20, height, drops)
    long = random.uniform(0.03, 0.08, drops) * height
    for left, top, length in zip(x, y, long, strict=True):
        ends = (round(left), round(top)), (round(left + length * 0.2), round(top + length))
        cv2.line(streaks, *ends, float(random.uniform(0.15, 0.4)), 1, cv2.LINE_AA)
    share = cv2.GaussianBlur(streaks, (3, 3), 0.6)[..., None]
    return _picture(image * (1 - share) + 205 * share)


def _picture(values: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _trouble(name: str, change: Change, strength: str = "") -> Fault:
    return Fault("camera", name, partial(changed, change=change), "camera", "", strength, False)


def _quiet(name: str, change: Change, strength: str = "") -> Fault:
    return Fault("camera", name, partial(changed, change=change), "quiet", "", strength, False)


FAULTS = (
    _trouble("the camera covered", covered),
    _trouble("the camera out of focus", blurred),
    _trouble("the camera moved", partial(moved, share=0.01), "1 %"),
    _trouble("the camera moved", partial(moved, share=0.05), "5 %"),
    Fault("camera", "the stream frozen", frozen, "camera", repeats=False),
    _quiet("brighter light", partial(in_gamma, gamma=0.7), "gamma 0.7"),
    _quiet("darker light", partial(in_gamma, gamma=1.4), "gamma 1.4"),
    Fault("camera", "warmer light", warmer, "quiet", repeats=False),
    _quiet("noise as at night", noisy, "sigma 8"),
    _quiet("rain", rainy),
)
