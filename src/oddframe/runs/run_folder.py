"""A run: a folder with everything about one trained detector.

``config.yaml`` repeats it, ``checkpoint.pt`` is the fitted detector (tensors and plain values
only), ``log.txt`` says when what was done. A checkpoint is written last: a run without one is
unfinished.
"""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import yaml

import oddframe
from oddframe.detectors import load_given, load_recorded, plugins
from oddframe.detectors.contract import Detector
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.files.atomic import atomic_path, sha256_of, write_text
from oddframe.files.paths import AnyPath, as_path
from oddframe.files.plain_values import typed
from oddframe.files.tensor_files import read_tensor_file
from oddframe.files.text_files import read_text, shown
from oddframe.files.yaml_table import Dumper, read_yaml
from oddframe.media.grey_levels import Levels, levels_from
from oddframe.settings.reading import read_settings
from oddframe.videos.manifest import Video

FORMAT = "oddframe-run/1"
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


_LONGEST_CURVE = 256 * 2**20
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
    """

    folder: Path
    detector: Detector
    config: dict[str, Any]
    sha256: str
    source: Mapping[str, str] = field(default_factory=dict)

    @property
    def levels(self) -> Levels | None:
        """The range of values that deep pictures were learnt at; None for those of 8 bits.

        Raises:
            OddframeError: the configuration holds something else.
        """
        try:
            return levels_from(self.config.get("levels"))
        except (ValueError, OddframeError) as error:
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


def write_checkpoint(folder: Path, detector: Detector, name: str = CHECKPOINT) -> Path:
    """Write a checkpoint atomically.

    Raises:
        OddframeError: the detector's state holds what no checkpoint can hold, or the disk is full.
    """
    import torch

    content = {
        "format": FORMAT,
        "oddframe": oddframe.__version__,
        "detector": detector.name,
        "state": _to_tensors(detector.state(), f"the state of detector '{detector.name}'"),
    }
    path = folder / name
    # Through memory, because torch.save hides a full disk behind an error of its own.
    buffer = io.BytesIO()
    torch.save(content, buffer)
    with atomic_path(path) as temporary:
        temporary.write_bytes(buffer.getbuffer())
    return path


def read_run(folder: AnyPath, checkpoint: str = CHECKPOINT, detector: str | None = None) -> Run:
    """Read a run folder. Nothing in it is executed.

    Args:
        folder: the run folder.
        checkpoint: which of its checkpoints.
        detector: the detector's name, or its file, whose code is run; a run itself names no file.

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
    content = read_tensor_file(path, "the checkpoint of a run", "train again")
    found = content.get("format") if isinstance(content, dict) else None
    if found != FORMAT:
        made_by = content.get("oddframe", "?") if isinstance(content, dict) else "?"
        raise OddframeError(
            f"{path}: expected a run of format '{FORMAT}', found {found!r} (made by oddframe "
            f"{made_by}, this is {oddframe.__version__}); train again with this version"
        )
    name = content.get("detector")
    if not plugins.is_name(name):
        raise OddframeError(f"{path}: expected the name of a detector, found {shown(name)}")
    config = read_config(folder)
    module = _detector(folder, name, config.get("detector_source"), detector)
    try:
        state = _to_arrays(content["state"])
        if "config" in state:
            known = {part.name for part in fields(module.CONFIG)}  # later versions have others
            given = {key: value for key, value in state["config"].items() if key in known}
            settings = read_settings(module.CONFIG, name, given)
            state = {**state, "config": vars(settings)}
        fitted = module.DETECTOR.from_state(state)
    except Exception as error:  # of nearly any kind, if it is not a state of this detector
        said = str(error) if isinstance(error, OddframeError) else repr(error)
        raise OddframeError(
            f"{path}: the state of detector '{name}' does not fit oddframe "
            f"{oddframe.__version__} ({' '.join(said.split())[:300]}); train again with this "
            "version"
        ) from error
    return Run(folder, fitted, config, sha256_of(path), plugins.source_of(module))


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


def read_curve(path: Path) -> list[dict[str, Any]]:
    """The lines of ``metrics.jsonl``; a last line that a killed writer left is ignored.

    Raises:
        OddframeError: it is no text.
    """
    if not path.exists():
        return []
    text = read_text(path, "a training curve", limit=_LONGEST_CURVE)
    lines = []
    for number, line in enumerate(text.split("\n"), start=1):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            continue  # cut by a writer that was killed, or by its file system
        where = f"{path} line {number}"
        row = typed(row, dict[str, Any], where)
        for name, hint in (("step", int), ("split", str)):
            if name not in row:
                raise OddframeError(f"{where}: '{name}' is missing; repair or remove the file")
            row[name] = typed(row[name], hint, f"{where}: '{name}'")
        for name, value in row.items():
            # NaN and infinity are numbers here: a loss may be that, and its training says so.
            whole = type(value) is int and abs(value) < 1 << 63
            if name != "split" and not whole and type(value) is not float:
                raise OddframeError(f"{where}: '{name}': expected a number, found {shown(value)}")
        lines.append(row)
    return lines


def sample_paths(folder: Path) -> list[Path]:
    """The sample pictures of a run, the earliest first."""
    found = (folder / SAMPLES).glob("step-*.png")
    return sorted(found, key=lambda path: (len(path.name), path.name))


def _to_tensors(value: Any, place: str) -> Any:
    """Tensors and plain values, which are all that a checkpoint holds.

    Raises:
        OddframeError: naming the place of anything else.
    """
    import torch

    if isinstance(value, np.ndarray) and value.dtype.kind in "biufc":
        return torch.from_numpy(np.ascontiguousarray(value).copy())
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise OddframeError(f"{place}: expected names as text, found {key!r}")
        return {key: _to_tensors(part, f"{place}, {key}") for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_to_tensors(part, f"{place}, item {n}") for n, part in enumerate(value)]
    if value is None or isinstance(value, torch.Tensor | bool | int | float | str):
        return value.detach() if isinstance(value, torch.Tensor) else value
    found = f"an array of {value.dtype}" if isinstance(value, np.ndarray) else type(value).__name__
    raise OddframeError(
        f"{place}: expected tensors, arrays of numbers, numbers, text, lists and dicts of them, "
        f"found {found}; change what state() returns"
    )


def _to_arrays(value: Any) -> Any:
    import torch

    if isinstance(value, torch.Tensor):
        return value.numpy()
    if isinstance(value, dict):
        return {key: _to_arrays(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_to_arrays(part) for part in value]
    return value
