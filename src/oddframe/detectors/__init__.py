"""Detectors: one module each, found by its name (``--detector fixed-camera``)."""

from __future__ import annotations

import pkgutil
from difflib import get_close_matches
from importlib import import_module
from types import ModuleType

from oddframe.errors import OddframeError

DEFAULT = "fixed-camera"
DEFAULT_FEATURES = "rtfm"
_SHARED = {
    "base",
    "bag_losses",
    "calibration",
    "checked_settings",
    "clip_detector",
    "dictionary_learning",
    "feature_magnitude",
    "flow",
    "frame_losses",
    "layers",
    "localisation",
    "multiple_instance",
    "networks",
    "perceptual",
    "pseudo_anomaly_settings",
    "published",
    "published_pseudo_anomaly",
    "saved_state",
}


def available() -> list[str]:
    """Names of all detectors; nothing is imported to find them."""
    modules = (module.name for module in pkgutil.iter_modules(__path__))
    return sorted(name.replace("_", "-") for name in modules if name not in _SHARED)


def load(name: str) -> ModuleType:
    """The module of a detector: its ``DETECTOR`` class and its ``CONFIG`` dataclass.

    Raises:
        OddframeError: no such detector; the message lists those there are.
    """
    if name not in available():
        near = get_close_matches(name, available(), 1)
        hint = f"did you mean '{near[0]}'? there are" if near else "use one of"
        raise OddframeError(f"unknown detector '{name}': {hint} {', '.join(available())}")
    return import_module(f"{__name__}.{name.replace('-', '_')}")
