"""The faults, a module for each kind; each has ``FAULTS``."""

from __future__ import annotations

from oddframe.drills.faults import camera, direction, look, pace, presence, staying
from oddframe.drills.stage import Fault

FAULTS: tuple[Fault, ...] = (
    *pace.FAULTS,
    *direction.FAULTS,
    *presence.FAULTS,
    *staying.FAULTS,
    *look.FAULTS,
    *camera.FAULTS,
)
"""All faults, in the order of the table."""
