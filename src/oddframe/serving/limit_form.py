"""How odd something must be to be told: a threshold, or a budget of alarms, as a form."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from oddframe.errors import OddframeError
from oddframe.scoring.request import Alarms, Manner
from oddframe.serving.forms import number_of
from oddframe.serving.meant import Meant, with_budget, with_threshold
from oddframe.serving.site import SeenCamera, Site

KEYS = "threshold", "alarms_per_hour", "alarms_per_day"
_LEAST_BUDGET, _MOST_BUDGET = 1 / 366, 24 * 3600.0
"""Alarms a day."""


@dataclass(frozen=True)
class LimitForm:
    """The form.

    Attributes:
        camera: its address.
        by: what is chosen: ``threshold``, ``budget``, or ``file`` where the camera says neither.
        otherwise: what holds then.
        threshold, budget: as typed.
        highest: of the scores that the slider reaches.
        meant: what that would have meant.
        said: what is wrong with what was typed; ``""`` of nothing.
        mark: of the cameras file.
        may_change: whether who looks may change it.
    """

    template: ClassVar[str] = "serving/limit.html"
    camera: str
    by: str
    otherwise: str
    threshold: str
    budget: str
    highest: str
    meant: Meant | None
    said: str
    mark: str
    may_change: bool


def limit_form(
    site: Site,
    camera: SeenCamera,
    typed: Mapping[str, str] | None,
    *,
    said: str,
    place: tuple[str, str],
    may_change: bool,
) -> LimitForm:
    """The form as it is, or as it was typed.

    Args:
        site: what the page stands on.
        camera: which.
        typed: fields of the form; None to show what holds.
        said: what was wrong with them.
        place: address of the camera's page, and the mark of its file.
        may_change: whether who looks may change it.
    """
    plan, asked = camera.plan, camera.plan.camera
    saving = None if site.watch is None else site.watch.saving
    where = "" if saving is None else saving.where(camera.name, *KEYS)
    by = "file"
    if where == "camera" or saving is None:
        by = "threshold" if asked.threshold is not None else by
        by = "budget" if asked.alarms_per_hour is not None else by
    form = {
        "by": by,
        "threshold": f"{plan.rule.threshold:.4g}",
        "budget": f"{24 * asked.alarms_per_hour:g}" if asked.alarms_per_hour else "",
        **(typed or {}),
    }
    run = _run_threshold(camera)
    shared = saving is not None and where == "all"
    try:
        meant, wrong = meant_by(site, camera, form), ""
    except OddframeError as error:
        meant, wrong = None, str(error)
    return LimitForm(
        camera=place[0],
        by=form["by"],
        otherwise="as the file says for all cameras" if shared else f"the run's own, {run:.3g}",
        threshold=form["threshold"],
        budget=form["budget"],
        highest=f"{max(2 * run, 1.5 * plan.rule.threshold):.3g}",
        meant=meant,
        said=said or (wrong if typed else ""),
        mark=place[1],
        may_change=may_change,
    )


def meant_by(site: Site, camera: SeenCamera, form: Mapping[str, str]) -> Meant:
    """What would have been, had it been as a form says.

    Raises:
        OddframeError: what is typed is no number, or none that there can be.
    """
    now = time.time()
    match form.get("by"):
        case "threshold":
            return with_threshold(site, camera.name, _threshold(form), now)
        case "budget":
            lowest = _run_threshold(camera)
            return with_budget(site, camera.name, lowest, _budget(form) / 24, now)
    asked = camera.plan.camera
    if asked.alarms_per_hour is not None:
        lowest = camera.plan.rule.threshold
        return with_budget(site, camera.name, lowest, asked.alarms_per_hour, now)
    return with_threshold(site, camera.name, camera.plan.rule.threshold, now)


def limit_in(form: Mapping[str, str]) -> dict[str, Any]:
    """What the cameras file is to say.

    Raises:
        OddframeError: as :func:`meant_by`.
    """
    changes: dict[str, Any] = dict.fromkeys(KEYS)
    match form.get("by"):
        case "threshold":
            changes["threshold"] = _plain(_threshold(form))
        case "budget":
            changes["alarms_per_day"] = _plain(_budget(form))
        case "file":
            pass
        case _:
            raise OddframeError("expected a threshold, a budget, or neither; choose one")
    return changes


def _run_threshold(camera: SeenCamera) -> float:
    return Alarms().rule(camera.plan.run, Manner()).threshold


def _threshold(form: Mapping[str, str]) -> float:
    return _number(form.get("threshold", ""), "a threshold", 0.0, 1e9)


def _budget(form: Mapping[str, str]) -> float:
    return _number(form.get("budget", ""), "alarms a day", _LEAST_BUDGET, _MOST_BUDGET)


def _number(words: str, what: str, least: float, most: float) -> float:
    value = number_of(words)
    if not least <= value <= most:
        raise OddframeError(
            f"expected {what}, a number from {least:.2g} to {most:.6g}, found '{words.strip()}'"
        )
    return value


def _plain(value: float) -> float | int:
    return int(value) if value == int(value) else value
