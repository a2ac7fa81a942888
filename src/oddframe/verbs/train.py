"""The verb ``train``: fit a detector to normal footage."""

from __future__ import annotations

import math
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from oddframe.atomic import sha256_of
from oddframe.datasets.folder import prepare_folder
from oddframe.detectors import DEFAULT, load
from oddframe.errors import OddframeError
from oddframe.media import VIDEO_SUFFIXES
from oddframe.progress import progress
from oddframe.training.run_folder import (
    CHECKPOINT,
    Run,
    log,
    read_run,
    write_checkpoint,
    write_config,
)
from oddframe.videos import Manifest


def train(
    footage: Path,
    out: Path,
    *,
    detector: str = DEFAULT,
    settings: dict[str, Any] | None = None,
    root: Path | None = None,
    val_share: float = 0.2,
    seed: int = 0,
    resume: bool = False,
) -> Run:
    """Fit a detector to normal footage.

    Args:
        footage: a manifest, a folder of videos of normal life, or a single video.
        out: the run folder to make.
        detector: name of the detector.
        settings: settings of the detector, such as ``--settings.fit_looks 1000``.
        root: folder that a manifest's paths are relative to, if the data moved.
        val_share: share of a folder's videos that is held out to calibrate; a manifest says
            itself which videos are held out.
        seed: fixes every random choice.
        resume: keep a finished run as it is; without it, a folder with a run is refused.

    Returns:
        The run.

    Raises:
        OddframeError: unusable footage, unknown detector or setting, or a folder in use.
    """
    module = load(detector)
    config = _settings(module.CONFIG, detector, settings or {})
    if (out / CHECKPOINT).exists():
        if not resume:
            raise OddframeError(
                f"{out}: there is a finished run already; choose another folder with --out, or "
                "keep it with --resume"
            )
        return read_run(out)
    manifest = _footage(footage, root, val_share, seed)
    videos = manifest.split("train", "val")
    out.mkdir(parents=True, exist_ok=True)
    log(out, f"fitting {detector} to {len(videos)} videos of {footage}")
    with progress() as bar:
        fitted = module.DETECTOR.fit(manifest, config, seed, bar.share)
    # A relative root would be taken as relative to the run folder.
    replace(manifest, root=manifest.root.absolute()).write(out / "manifest.jsonl")
    write_config(
        out,
        {
            "verb": "train",
            "footage": str(footage),
            "detector": detector,
            "settings": asdict(config),
            "val_share": val_share,
            "seed": seed,
            "manifest_sha256": sha256_of(out / "manifest.jsonl"),
            "dataset": manifest.dataset,
            "fitted_on": {
                "videos": len(videos),
                "minutes": round(sum(v.frames / v.fps for v in videos) / 60, 2),
            },
            "learnt": fitted.notes,
        },
    )
    write_checkpoint(out, fitted)
    for name, value in fitted.notes.items():
        log(out, f"{name}: {value}")
    return read_run(out)


def _footage(footage: Path, root: Path | None, val_share: float, seed: int) -> Manifest:
    if footage.suffix == ".jsonl":
        manifest = Manifest.read(footage, root)
        manifest.check_files()
        return manifest
    if not footage.exists():
        raise OddframeError(
            f"{footage}: no such manifest, folder or video; give a folder of normal footage"
        )
    if footage.is_file() and footage.suffix.lower() not in VIDEO_SUFFIXES:
        raise OddframeError(
            f"{footage}: expected a manifest (.jsonl), a folder of videos or a video file"
        )
    manifest = prepare_folder(footage)
    return manifest if manifest.split("val") else manifest.hold_out(val_share, seed)


def _settings(kind: Any, detector: str, settings: dict[str, Any]) -> Any:
    known = {field.name: field.default for field in fields(kind)}
    checked: dict[str, Any] = {}
    for name, value in settings.items():
        if name not in known:
            raise OddframeError(
                f"{detector} has no setting '{name}'; it has {', '.join(sorted(known))}"
            )
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not math.isfinite(value):
            raise OddframeError(f"{detector}: setting '{name}' must be a number, found {value!r}")
        if isinstance(known[name], int) and value != int(value):
            raise OddframeError(
                f"{detector}: setting '{name}' must be a whole number, found {value!r}"
            )
        checked[name] = type(known[name])(value)
    return kind(**checked)
