"""The verb ``train``: fit a detector to normal footage, or to features of labelled videos."""

from __future__ import annotations

import json
import warnings
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from oddframe.clips.resumed_footage import what_differs
from oddframe.console.progress import progress
from oddframe.console.words import count, notes_lines
from oddframe.detectors import DEFAULT, DEFAULT_FEATURES, load_given, load_recorded
from oddframe.detectors.plugins import source_of
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.features.feature_folder import FeatureFolder
from oddframe.files.atomic import begun_in
from oddframe.files.folder_lock import alone_in_out
from oddframe.files.paths import text_paths
from oddframe.footage.deep_footage import at_one_range, normal_range
from oddframe.footage.given import Footage
from oddframe.runs.run_folder import (
    CHECKPOINT,
    CONFIG,
    LAST,
    LOG,
    MANIFEST,
    Run,
    fitted_on,
    log,
    read_config,
    read_run,
    write_checkpoint,
    write_config,
    write_what_was_left_out,
)
from oddframe.settings.reading import check_seed, read_settings
from oddframe.tracking import chosen
from oddframe.tracking.following import followed
from oddframe.training.hardware import Hardware, rank
from oddframe.videos.manifest import Manifest, Video


def _helps(given: Mapping[str, Any]) -> bool:
    """Whether torchrun or SLURM started this process to help the first one."""
    return given["processes"] * given["nodes"] > 1 and rank() > 0


@text_paths
@partial(alone_in_out, helps=_helps)
def train(
    footage: Path,
    out: Path,
    *,
    detector: str | None = None,
    features: Path | None = None,
    settings: dict[str, Any] | None = None,
    root: Path | None = None,
    val_share: float = 0.2,
    seed: int = 0,
    resume: bool = False,
    oracle: bool = False,
    device: str = "auto",
    precision: str = "32-true",
    processes: int = 1,
    nodes: int = 1,
    track: list[str] | None = None,
) -> Run:
    """Fit a detector to normal footage, or train one on features of labelled videos.

    Args:
        footage: a manifest, a folder of videos of normal life, or a single video.
        out: the run folder to make.
        detector: for normal footage ``fixed-camera`` (the default there), ``future-frame``,
            ``mnad``, ``conv-ae``, ``pseudo-anomaly``, ``ognet`` or ``dcgan``; with features
            ``rtfm`` (the default there), ``mgfn``, ``s3r``, ``sultani`` or ``random-scores``;
            or the file (.py) of a detector of your own, whose code is run; with ``--resume`` the
            one that the run was begun with.
        features: folder of features, for a detector that is trained on labels per video.
        settings: settings of the detector, such as ``--settings.fit_looks 1000``; with
            ``--resume``, those that the run was begun with.
        root: folder that a manifest's paths are relative to, if the data moved.
        val_share: share of a folder's videos that is held out to calibrate; a manifest says
            itself which videos are held out.
        seed: fixes every random choice.
        resume: go on where an unfinished training stopped, and keep a finished run as it is;
            without it, a folder with a run is refused.
        oracle: also look at the test videos' truth during training and keep the checkpoint that
            is best there, labelled oracle, to compare with papers that choose so.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        precision: ``32-true``, ``16-mixed``, ``bf16-mixed`` or ``64-true``.
        processes: processes per machine; with GPUs, one for each.
        nodes: machines; start more than one with ``torchrun``.
        track: what to send the training to as it goes on: ``mlflow``, ``wandb``,
            ``tensorboard``, several with commas between, or ``none``; by default those of the
            environment variable ``ODDFRAME_TRACK``, or MLflow where it is installed.

    Returns:
        The run.

    Raises:
        OddframeError: unusable footage, unknown detector, setting or tracker, or a folder in use.
    """
    check_seed(seed)
    trackers = chosen(track)
    begun = next((file for file in (CHECKPOINT, LAST) if (out / file).exists()), None)
    before = read_config(out) if begun and resume else {}
    usual = DEFAULT if features is None else DEFAULT_FEATURES
    # What a file says is a name and no more; only a person can name a file, whose code is run.
    module = (
        load_given(detector)
        if detector
        else load_recorded(out, before.get("detector", usual), before.get("detector_source"))
    )
    name = module.DETECTOR.name
    source = source_of(module)
    if "file" in source and processes * nodes > 1:
        raise OddframeError(
            f"{detector}: a detector in a file trains in one process; leave out --processes and "
            "--nodes, or install it as a package (docs/own-detectors.md)"
        )
    given = source.get("file", name)
    if before.get("detector") == name:
        settings = {**before.get("settings", {}), **(settings or {})}
    config = read_settings(module.CONFIG, name, settings or {})
    hardware = Hardware(device, precision, processes, nodes)
    check_inputs(module.DETECTOR, features, oracle, hardware)
    if begun and not resume:
        state = "a finished" if begun == CHECKPOINT else "an unfinished"
        raise OddframeError(
            f"{out}: there is {state} run already; choose another folder with --out, or keep and "
            "finish it with --resume"
        )
    manifest = at_one_range(_footage(footage, root, val_share, seed, features is not None))
    # A relative root would be taken as relative to the run folder.
    manifest = replace(manifest, root=manifest.root.absolute())
    written = {
        "verb": "train",
        "footage": str(footage),
        "detector": name,
        **({"detector_source": source} if source else {}),
        "settings": asdict(config),
        "val_share": val_share,
        "seed": seed,
        "oracle": oracle,
        "manifest_sha256": manifest.sha256(),
        "dataset": manifest.dataset,
    }
    if features is not None:
        written["features"] = str(features.absolute())
        written["features_info"] = FeatureFolder.open(features).info
    if levels := normal_range(manifest):
        written["levels"] = [levels.low, levels.high]
    if manifest.left_out:
        written["left_out"] = manifest.left_out
    if begun:
        _check_same(out, written, asdict(module.CONFIG()), finished=begun == CHECKPOINT)
        _check_same_footage(out, manifest)
    if begun == CHECKPOINT:
        return read_run(out, detector=given)
    out.mkdir(parents=True, exist_ok=True)
    with (
        _says_how_to_begin_again(out),
        followed(out, trackers, several=processes * nodes > 1),
        begun_in(out, MANIFEST, CONFIG, LOG),
    ):
        manifest.write(out / MANIFEST)
        given_to_all: dict[str, Any] = {
            "folder": out,
            "detector": given,
            "config": config,
            "seed": seed,
            "oracle": oracle,
            "resume": resume,
        }
        if features is not None:
            from oddframe.bags.training import BagTraining

            job = BagTraining(**given_to_all, features=features.absolute())
            job.launch(hardware, manifest, written)
        elif module.DETECTOR.traits.trained == "in steps":
            from oddframe.clips.frame_cache import FOLDER
            from oddframe.clips.training import ClipTraining

            _warn_of_anomalous(manifest.split("train", "val"), given)
            cache = (footage if footage.is_dir() else footage.parent).absolute() / FOLDER
            job = ClipTraining(**given_to_all, cache=cache)
            job.launch(hardware, manifest, written)
        else:
            _fit_frames(module, config, manifest, out, written)
    return read_run(out, detector=given)


@contextmanager
def _says_how_to_begin_again(out: Path) -> Generator[None]:
    """Ctrl-C before there is a state to go on from.

    Raises:
        KeyboardInterrupt: with a sentence where it had none.
    """
    try:
        yield
    except KeyboardInterrupt as stop:
        if str(stop) or any((out / file).exists() for file in (CHECKPOINT, LAST)):
            raise
        raise KeyboardInterrupt(
            "stopped before there was anything to keep; begin again with the same command"
        ) from None


def _check_same(
    out: Path, written: dict[str, Any], defaults: dict[str, Any], *, finished: bool
) -> None:
    """A run goes on only as it began; an unfinished one may get another number of steps."""
    before = read_config(out)
    # A setting that did not exist when the run was begun was at what is its default now.
    before["settings"] = {**json.loads(json.dumps(defaults)), **before.get("settings", {})}
    old, new = (
        {
            **{key: part.get(key) for key in ("detector", "seed", "features")},
            **{f"--settings.{key}": value for key, value in part.get("settings", {}).items()},
        }
        for part in (before, json.loads(json.dumps(written)))
    )
    # Runs made before it was written down may have had an oracle or not.
    if before.get("oracle", written["oracle"]) != written["oracle"]:
        raise OddframeError(
            f"{out}: this run was begun {'with' if before['oracle'] else 'without'} --oracle, "
            "which sees every validation or none; give what it was begun with, or another --out"
        )
    free = set() if finished else {"--settings.steps"}
    for key in new:
        if key not in free and old.get(key) != new[key]:
            raise OddframeError(
                f"{out}: this run was begun with {key} {old.get(key)}, now it is {new[key]}; give "
                "what it was begun with, or another --out"
            )


def _check_same_footage(out: Path, manifest: Manifest) -> None:
    if read_config(out).get("manifest_sha256") == manifest.sha256():
        return
    begun = Manifest.read(out / MANIFEST)
    if differs := what_differs(begun, manifest):
        raise OddframeError(
            f"{out}: this run was begun with another manifest: {differs}; give what it was begun "
            "with, or another --out"
        )


def check_inputs(detector: Any, features: Path | None, oracle: bool, hardware: Hardware) -> None:
    """Refuse options that this kind of detector does not take, or that it lacks.

    Raises:
        OddframeError: features missing or of no use, or a training in one go asked for more.
    """
    name, traits = detector.name, detector.traits
    if traits.looks_at == "features" and features is None:
        raise OddframeError(
            f"{name} is trained on features; make them with 'oddframe extract' and give their "
            "folder with --features"
        )
    if traits.looks_at == "frames" and features is not None:
        raise OddframeError(f"{name} looks at frames, not at features; leave out --features")
    if hardware.device == "cpu":  # which is so anyway, and may be said
        hardware = replace(hardware, device=Hardware.device)
    usual = asdict(Hardware())
    given = [f"--{name}" for name, value in asdict(hardware).items() if value != usual[name]]
    given += ["--oracle"] * oracle
    if traits.trained == "at once" and given:
        raise OddframeError(
            f"{name} is fitted in one go on the CPU; leave out {' and '.join(given)}"
        )


def _fit_frames(
    module: ModuleType, config: Any, manifest: Manifest, out: Path, written: dict[str, Any]
) -> None:
    videos = manifest.split("train", "val")
    _warn_of_anomalous(videos, written["detector"])
    log(
        out,
        f"fitting {written['detector']} to {count(len(videos), 'video')} of {written['footage']}",
    )
    with progress() as bar:
        fitted = module.DETECTOR.fit(manifest, config, written["seed"], bar.share)
    learnt_from = fitted_on(manifest.split("train"), manifest.split("val"))
    write_config(out, {**written, "fitted_on": learnt_from, "learnt": fitted.notes})
    write_what_was_left_out(out, getattr(fitted, "left_out", {}))
    write_checkpoint(out, fitted)
    for line in notes_lines(fitted.notes):
        log(out, line)


def _warn_of_anomalous(videos: tuple[Video, ...], detector: str) -> None:
    anomalous = sum(video.label == "anomalous" for video in videos)
    if anomalous:
        warnings.warn(
            f"{anomalous} of {count(len(videos), 'training and validation video')} "
            f"{'is' if anomalous == 1 else 'are'} anomalous, and "
            f"{detector} learns from normal ones only; to train on labels per video, "
            "extract features and give --features",
            OddframeWarning,
            stacklevel=2,
        )


def _footage(
    footage: Path, root: Path | None, val_share: float, seed: int, features_only: bool
) -> Manifest:
    if features_only and footage.suffix != ".jsonl":
        raise OddframeError(
            f"{footage}: training on features needs a manifest (.jsonl) that labels each video; "
            "make one with 'oddframe prepare'"
        )
    manifest = Footage.given(footage, root).read(labels=True)
    if footage.suffix != ".jsonl":
        return manifest if manifest.split("val") else manifest.hold_out(val_share, seed)
    if not features_only:
        manifest.check_files()
    return manifest
