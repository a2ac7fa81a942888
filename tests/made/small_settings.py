"""Settings with which each detector is trained in about a second, for the battery of tests.

A detector that lies in a school's folder is tested by lying there; all that its author adds is its
line here. It has to learn enough to tell plainly odd frames, or snippets, from the others.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

_CLIPS = {"size": 32, "width": 4, "batch_size": 4, "steps": 24, "validate_every": 12}
_GAN = {**_CLIPS, "discriminator_width": 4}
_WINDOWS = {"motion_threshold": 5.0, "window": 4, "stride": 4, "rounds": 2}
_BAGS = {"segments": 16, "batch_size": 8, "steps": 40, "validate_every": 20, "learning_rate": 0.01}

SMALL_SETTINGS: dict[str, dict[str, Any]] = {
    "conv-ae": {**_CLIPS, "learning_rate": 0.005},
    "conv-ae-clip": {**_CLIPS, "width": 8, "learning_rate": 0.02, "regularity": "range"},
    "convlstm-ae": {**_CLIPS, "learning_rate": 0.02},
    "dcgan": {**_CLIPS, "width": 8, "latent": 5},
    "deep-appearance": {"side": 64, "fit_frames": 60},
    "example_bag_detector": {**_BAGS, "width": 8},
    "example_clip_detector": {
        **{key: value for key, value in _CLIPS.items() if key != "width"},
        "learning_rate": 0.01,
    },
    "example_detector": {},
    "fixed-camera": {"long_side": 64, "motion_side": 128, "fit_looks": 40},
    "future-frame": {**_GAN, "learning_rate": 0.002},
    "giorno": {"window": 3, "shuffles": 2, "most_cubes": 1000},
    "mc2st": {**_WINDOWS, "pool": 10, "drawn": 4, "screened_from": 18},
    "mgfn": {**_BAGS, "widths": (4, 8, 12), "depths": (2, 1, 1), "head_width": 4},
    "mnad": {**_CLIPS, "learning_rate": 0.005},
    "ognet": {
        **_CLIPS,
        **{"size": 33, "patches": 0, "noise": 0.2, "refine_steps": 8},
        **{"learning_rate": 0.005, "discriminator_rate": 0.002},
    },
    "pseudo-anomaly": {
        **_GAN,
        **{"classifier_width": 4, "perceptual": "none", "learning_rate": 0.002, "steps": 36},
    },
    "random-scores": {},
    "rtfm": {**_BAGS, "width": 8},
    "s3r": _BAGS,
    "spatiotemporal-ae": {**_CLIPS, "width": 8, "learning_rate": 0.01},
    "stacked-rnn": {
        **{"side": 128, "clip_frames": 4, "learning_rate": 0.002},
        **{"steps": 40, "validate_every": 20},
    },
    "sultani": _BAGS,
    "unmasking": _WINDOWS,
}


def short_name(name: str) -> str:
    """What a detector is called in tables of the tests: ``rtfm``, ``example_detector``."""
    return Path(name).stem


def small_settings(name: str) -> dict[str, Any]:
    """Those of a detector; a test that asks for a detector's without a line here says so.

    Args:
        name: the detector's, or its file.
    """
    if short_name(name) not in SMALL_SETTINGS:
        pytest.fail(
            f'add a line "{short_name(name)}": {{...}} to tests/made/small_settings.py: settings '
            "with which it is trained in about a second"
        )
    return SMALL_SETTINGS[short_name(name)]
