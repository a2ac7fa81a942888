"""A run: a folder with everything about one trained detector.

``config.yaml`` repeats it, ``checkpoint.pt`` is the fitted detector (tensors and plain values
only), ``log.txt`` says when what was done. A checkpoint is written last: a run without one is
unfinished.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import yaml

import oddframe
from oddframe.detectors import load_given, load_recorded, plugins
from oddframe.detectors.contract import Detector
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.files.atomic import sha256_of, write_text
from oddframe.files.paths import AnyPath, as_path
from oddframe.files.plain_values import typed
from oddframe.files.yaml_table import Dumper, read_yaml
from oddframe.media.grey_levels import Levels, levels_from
from oddframe.runs.checkpoint import EXPORTED, read_checkpoint
from oddframe.runs.exported_network import exported_detector
from oddframe.settings.reading import read_settings
from oddframe.videos.video import Video
from oddframe.zones.zone import Zones
from oddframe.zones.zone_file import zones_from

T = TypeVar("T")

CHECKPOINT = "checkpoint.pt"
BEST = "best.pt"
"""The best state on validation so far, while training is under way."""
ORACLE = "oracle.pt"
"""The best state on the test videos, for comparison with papers that choose so."""
LAST = "last.pt"
"""What an unfinished training goes on from."""
METRICS = "metrics.jsonl"
CONFIG = "config.yaml"
SWEEP = "sweep.json"
"""In the folder of a sweep, which holds runs and is none."""
LOG = "log.txt"
MANIFEST = "manifest.jsonl"
"""What the run was trained on."""
SAMPLES = "samples"
"""Folder with the pictures of each validation, where the detector makes any."""


_KINDS: dict[str, Any] = {
    **dict.fromkeys(("verb", "footage", "detector", "manifest_sha256", "dataset", "source"), str),
    "settings": dict[str, Any],
    "seed": int,
    "val_share": float,
    "oracle": bool,
    "features": str | None,
    "root": str | None,
    "features_info": dict[str, Any],
    "hardware": dict[str, Any],
    "zones": list[dict[str, Any]],
    "fitted_on": dict[str, int | float],
    "learnt": dict[str, Any],
    **dict.fromkeys(("detector_source", "left_out"), dict[str, str]),
    "selected": dict[str, dict[str, int | float]],
}
"""What ``config.yaml`` may hold under the names that are read again."""


@dataclass(frozen=True)
class Run:
    """A trained run.

    Attributes:
        folder: where it is.
        detector: the fitted detector.
        config: how it was made: verb arguments, detector, its settings.
        sha256: of the checkpoint.
        source: where the detector's code came from, if not from oddframe: ``file`` and ``sha256``,
            or ``package``.
        version: how often it was taught; 0 as it was fitted.
    """

    folder: Path
    detector: Detector
    config: dict[str, Any]
    sha256: str
    source: Mapping[str, str] = field(default_factory=dict)
    version: int = 0

    @property
    def levels(self) -> Levels | None:
        """The range of values that deep pictures were learnt at; None for those of 8 bits.

        Raises:
            OddframeError: the configuration holds something else.
        """
        return self._configured("levels", levels_from)

    @property
    def zones(self) -> Zones:
        """The zones that it was trained with.

        Raises:
            OddframeError: the configuration holds something else.
        """
        return self._configured("zones", zones_from)

    def _configured(self, name: str, read: Callable[[Any], T]) -> T:
        """What the configuration holds under a name, as it is read from plain values."""
        try:
            return read(self.config.get(name))
        except OddframeError as error:
            raise OddframeError(
                f"{self.folder / CONFIG}: {error}; train again into another folder"
            ) from None


def write_config(folder: Path, config: Mapping[str, Any]) -> None:
    """Write ``config.yaml``."""
    text = yaml.dump(dict(config), Dumper=Dumper, sort_keys=False, allow_unicode=True)
    write_text(folder / CONFIG, text)


def read_config(folder: Path) -> dict[str, Any]:
    """Read ``config.yaml``.

    Raises:
        OddframeError: missing or damaged.
    """
    path = folder / CONFIG
    if path.is_file() and not path.stat().st_size:
        return {}
    config = read_yaml(path, "what a run was made with", "train again")
    for name, hint in _KINDS.items():
        if name in config:
            config[name] = typed(config[name], hint, f"{path}: '{name}'")
    return config


def fitted_on(trained: tuple[Video, ...], held_out: tuple[Video, ...]) -> dict[str, Any]:
    """What a run learnt from, and what its threshold came from."""
    counts: dict[str, Any] = {
        "videos": len(trained),
        "minutes": minutes_watched(trained),
    }
    if held_out:
        counts["held_out_videos"] = len(held_out)
        counts["held_out_minutes"] = minutes_watched(held_out)
    return counts


def minutes_watched(videos: Iterable[Video]) -> float:
    """Minutes of footage, to hundredths."""
    return round(sum(video.clock.watched for video in videos) / 60, 2)


def write_what_was_left_out(folder: Path, left_out: Mapping[str, str], **changed: Any) -> None:
    """Add recordings that failed while they were learnt to those in ``config.yaml``.

    Args:
        folder: the run folder.
        left_out: id of a video to the reason.
        changed: what else ``config.yaml`` says otherwise because of that.
    """
    if left_out:
        config = read_config(folder)
        all_of_them = {**config.get("left_out", {}), **left_out}
        write_config(folder, {**config, **changed, "left_out": all_of_them})


def log(folder: Path, message: str, name: str = LOG) -> None:
    """Append a line with the time to ``log.txt``, or to a log of another name."""
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
    with (folder / name).open("a", encoding="utf-8") as stream:
        stream.write(f"{now} {message}\n")


def read_run(folder: AnyPath, checkpoint: str = CHECKPOINT, detector: str | None = None) -> Run:
    """Read a run folder. Nothing in it is executed.

    Args:
        folder: the run folder.
        checkpoint: which of its checkpoints.
        detector: the detector's name, or its file, whose code is run; a run itself names no file.
            What was exported needs no code of its method, and runs none.

    Raises:
        OddframeError: not a run, unfinished, damaged, of another format version, or of a detector
            that is not there.
    """
    folder = as_path(folder, "run")
    path = folder / checkpoint
    if not folder.is_dir():
        raise OddframeError(f"{folder}: no such run folder; make one with 'oddframe train'")
    if not path.exists():
        if checkpoint == ORACLE and (folder / CHECKPOINT).exists():
            raise OddframeError(
                f"{folder}: the run has no oracle checkpoint; train another with --oracle"
            )
        how = (
            "finish it with 'oddframe train ... --resume'"
            if (folder / CONFIG).exists()
            else ("make one with 'oddframe train'")
        )
        raise OddframeError(f"{folder}: not a finished run, {checkpoint} is missing; {how}")
    name, content = read_checkpoint(path)
    config = read_config(folder)
    source: Mapping[str, str] = {}
    if content["format"] == EXPORTED:
        fitted = exported_detector(path, content)
    else:
        module = _detector(folder, name, config.get("detector_source"), detector)
        fitted, source = _of_module(path, name, module, content), plugins.source_of(module)
    version = content.get("version")
    version = version if type(version) is int and version >= 0 else 0
    return Run(folder, fitted, config, sha256_of(path), source, version)


def _of_module(path: Path, name: str, module: ModuleType, content: Mapping[str, Any]) -> Detector:
    """The detector of a checkpoint's content, made by its own module."""
    try:
        state = content["state"]
        if "config" in state:
            known = {part.name for part in fields(module.CONFIG)}  # later versions have others
            given = {key: value for key, value in state["config"].items() if key in known}
            settings = read_settings(module.CONFIG, name, given)
            state = {**state, "config": vars(settings)}
        return module.DETECTOR.from_state(state)
    except Exception as error:  # of nearly any kind, if it is not a state of this detector
        raise OddframeError(f"{path}: {_does_not_fit(name, module, error)}") from error


def _does_not_fit(name: str, module: ModuleType, error: Exception) -> str:
    """Why a detector cannot be made of its state, and what to do."""
    said = str(error) if isinstance(error, OddframeError) else repr(error)
    if isinstance(error, KeyError):
        said = f"it lacks {error}, which from_state asks for"
    said = " ".join(said.split())[:300]
    if plugins.source_of(module):
        place = plugins.place_in_own_code(error)
        return (
            f"the state of detector '{name}' does not fit its from_state "
            f"({f'{place}: ' if place else ''}{said}); let state() give what from_state takes, and "
            "train again"
        )
    return (
        f"the state of detector '{name}' does not fit oddframe {oddframe.__version__} ({said}); "
        "train again with this version"
    )


def _detector(folder: Path, name: str, source: Any, given: str | None) -> ModuleType:
    """The module of a run's detector: by its name, or from the file that a person gives."""
    if given is None:
        return load_recorded(folder, name, source)
    module = load_given(given)
    if module.DETECTOR.name != name:
        raise OddframeError(
            f"{folder}: it was trained with the detector '{name}', and {given} is "
            f"'{module.DETECTOR.name}'; give the right one, or leave out --detector"
        )
    before = source.get("sha256") if isinstance(source, Mapping) else None
    now = plugins.source_of(module).get("sha256")
    if before and now and before != now:
        warnings.warn(
            f"{given}: is not the file that {folder} was trained with, or has changed since",
            OddframeWarning,
            stacklevel=3,
        )
    return module


def is_sweep(folder: Path) -> bool:
    """Whether something is the folder of a sweep."""
    return (folder / SWEEP).is_file()


def sample_paths(folder: Path) -> list[Path]:
    """The sample pictures of a run, the earliest first."""
    found = (folder / SAMPLES).glob("step-*.png")
    return sorted(found, key=lambda path: (len(path.name), path.name))
