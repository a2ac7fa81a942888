"""Detectors: one module each, found by its name (``--detector fixed-camera``)."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from oddframe.detectors import own_detectors
from oddframe.errors import OddframeError, unknown

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
    "own_detectors",
    "perceptual",
    "pseudo_anomaly_settings",
    "published",
    "published_pseudo_anomaly",
    "saved_state",
}


def available() -> list[str]:
    """Names of all detectors, also of installed ones; nothing is imported to find them."""
    return sorted({*_built_in(), *own_detectors.installed()})


def load(name: str) -> ModuleType:
    """The module of a detector: its ``DETECTOR`` class and its ``CONFIG`` dataclass.

    Takes names only, so that names read from files can be given.

    Raises:
        OddframeError: no such detector; the message lists those there are.
    """
    if name in _built_in():
        return import_module(f"{__name__}.{name.replace('-', '_')}")
    if point := own_detectors.installed().get(name):
        return own_detectors.load_installed(point)
    if own_detectors.is_file(name):
        raise OddframeError(
            f"{name}: a file's code is run only where the file is named on the command line or in "
            "Python: train and score --detector FILE; elsewhere, a detector needs an installed name"
        )
    raise OddframeError(f"{unknown('detector', name, available())}, or a file (.py)")


def load_given(detector: str) -> ModuleType:
    """The module of a detector that a person names: by its name, or by its file, which is run.

    Raises:
        OddframeError: no such detector, or a file without one.
    """
    if not own_detectors.is_file(detector):
        return load(detector)
    module = own_detectors.load_file(Path(detector))
    if module.DETECTOR.name in available():
        raise OddframeError(
            f"{detector}: there is a detector '{module.DETECTOR.name}' already; give DETECTOR "
            "another name"
        )
    return module


def load_recorded(run: Path, name: str, source: Any) -> ModuleType:
    """The module of the detector that a run folder names, which can be no file.

    Args:
        run: the folder, for messages.
        name: the detector's name there.
        source: what is written there of where it came from (:func:`own_detectors.source_of`).

    Raises:
        OddframeError: it is not there; the message says what is missing.
    """
    if name not in available():
        raise OddframeError(
            f"{run}: its detector '{name}' is none of oddframe's; "
            f"{own_detectors.how_to_get(name, source)}"
        )
    return load(name)


def _built_in() -> list[str]:
    modules = (module.name for module in pkgutil.iter_modules(__path__))
    return [name.replace("_", "-") for name in modules if name not in _SHARED]
