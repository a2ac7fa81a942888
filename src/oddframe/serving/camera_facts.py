"""What the cameras file says of a camera, in words; no password is among them."""

from __future__ import annotations

from oddframe.cameras.second_look import SecondLooks
from oddframe.console.words import count, duration
from oddframe.serving.site import SeenCamera


def facts_of(camera: SeenCamera, look: SecondLooks | None) -> list[tuple[str, str]]:
    """Names of settings, and their values as they are watched with.

    Args:
        camera: whose.
        look: which server is asked about alarms; None of none.
    """
    plan, said = camera.plan, camera.plan.camera
    retention = said.retention
    facts = [
        ("source", said.source.shown),
        ("run", f"{said.run} ({plan.detector.name})"),
        ("threshold", f"{plan.rule.threshold:.3g}{' of its own' * (said.threshold is not None)}"),
        ("at most", _budget(said.alarms_per_hour)),
        ("zones", count(len(plan.zones.all), "zone") if plan.zones else "none"),
        ("what is odd for less is no event", _seconds(said.minimum_seconds)),
        ("an event is closed after", duration(said.longest_seconds)),
        ("quiet after an alarm", _seconds(said.cool_down)),
        ("film before and after", f"{said.pre_roll:g} s and {said.post_roll:g} s"),
        ("kept of an event", said.keep),
        (
            "kept in all",
            f"{retention.most_bytes / 1e9:g} GB, {retention.most_days:g} days, while "
            f"{retention.least_free / 1e9:g} GB of the disk stay free",
        ),
        ("told", ", ".join(said.alerts) or "nobody"),
        ("second look", look.describe() if look is not None and said.keep == "film" else ""),
    ]
    return [(name, value) for name, value in facts if value]


def _budget(per_hour: float | None) -> str:
    return "" if per_hour is None else f"{24 * per_hour:g} alarms a day in the long run"


def _seconds(value: float) -> str:
    return f"{value:g} s" if value else ""
