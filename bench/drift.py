"""What becomes of a run over days that change, by how it is kept up: measured, to choose a default.

    python bench/drift.py --work /tmp/drift --results bench/results/drift.txt

Into every day (``drift_days.py``) the same is drawn at the same times: four odd events; two passes
of a benign newcomer, which are normal here and were never seen; and a thing that is a little larger
each day (the boiling frog). Each way of keeping up scores a day first, then learns from it what it
may:

frozen      nothing
budget      nothing; a budget of alarms raises the threshold, as ``watch`` does
taught      a person calls each alarm by its true name, or does not answer, at a stated rate
absorbing   what was not odd, a minute away from every alarm, and came in three parts of the day, is
            learnt by itself, unless it is like something that a person called odd
poisoned    the same, but one odd event of every day gets into what is learnt
refitted    fitted anew each morning on what it was fitted on and the two days before, all of it

Scaled down for two cores: days of minutes, and parts of a day for hours. What is drawn, and the
promise of the run, were chosen on hours of day 04 (``--recorded 04``); what counts is day 03.
"""

from __future__ import annotations

import argparse
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import oddframe
from drift_days import DATA, DRAWN, FPS, HEIGHT, ODD, WIDTH, Alarm, Day, film, hours
from oddframe.detectors.own_cameras.fixed_camera.lesson import Lesson
from oddframe.files.atomic import write_text
from oddframe.runs.run_folder import read_run
from oddframe.teaching.attending import attend
from oddframe.teaching.teach import teach
from oddframe.watching.budget import Budget
from provenance import provenance

AWAY = 60.0
"""Seconds around an alarm in which nothing is absorbed."""
PARTS = 4
SEEN_IN = 3
"""What is absorbed comes in so many parts of the day."""
LEARNT = ("08-08.mp4", "08-12.mp4", "08-16.mp4")
"""Hours that the run learns."""
PROMISED = 6.0
"""False alarms an hour that the run promises."""
ALARMS_A_DAY = 6.0
"""The budget: as many as there are odd things in a day, and two."""
USUAL = 1.3
"""Surprise beyond which nothing is absorbed: 5 % of normal looks have more."""


class Way:
    """One way of keeping up; see the module."""

    def __init__(self, run: Path) -> None:
        self.run = read_run(run)

    @property
    def detector(self) -> Any:
        """As it is by now."""
        return self.run.detector

    def told(self, day: Day, alarms: list[Alarm]) -> list[Alarm]:  # noqa: ARG002 - of others
        """Those of the alarms of a day that a person is told of."""
        return alarms

    def learn(self, day: Day, alarms: list[Alarm]) -> None:
        """What it learns from a day that is over."""


class Budgeted(Way):
    """The threshold alone, by the budget of ``watch``."""

    def __init__(self, run: Path, minutes: float) -> None:
        super().__init__(run)
        self._budget = Budget(self.detector.threshold, ALARMS_A_DAY * 60 / minutes)

    def told(self, day: Day, alarms: list[Alarm]) -> list[Alarm]:
        found = []
        for alarm in alarms:
            at = day.number * 60 * day.minutes + alarm.start / FPS
            told = alarm.peak > self._budget.limit(at)
            self._budget.note(alarm.peak, at, told=told)
            found += [alarm] * told
        return found


class Taught(Way):
    """By a person who answers truthfully, at a rate."""

    def __init__(self, run: Path, rate: float) -> None:
        copied = run.with_name(f"{run.name}-taught-{rate:g}")
        shutil.rmtree(copied, ignore_errors=True)
        shutil.copytree(run, copied)
        super().__init__(copied)
        self._rate, self._random = rate, random.Random(0)

    def learn(self, day: Day, alarms: list[Alarm]) -> None:
        odd = (*ODD, "frog")
        answered = [alarm for alarm in alarms if self._random.random() < self._rate]
        moments = [
            day.moment(one.start, one.end, "odd" if one.of in odd else "normal") for one in answered
        ]
        if moments:
            teach(self.run, moments)
            self.run = read_run(self.run.folder)


class Absorbing(Way):
    """By itself, slowly; alarms that a person called odd are never near what it takes."""

    def __init__(self, run: Path, *, poisoned: bool = False) -> None:
        super().__init__(run)
        self._fitted: Any = self.run.detector
        self._now = self._fitted
        self._taken: list[Any] = []
        self._poisoned = poisoned

    @property
    def detector(self) -> Any:
        return self._now

    def learn(self, day: Day, alarms: list[Alarm]) -> None:
        away = round(AWAY * FPS)
        frames = round(60 * day.minutes * FPS)
        allowed = np.ones(frames, bool)
        for one in alarms:
            allowed[max(0, one.start - away) : one.end + away] = False
        if self._poisoned:
            start, end = day.span(next(one for one in DRAWN if one.name == "stranger"))
            allowed[start:end] = True
        grid, parts = self._fitted.scene.scale.grid, []
        for part in range(PARTS):
            lesson = Lesson.empty(grid)
            for start, end in spans(allowed, part * frames // PARTS, (part + 1) * frames // PARTS):
                moment = day.moment(start, end, "normal")
                everywhere = replace(moment, boxes=((0, 0, WIDTH, HEIGHT),))
                (found,) = attend(self._fitted, self.run, [everywhere], lambda _: None)
                if found.lesson is not None:
                    lesson = lesson.and_also(Lesson.from_state(found.lesson, grid))
            parts.append(lesson)
        self._taken.append(self._recurring(parts).state())
        self._now, _ = self._fitted.taught([one for one in self._taken if one["cells"].size], [])

    def _recurring(self, parts: list[Lesson]) -> Lesson:
        """Looks that are not odd, and that came in several parts of the day."""
        scene = self._fitted.scene
        near = scene.appearance.highest_below(1.0)
        cells, patches = [], []
        for own, part in enumerate(parts):
            for cell in np.unique(part.cells).tolist():
                mine = part.patches[part.cells == cell]
                field = np.zeros((*scene.scale.grid, mine.shape[1]), np.float32)
                row, column = np.unravel_index(cell, scene.scale.grid)
                for patch in mine:
                    field[row, column] = patch
                    far = float(scene.memory.distances(field)[row, column])
                    others = sum(
                        bool(known.size)
                        and float(np.linalg.norm(known - patch, axis=1).min()) < near
                        for number, other in enumerate(parts)
                        if number != own
                        for known in [other.patches[other.cells == cell]]
                    )
                    if float(scene.appearance(np.array(far))) < USUAL and others + 1 >= SEEN_IN:
                        cells.append(cell)
                        patches.append(patch)
        if not cells:
            return Lesson.empty(scene.scale.grid)
        empty = vars(Lesson.empty(scene.scale.grid))
        return Lesson(**{**empty, "cells": np.array(cells, np.int32), "patches": np.array(patches)})


class Refitted(Way):
    """Anew each morning."""

    def __init__(self, run: Path, normal: Path) -> None:
        super().__init__(run)
        self._normal, self._days = normal, []

    def learn(self, day: Day, alarms: list[Alarm]) -> None:  # noqa: ARG002 - it takes all of it
        self._days.append(day)
        folder = self.run.folder.with_name("refitted")
        shutil.rmtree(folder, ignore_errors=True)
        footage = folder / "footage"
        footage.mkdir(parents=True)
        for path in [*self._normal.iterdir(), *(one.path for one in self._days[-2:])]:
            (footage / path.name).symlink_to(path)
        self.run = fitted(footage, folder / "run")


def fitted(footage: Path, out: Path) -> Any:
    """A run of normal footage, and its promise."""
    settings = {"false_alarms_per_hour": PROMISED}
    return oddframe.train(footage, out, drill=False, resume=True, track=["none"], settings=settings)


def spans(allowed: np.ndarray, first: int, last: int) -> list[tuple[int, int]]:
    """Stretches of allowed frames of at least ten seconds within ``[first, last)``."""
    inside = np.flatnonzero(allowed[first:last]) + first
    if not inside.size:
        return []
    cuts = np.flatnonzero(np.diff(inside) > 1) + 1
    parts = np.split(inside, cuts)
    return [(int(p[0]), int(p[-1]) + 1) for p in parts if p.size >= 10 * FPS]


def table(name: str, days: list[Day], told: list[list[Alarm]]) -> list[str]:
    """What a way told, day by day."""
    lines = []
    false = [[one for one in alarms if one.of not in (*ODD, "frog")] for alarms in told]
    noticed = [sum(any(a.of == odd for a in alarms) for odd in ODD) for alarms in told]
    frog = ["yes" if any(a.of == "frog" for a in alarms) else "-" for alarms in told]
    total = sum(noticed) / (len(ODD) * len(days))
    per_hour = sum(map(len, false)) / (sum(day.minutes for day in days) / 60)
    newcomer = [sum(one.of.startswith("newcomer") for one in alarms) for alarms in false]
    lines.append(
        f"{name:16} false alarms {' '.join(f'{len(one):3}' for one in false)}  = "
        f"{per_hour:5.1f} an hour   noticed {' '.join(map(str, noticed))} of {len(ODD)} = "
        f"{total:.2f}   newcomer {' '.join(map(str, newcomer))}   frog {' '.join(frog)}"
    )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--results", type=Path)
    parser.add_argument("--recorded", default="03", help="the day whose hours are taken: 03 or 04")
    parser.add_argument("--days", type=int, default=6)
    parser.add_argument("--minutes", type=float, default=12)
    parser.add_argument(
        "--ways", default="frozen,budget,taught,taught-third,absorbing,poisoned,refitted"
    )
    given = parser.parse_args()
    work = given.work
    work.mkdir(parents=True, exist_ok=True)
    normal = work / "normal"
    normal.mkdir(exist_ok=True)
    for name in LEARNT:
        (normal / name).unlink(missing_ok=True)
        (normal / name).symlink_to(DATA / "home-office" / "train" / name)
    if not (work / "run" / "checkpoint.pt").exists():
        fitted(normal, work / "run")
    sources = hours(given.recorded)
    days = [
        Day(
            number,
            film(
                sources[number % len(sources)],
                number,
                given.days,
                given.minutes,
                work / f"day{given.recorded}-{number + 1}.mp4",
            ),
            given.minutes,
        )
        for number in range(given.days)
    ]
    made: dict[str, Callable[[], Way]] = {
        "frozen": lambda: Way(work / "run"),
        "budget": lambda: Budgeted(work / "run", given.minutes),
        "taught": lambda: Taught(work / "run", 1.0),
        "taught-third": lambda: Taught(work / "run", 1 / 3),
        "absorbing": lambda: Absorbing(work / "run"),
        "poisoned": lambda: Absorbing(work / "run", poisoned=True),
        "refitted": lambda: Refitted(work / "run", normal),
    }
    threshold = Way(work / "run").detector.threshold
    lines = [
        f"{given.days} days of {given.minutes:g} minutes of day {given.recorded}; {len(LEARNT)} h "
        f"learnt, threshold {threshold:.2f}; a number a day:"
    ]
    print(lines[0], flush=True)
    frozen: list[list[Alarm]] = []
    for name in given.ways.split(","):
        way, told = made[name](), []
        for day in days:
            same = name == "budget" and len(frozen) > day.number
            alarms = frozen[day.number] if same else day.alarms(way.detector)
            if name == "frozen":
                frozen.append(alarms)
            told.append(way.told(day, alarms))
            if day is not days[-1]:
                way.learn(day, told[-1])
            print(
                f"  {name}, day {day.number + 1}: {[(a.of, round(a.peak, 2)) for a in told[-1]]}",
                flush=True,
            )
        lines += table(name, days, told)
        print(lines[-1], flush=True)
    if given.results:
        write_text(given.results, f"{provenance()}\n" + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
