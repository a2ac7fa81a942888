"""Features for a run that was trained on some: as wide as those, and known where they came from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from oddframe.detectors.contract import looks_at_features
from oddframe.errors import OddframeError
from oddframe.features.feature_folder import FeatureFolder
from oddframe.runs.run_folder import Run


def learnt_from(run: Run) -> dict[str, Any]:
    """What is known of the features that a run was trained on: ``features.json`` of then."""
    return run.config.get("features_info", {})


def features_for(run: Run, folder: Path) -> FeatureFolder:
    """A folder of features that the run's detector can look at.

    Raises:
        OddframeError: no features there, or of another width than the run was trained on.
    """
    features, detector = FeatureFolder.open(folder), run.detector
    assert looks_at_features(detector), "a run of frames is given no features"
    channels = detector.shape.channels
    if features.channels != channels:
        raise OddframeError(
            f"{folder}: {detector.name} in {run.folder} was trained on features of "
            f"{channels} channels, these have {features.channels}; use features of the same "
            "backbone"
        )
    return features
