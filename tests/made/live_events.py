"""An event of a camera with every attribute."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from oddframe.journal.live_event import LiveEvent, new_event_id
from oddframe.scores.sights import Sight

NOON = 1_772_366_400.0
"""1 March 2026, 12:00 UTC."""


def live_event(at: float = NOON, camera: str = "front", **changes: Any) -> LiveEvent:
    event = LiveEvent(
        id=new_event_id(at),
        camera=camera,
        start=at,
        end=at + 8.5,
        seen=at + 8.5,
        peak=3.25,
        peak_at=at + 2.0,
        mean=2.125,
        threshold=1.5,
        reason="somebody runs, upper left",
        cue="motion",
        zone="door",
        boxes=((10, 20, 60, 90), (0, 0, 5, 5)),
        size=(640, 360),
        classes=("running",),
        nearest=Sight("monday", 61.5),
        run="runs/front",
        version=2,
        verdict="odd",
        ending="quiet",
    )
    return replace(event, **changes)
