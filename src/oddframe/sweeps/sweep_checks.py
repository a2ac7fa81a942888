"""Whether a sweep can run: its data is there, and its detector takes the settings of each trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from oddframe.errors import OddframeError
from oddframe.files.yaml_table import YamlTable
from oddframe.sweeps.plan import Distribution, Sweep
from oddframe.videos.manifest import Manifest

_LOOKED_THROUGH = 1_000
"""Whole numbers of a distribution that are tried on the detector."""


def check_data(table: YamlTable, sweep: Sweep) -> None:
    """Refuse a manifest or a folder that is not there, and a manifest without what is wanted.

    Raises:
        OddframeError: naming the key, or the damaged manifest.
    """
    if sweep.manifest.suffix != ".jsonl":
        raise table.wrong("manifest", "a manifest (.jsonl)", str(sweep.manifest))
    for key, path, there in (
        ("manifest", sweep.manifest, sweep.manifest.is_file()),
        ("features", sweep.features, sweep.features is None or sweep.features.is_dir()),
        ("root", sweep.root, sweep.root is None or sweep.root.is_dir()),
    ):
        if not there:
            what = "file" if key == "manifest" else "folder"
            raise table.error(
                f"'{key}': no such {what}: {path}; paths are relative to the working directory"
            )
    videos = Manifest.read(sweep.manifest, sweep.root)
    if sweep.score and not videos.split("val", "test"):
        raise table.error(
            f"'score': no videos in split 'val' or 'test' of {sweep.manifest} to score; say "
            "'score: false'"
        )
    if sweep.features is not None and (sweep.distributions or sweep.stopping):
        labels = {video.label for video in videos.split("val")}
        if not {"normal", "anomalous"} <= labels:
            key = "stopping" if sweep.stopping else "distributions"
            raise table.error(
                f"'{key}': expected normal and anomalous videos in split 'val' of "
                f"{sweep.manifest}, found {', '.join(sorted(map(str, labels))) or 'none'}, so "
                "there is no validation to learn from; prepare it with a stratified split"
            )


def check_trials(table: YamlTable, sweep: Sweep) -> None:
    """Refuse what the detector would refuse in any trial, or in nearly any that can be drawn.

    Raises:
        OddframeError: naming the file, the trial and the setting.
    """
    from oddframe.detectors import load
    from oddframe.fitting.fit import check_inputs
    from oddframe.settings.reading import read_settings
    from oddframe.tracking import chosen
    from oddframe.training.hardware import Hardware

    configurations = sweep.configurations() or _corners(sweep.distributions)
    try:
        module = load(sweep.detector)
        hardware = Hardware(sweep.device, sweep.precision)
        check_inputs(module.DETECTOR, sweep.features, sweep.oracle, hardware)
        chosen(sweep.track)
        _check_fit(module.DETECTOR, sweep)
    except OddframeError as error:
        raise table.error(str(error)) from error
    steps = []
    for varied in configurations:
        try:
            config = read_settings(module.CONFIG, sweep.detector, {**sweep.settings, **varied})
        except OddframeError as error:
            among = ", ".join(f"{name} {value}" for name, value in varied.items())
            raise table.error(f"{f'with {among}: ' if among else ''}{error}") from error
        in_steps = module.DETECTOR.traits.trained == "in steps"
        steps.append(config.steps if in_steps else 0)
    for name, distribution in sweep.distributions.items():
        default = getattr(module.CONFIG, name)
        if isinstance(default, int) and distribution.kind in ("uniform", "log_uniform"):
            raise table.wrong(
                f"distributions.{name}", "integer or choice for whole numbers", distribution.kind
            )
    if sweep.stopping and sweep.stopping.grace >= max(steps):
        raise table.error(
            f"'stopping': expected a grace below the {max(steps)} steps of the trials, found "
            f"{sweep.stopping.grace}, with which nothing is ever stopped"
        )


def _check_fit(detector: Any, sweep: Sweep) -> None:
    """Refuse what no trial could do, whatever its settings."""
    if sweep.device == "cuda" and not sweep.gpus:
        raise OddframeError(
            "'device' is cuda, and the trials get no GPU; say how many in 'resources: {gpus: 1}'"
        )
    searches = sweep.distributions and sweep.search == "optuna"
    if detector.traits.trained == "at once" and (searches or sweep.stopping):
        key = "stopping" if sweep.stopping else "search"
        raise OddframeError(
            f"'{key}': {detector.name} is fitted in one go, without a validation to learn from; "
            f"{'leave it out' if sweep.stopping else 'use random'}"
        )


def _corners(distributions: Mapping[str, Distribution]) -> list[dict[str, Any]]:
    """What can be drawn, as far as it can be listed: each value while the others stay put."""
    first = {name: part.values[0] for name, part in distributions.items()}
    found = []
    for name, part in distributions.items():
        values: Sequence[Any] = part.values
        if part.kind == "integer":
            values = range(part.values[0], part.values[1] + 1)[:_LOOKED_THROUGH]
            values = [*values, part.values[1]]
        found += [{**first, name: value} for value in values]
    return found
