"""The camera's own health: frozen, moved, covered, out of focus, in another light, dark, noisy.

The background says what should be seen, and normal footage what else may be. Each sign of trouble
is the level that it has kept for two seconds, so that somebody before the lens for a moment is
none; normal footage is measured in the same way.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from oddframe.detectors.own_cameras.fixed_camera.background import Background
from oddframe.detectors.own_cameras.fixed_camera.health_signs import LEAST_SHIFT, Signs, SignStream
from oddframe.errors import OddframeError
from oddframe.files.saved_state import SavedState

NOISY = "noisier than all training footage"
LIGHT = "light changed"
DARK = "darker than all training footage, so judged by motion alone"
RELIT = "in another light than all training footage, so judged by motion alone"
_NAMES = {
    "still": "frozen",
    "shift": "moved",
    "hidden": "covered",
    "blurred": "out of focus",
    "light": LIGHT,
    "relit": RELIT,
    "dark": DARK,
    "noise": NOISY,
}
"""Signs and what they are called; of several troubles the first is told."""
_SENTENCES = {
    "frozen": "the camera's picture stands still",
    "moved": "the camera was moved",
    "covered": "the camera is covered, or sees nothing",
    "out of focus": "the camera is out of focus",
    LIGHT: "the light changed all at once",
}
_LEAST = Signs(
    hidden=0.5,
    blurred=0.45,
    shift=LEAST_SHIFT,
    still=3.0,
    light=0.14,
    noise=1.0,
    dark=0.5,
    relit=0.5,
)
"""What is no trouble in any footage. Of a camera moved by 1 % of the width it notices twice that;
light that drifts by a gamma of 1.4 in three seconds changes by .04 at once, and by .35 in all."""
_BEYOND = Signs(
    hidden=1.25, blurred=1.5, shift=1.5, still=3.0, light=1.5, noise=1.5, dark=1.0, relit=1.25
)
"""So many times what normal footage has shown is trouble."""
_HELD_SECONDS = 2.0
"""A trouble lasts until it was not seen for so long; the motion that a switched light makes is
over by then."""


@dataclass(frozen=True)
class Health:
    """What is no trouble of this camera.

    Attributes:
        worst: the highest that each sign was in normal footage.
    """

    worst: Signs = field(default_factory=Signs)

    def knowing(self, signs: Signs) -> Health:
        """What is no trouble, where this was seen in normal footage as well."""
        both = zip(vars(self.worst).values(), vars(signs).values(), strict=True)
        return Health(Signs(*(max(pair) for pair in both)))

    def limits(self) -> dict[str, float]:
        """What is a trouble beyond this, by sign."""
        worst, beyond, least = vars(self.worst), vars(_BEYOND), vars(_LEAST)
        found = {name: max(least[name], beyond[name] * worst[name]) for name in worst}
        # These add up, and the picture's own may be next to none.
        added = ("noise", "dark")
        return found | {name: least[name] + beyond[name] * worst[name] for name in added}

    def state(self) -> dict[str, Any]:
        """Plain values."""
        return {"signs": list(vars(self.worst).values())}

    @classmethod
    def from_state(cls, saved: SavedState) -> Health:
        """The health that gave :meth:`state`.

        Raises:
            OddframeError: a value that is missing, or that no such health has.
        """
        if "signs" not in saved:
            raise OddframeError(
                "expected a fixed-camera that knows in what light its camera sees, found one "
                "fitted by oddframe 0.1, before it did; fit it again with 'oddframe train'"
            )
        return cls(Signs(*saved.numbers("signs", len(fields(Signs)), 0)))


class HealthStream:
    """The troubles of one stream of small grey pictures.

    Args:
        health: what is none.
        background: what should be seen.
    """

    def __init__(self, health: Health, background: Background) -> None:
        self._limits = health.limits()
        self._signs = SignStream(background)
        self._left = dict.fromkeys(_NAMES, 0.0)

    def update(self, grey: np.ndarray, elapsed: float | None) -> str:
        """The name of the trouble after one more picture, or ``""``.

        Args:
            grey: uint8 ``(height, width)``.
            elapsed: seconds since the one before; None where footage begins anew.
        """
        signs = dict(vars(self._signs.update(grey, elapsed)))
        if self._signs.now.hidden > self._limits["hidden"]:
            signs["light"] = 0.0  # what is covered is not in another light
            signs["still"] = 0.0  # and a cover may have no noise
        for name, limit in self._limits.items():
            held = _HELD_SECONDS if signs[name] > limit else self._left[name] - (elapsed or 0.0)
            self._left[name] = held
        return next((said for name, said in _NAMES.items() if self._left[name] > 0), "")

    @property
    def sees_motion(self) -> bool:
        """Whether motion in the last picture is the scene's, as far as can be told at once."""
        return self._left["light"] <= 0 and self._is_within("hidden", "blurred", "shift")

    @property
    def sees_look(self) -> bool:
        """Whether the last picture is in a light in which it is known how things look.

        A cover is dark too, and should ring.
        """
        return self._is_within("dark", "relit") or not self._is_within("hidden")

    def _is_within(self, *names: str) -> bool:
        now = vars(self._signs.now)
        return all(now[name] <= self._limits[name] for name in names)


def alarm_sentence(trouble: str) -> str:
    """Why an alarm under a trouble is the camera's and not the scene's; ``""`` where it is not."""
    return _SENTENCES.get(trouble, "")
