"""What a fault is made on, and what it becomes: pictures, with when and where they are odd."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from oddframe.drills.clip import Clip
from oddframe.drills.cutouts import Box, CutOut
from oddframe.drills.material import FAULT_SECONDS, LEAD_SECONDS
from oddframe.drills.perspective import Perspective
from oddframe.drills.survey import Survey

Expected = Literal["odd", "camera", "quiet"]
"""What a run should say: that something is odd; that the camera has trouble; nothing at all."""


_LEAD_SHARE = 0.35
"""Of a stretch that is too short for a whole lead."""


class NotHereError(Exception):
    """A fault that cannot be made, or says nothing, on this footage; why is the message."""


def lead_of(clip: Clip) -> int:
    """How many frames come before a fault."""
    return max(clip.frame_at(min(LEAD_SECONDS, _LEAD_SHARE * clip.length)), 1)


@dataclass(frozen=True)
class Stage:
    """A stretch of normal footage and what is known of its scene.

    Attributes:
        clip: the footage.
        lead: how many of its frames stay as they are, before a fault begins.
        end: the frame before which a fault ends that does not last on.
        scene: what normal footage shows of the scene.
        movers: movers that were cut out of the footage; none where none could be.
        seed: fixes every random choice of a fault.
    """

    clip: Clip
    lead: int
    end: int
    scene: Survey
    movers: tuple[CutOut, ...]
    seed: tuple[int, ...]

    @classmethod
    def on(
        cls, clip: Clip, scene: Survey, movers: tuple[CutOut, ...], seed: tuple[int, ...]
    ) -> Stage:
        """A stage on a clip, with the usual times."""
        lead = lead_of(clip)
        end = clip.frame_at(float(clip.seconds[lead]) + FAULT_SECONDS) + 1
        return cls(clip, lead, min(end, len(clip)), scene, movers, seed)

    @property
    def random(self) -> np.random.Generator:
        """Random numbers of this stage, the same each time."""
        return np.random.default_rng(self.seed)

    @property
    def perspective(self) -> Perspective:
        """How high movers are in its pictures."""
        return self.scene.perspective(self.clip.size[1])

    def since(self, number: int) -> float:
        """Seconds from the end of the lead to a frame."""
        return float(self.clip.seconds[number] - self.clip.seconds[self.lead])


@dataclass(frozen=True)
class Part:
    """A stretch of a faulted clip in which a run should say something.

    Attributes:
        start, end: half-open interval in frames.
        strength: how strong the fault is if it ends there, in words: ``10 s``; or none.
    """

    start: int
    end: int
    strength: str = ""


@dataclass(frozen=True)
class Faulted:
    """Footage with a fault in it.

    Attributes:
        picture: number of a frame to its picture, uint8 RGB.
        frames: how many frames there are.
        parts: when it is odd, one part for each strength that it is judged at.
        boxes: number of a frame to where it is odd; empty where that is the whole picture, or
            nowhere.
        source: number of a frame to that of the clip's frame that its picture was made of.
        shows: frames of the clip that were used, half-open; where the untouched clip alarms by
            itself, the case says nothing.
        from_start: the lead is not as the clip has it either.
    """

    picture: Callable[[int], np.ndarray]
    frames: int
    parts: tuple[Part, ...]
    boxes: Callable[[int], tuple[Box, ...]] = field(default=lambda _: ())
    source: Callable[[int], int] = field(default=lambda number: number)
    shows: tuple[int, int] | None = None
    from_start: bool = False


@dataclass(frozen=True)
class Fault:
    """A kind of fault, and how it is made.

    Attributes:
        kind: ``pace``, ``direction``, ``presence``, ``staying``, ``look``, ``camera``, or
            ``control``.
        name: what it is, as the table and the sentences say it.
        make: makes it on a stage; raises :class:`NotHereError`.
        expected: what a run should say.
        size: ``small``, ``usual`` or ``large``, against movers at that place; or none.
        strength: how strong it is, in words; or none.
        repeats: whether it differs from draw to draw on the same clip.
        lasts: whether it goes on for as long as there is footage.
    """

    kind: str
    name: str
    make: Callable[[Stage], Faulted]
    expected: Expected = "odd"
    size: str = ""
    strength: str = ""
    repeats: bool = True
    lasts: bool = False

    @property
    def row_name(self) -> str:
        """What it is called where it is left out."""
        return ", ".join(part for part in (self.name, self.size, self.strength) if part)

    @property
    def key(self) -> str:
        """A name for files: ``presence-somebody-where-nothing-goes-small``."""
        words = " ".join(part for part in (self.kind, self.name, self.size, self.strength) if part)
        plain = "".join(letter if letter.isalnum() else "-" for letter in words.lower())
        return "-".join(part for part in plain.split("-") if part)


def usual_part(stage: Stage) -> tuple[Part, ...]:
    """The one part of a fault that begins after the lead and ends with the stage."""
    return (Part(stage.lead, stage.end),)
