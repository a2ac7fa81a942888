"""Days of a camera in which the same things happen and the rest changes, for ``drift.py``.

Each day is some minutes of one hour of the home office that nobody learnt, in a light that differs
from day to day, in a colour that drifts one way, and with a piece of the room elsewhere from the
middle day on (a moved chair). Into every day the same is drawn at the same times.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from live_soak import DATA, FPS
from oddframe.detectors.stepping import scores_of
from oddframe.footage.listing import survey
from oddframe.media.opening import open_video
from oddframe.media.video_writing import VideoWriter
from oddframe.scores.detections import EventRule, find_detections
from oddframe.teaching.moments import Moment

WIDTH, HEIGHT = 128, 64
MIDDLE = 0.5
"""Share of the days after which the piece of the room is elsewhere."""
LIGHT = (1.0, 0.94, 1.06, 0.9, 1.1, 0.97, 1.04, 0.92)
"""Times the light of each day."""
MERGE = 15.0
"""Seconds within which alarms are one. A run's own, three minutes, are for days of hours: things
drawn into days of minutes would all be one alarm."""
TINT = 0.015
"""Share by which red gains on blue each day."""


@dataclass(frozen=True)
class Drawn:
    """Something that is drawn into every day.

    Attributes:
        name: what it is.
        at: when it begins, as a share of the day.
        seconds: how long it lasts.
        odd: whether it is.
    """

    name: str
    at: float
    seconds: float
    odd: bool = True


DRAWN = (
    Drawn("runner", 0.15, 3),
    Drawn("left behind", 0.30, 60),
    Drawn("stranger", 0.55, 12),
    Drawn("on the wall", 0.70, 8),
    Drawn("newcomer", 0.08, 8, odd=False),
    Drawn("newcomer again", 0.85, 8, odd=False),
    Drawn("frog", 0.93, 15),
)
ODD = tuple(one.name for one in DRAWN if one.odd and one.name != "frog")


def texture(seed: int, height: int, width: int) -> np.ndarray:
    """What a drawn thing looks like, RGB."""
    coarse = np.random.default_rng(seed).integers(0, 255, (4, 3, 3)).astype(np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_NEAREST)


def put(image: np.ndarray, thing: np.ndarray, x: float, y: float) -> None:
    """Draw a thing with its upper left corner at a place, as far as it is in the picture."""
    left, top = round(x), round(y)
    height, width = thing.shape[:2]
    begin_x, begin_y = max(0, -left), max(0, -top)
    end_x, end_y = min(width, WIDTH - left), min(height, HEIGHT - top)
    if begin_x < end_x and begin_y < end_y:
        place = image[top + begin_y : top + end_y, left + begin_x : left + end_x]
        place[:] = thing[begin_y:end_y, begin_x:end_x]


def draw(image: np.ndarray, one: Drawn, seconds: float, day: int) -> None:
    """Draw something as it is so many seconds after it began."""
    if one.name == "runner":
        put(image, texture(1, 30, 14), -14 + 60 * seconds, 30)
    elif one.name == "left behind":
        put(image, texture(2, 10, 12), 60, 48)
    elif one.name == "stranger":
        put(image, texture(3, 36, 22), 20 + 2 * seconds, 24)
    elif one.name == "on the wall":
        put(image, texture(4, 14, 14), 20 + 9 * seconds, 4)
    elif one.name == "frog":
        put(image, texture(6, 2 + 3 * day, 2 + 3 * day), 96, 40 - 2 * day)
    else:
        put(image, texture(5, 14, 10), 128 - 16 * seconds, 44)


def hours(recorded: str) -> list[Path]:
    """Hours of a recorded day, ``03`` or ``04``, in which there is life; nobody learnt them."""
    return [
        path
        for path in sorted((DATA / "home-office-days").glob(f"{recorded}-*.mp4"))
        if by_day(path)
    ]


def by_day(path: Path) -> bool:
    """Whether a recording, ``DAY-HOUR.mp4``, is of an hour in which there is life."""
    return 8 <= int(path.stem[3:]) <= 21


def film(source: Path, day: int, days: int, minutes: float, out: Path) -> Path:
    """One day."""
    if out.exists():
        return out
    frames, begin = round(60 * minutes * FPS), 300 * FPS
    gain = LIGHT[day % len(LIGHT)] * np.array([1 + TINT * day, 1, 1 - TINT * day])
    moved = day >= MIDDLE * days
    part = out.with_name("part.mp4")
    with open_video(source) as video, VideoWriter(part, FPS, (WIDTH, HEIGHT)) as writer:
        for frame in video:
            index = frame.index - begin
            if index < 0:
                continue
            if index >= frames:
                break
            image = frame.rgb((WIDTH, HEIGHT)).astype(np.float32)
            if moved:
                image[20:50, 84:114] = image[20:50, 4:34].copy()
            image = np.clip(image * gain, 0, 255).astype(np.uint8)
            for one in DRAWN:
                since = index / FPS - 60 * minutes * one.at
                if 0 <= since < one.seconds:
                    draw(image, one, since, day)
            writer.write(image)
    part.rename(out)
    return out


@dataclass(frozen=True)
class Alarm:
    """One alarm of a day: frames, the highest score, and what was drawn there, if anything."""

    start: int
    end: int
    peak: float
    of: str


@dataclass(frozen=True)
class Day:
    """A day as it is judged: its film, and what is drawn into it, in frames."""

    number: int
    path: Path
    minutes: float

    def span(self, one: Drawn) -> tuple[int, int]:
        """From which frame to which something is there."""
        begin = 60 * self.minutes * one.at
        return round(begin * FPS), round((begin + one.seconds) * FPS)

    def alarms(self, detector: Any) -> list[Alarm]:
        """What a detector would call on this day."""
        video = survey(self.path, self.path.parent, video_id=self.path.stem, split="test")
        with open_video(self.path) as reader:
            values = np.array([one.value for one in scores_of(detector, reader)])
        rule = EventRule(detector.threshold, MERGE)
        found = []
        for event in find_detections(values, rule, video.clock):
            touched = [
                one.name
                for one in DRAWN
                if self.span(one)[0] - FPS < event.end and event.start < self.span(one)[1] + FPS
            ]
            odd = [name for name in touched if name in (*ODD, "frog")]
            of = (odd or touched or [""])[0]
            found.append(Alarm(event.start, event.end, event.peak_score, of))
        return found

    def moment(self, start: int, end: int, word: Any) -> Moment:
        """A part of it that somebody judges."""
        video = survey(self.path, self.path.parent, video_id=self.path.stem, split="test")
        name = f"day {self.number + 1}, {start / FPS:.0f} s"
        return Moment(name, self.path, video, max(0, start), min(end, video.frames), (), "", word)
