"""Fitting a detector to footage, or training one on features, into a run folder."""

from __future__ import annotations

import warnings
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import oddframe
from oddframe.console.progress import progress
from oddframe.console.words import count, notes_lines
from oddframe.detectors import DEFAULT, DEFAULT_FEATURES, load_given, load_recorded
from oddframe.detectors.fitted import leaves_out, shows_sights
from oddframe.detectors.plugins import source_of
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.features.feature_folder import FeatureFolder
from oddframe.files.atomic import begun_in
from oddframe.fitting.begun import Begun
from oddframe.fitting.kept_fit import FITTING, drop_kept, kept_fit, remove_kept
from oddframe.fitting.request import FitRequest
from oddframe.fitting.untrained import made_untrained
from oddframe.footage.deep_footage import normal_range
from oddframe.footage.zoned_footage import shared_zones
from oddframe.runs.checkpoint import write_checkpoint
from oddframe.runs.run_folder import (
    CHECKPOINT,
    CONFIG,
    LAST,
    LOG,
    MANIFEST,
    Run,
    fitted_on,
    log,
    read_run,
    write_config,
    write_what_was_left_out,
)
from oddframe.runs.sights import write_sights
from oddframe.settings.reading import read_settings
from oddframe.tracking.following import followed
from oddframe.training.hardware import Hardware
from oddframe.videos.manifest import Manifest
from oddframe.zones.zone_file import rows_of

if TYPE_CHECKING:
    from oddframe.drills.result import Drill
    from oddframe.training.job import TrainingJob


@dataclass(frozen=True)
class Trained(Run):
    """A run that was just trained.

    Attributes:
        drill: what it would notice, where a short drill was asked for and could be made.
    """

    drill: Drill | None = None


@dataclass(frozen=True)
class _Chosen:
    """The detector of a training.

    Attributes:
        module: where it is defined.
        source: where its code came from, if not from oddframe.
        config: its settings.
    """

    module: ModuleType
    source: Mapping[str, str]
    config: Any

    @property
    def name(self) -> str:
        """As ``config.yaml`` says it."""
        return self.module.DETECTOR.name

    @property
    def given(self) -> str:
        """The detector's name, or its file, from which every process loads it."""
        return self.source.get("file", self.name)


def fit_run(request: FitRequest) -> Trained:
    """Make a run, go on with one, or keep a finished one; and drill it where that is asked for.

    Raises:
        OddframeError: unusable footage, unknown detector or setting, or a run that was begun
            otherwise.
        KeyboardInterrupt: Ctrl-C; the sentence says how to go on.
    """
    out = request.out
    begun = Begun.found_in(out, resume=request.resume)
    chosen = _choose(request, begun)
    check_inputs(chosen.module.DETECTOR, request.features, request.oracle, request.hardware)
    _check_footage(request, chosen)
    if request.zones is None and begun:
        request = replace(request, zones=begun.zones)
    manifest = request.videos()
    written = _written(request, chosen, manifest)
    if begun:
        begun.check_same(written, asdict(chosen.module.CONFIG()), manifest)
        if begun.is_finished:
            remove_kept(out)  # it was killed between the last two steps
            return _trained(request, chosen, manifest)
    out.mkdir(parents=True, exist_ok=True)
    with (
        _says_how_to_begin_again(out),
        followed(out, request.trackers, several=request.hardware.several),
        begun_in(out, MANIFEST, CONFIG, LOG),
    ):
        if manifest.videos:
            manifest.write(out / MANIFEST)
        if not chosen.module.DETECTOR.traits.resumes:
            drop_kept(out)
        if request.features is None and not chosen.module.DETECTOR.traits.needs_no_footage:
            _warn_of_anomalous(manifest, chosen.given)
        if job := _job(request, chosen):
            job.launch(request.hardware, manifest, written)
        else:
            _make(request, chosen, manifest, written)
    return _trained(request, chosen, manifest)


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
    if given and (traits.trained == "at once" or traits.needs_no_footage):
        how = "is never trained" if traits.needs_no_footage else "is fitted in one go on the CPU"
        raise OddframeError(f"{name} {how}; leave out {' and '.join(given)}")


def _check_footage(request: FitRequest, chosen: _Chosen) -> None:
    """Refuse to train a detector that learns from footage without any.

    Raises:
        OddframeError: it does.
    """
    if request.footage is None and not chosen.module.DETECTOR.traits.needs_no_footage:
        raise OddframeError(
            f"{chosen.name} learns from footage; give a manifest, a folder of videos or a video "
            "before the options"
        )


def _choose(request: FitRequest, begun: Begun | None) -> _Chosen:
    """The detector with the settings given, and for the rest those the run was begun with."""
    before = begun.config if begun else {}
    usual = DEFAULT if request.features is None else DEFAULT_FEATURES
    # What a file says is a name and no more; only a person can name a file, whose code is run.
    if request.detector:
        module = load_given(request.detector)
    else:
        named = before.get("detector", usual)
        module = load_recorded(request.out, named, before.get("detector_source"))
    name, source = module.DETECTOR.name, source_of(module)
    if "file" in source and request.hardware.several:
        raise OddframeError(
            f"{request.detector}: a detector in a file trains in one process; leave out "
            "--processes and --nodes, or install it as a package (docs/own-detectors.md)"
        )
    same = before.get("settings", {}) if before.get("detector") == name else {}
    return _Chosen(module, source, read_settings(module.CONFIG, name, {**same, **request.settings}))


def _written(request: FitRequest, chosen: _Chosen, manifest: Manifest) -> dict[str, Any]:
    """What ``config.yaml`` says before anything is learnt."""
    written = {
        "verb": "train",
        **({"footage": request.footage.words} if request.footage else {}),
        "detector": chosen.name,
        **({"detector_source": chosen.source} if chosen.source else {}),
        "settings": asdict(chosen.config),
        "val_share": request.val_share,
        "seed": request.seed,
        "oracle": request.oracle,
    }
    if chosen.module.DETECTOR.traits.needs_no_footage:
        # Nothing else is known of such a run: no footage, no curve.
        written |= {"oddframe": oddframe.__version__, "needs_training": False}
    if manifest.videos:
        written |= {"manifest_sha256": manifest.sha256(), "dataset": manifest.dataset}
    if request.features is not None:
        written["features"] = str(request.features.absolute())
        written["features_info"] = FeatureFolder.open(request.features).info
    if levels := normal_range(manifest):
        written["levels"] = [levels.low, levels.high]
    if zones := shared_zones(manifest):
        written["zones"] = rows_of(zones)
    if manifest.left_out:
        written["left_out"] = manifest.left_out
    return written


def _job(request: FitRequest, chosen: _Chosen) -> TrainingJob | None:
    """The training in steps; None for a detector that is made in one go."""
    for_all: dict[str, Any] = {
        "folder": request.out,
        "detector": chosen.given,
        "config": chosen.config,
        "seed": request.seed,
        "oracle": request.oracle,
        "resume": request.resume,
    }
    if request.features is not None:
        from oddframe.bags.training import BagTraining

        return BagTraining(**for_all, features=request.features.absolute())
    if chosen.module.DETECTOR.traits.trained == "in steps":
        from oddframe.clips.cached_files import FRAME_CACHE
        from oddframe.clips.training import ClipTraining

        assert request.footage is not None, "checked before"
        return ClipTraining(**for_all, cache=request.footage.folder.absolute() / FRAME_CACHE)
    return None


def _make(
    request: FitRequest, chosen: _Chosen, manifest: Manifest, written: dict[str, Any]
) -> None:
    """Fit a detector in one go, or make one that learns nothing."""
    out, amount = request.out, count(len(manifest.split("train", "val")), "video")
    of = f" to {amount} of {request.footage.words}" if request.footage else ", without footage"
    log(out, f"fitting {chosen.name}{of}")
    kind, given = chosen.module.DETECTOR, (manifest, chosen.config, request.seed)
    learnt, held_out = manifest.split("train"), manifest.split("val")
    with progress() as bar:
        if kind.traits.needs_no_footage:
            fitted = made_untrained(kind, *given, bar.share)
            learnt, held_out = (), manifest.normal("train", "val")
        elif kind.traits.resumes:
            with kept_fit(out, written, manifest) as folder:
                fitted = kind.fit(*given, bar.share, kept=folder)
        else:
            fitted = kind.fit(*given, bar.share)
    learnt_from = fitted_on(learnt, held_out)
    write_config(out, {**written, "fitted_on": learnt_from, "learnt": fitted.notes})
    if leaves_out(fitted):
        write_what_was_left_out(out, fitted.left_out)
    if shows_sights(fitted):
        write_sights(out, fitted.sights)
    write_checkpoint(out / CHECKPOINT, fitted)
    remove_kept(out)
    for line in notes_lines(fitted.notes):
        log(out, line)


def _trained(request: FitRequest, chosen: _Chosen, manifest: Manifest) -> Trained:
    """The finished run, as everybody reads it, and its drill."""
    run = read_run(request.out, detector=chosen.given)
    traits, drill = run.detector.traits, None
    if request.drill and (traits.looks_at, traits.trained) == ("frames", "at once"):
        # It loads OpenCV and more, which a training in steps does without.
        from oddframe.drills.after_training import drill_of_training

        drill = drill_of_training(run, manifest)
    return Trained(**vars(run), drill=drill)


def _warn_of_anomalous(manifest: Manifest, detector: str) -> None:
    videos = manifest.split("train", "val")
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
            "stopped; the same command goes on where it was"
            if (out / FITTING).exists()
            else "stopped before there was anything to keep; begin again with the same command"
        ) from None
