"""The verb ``import``: a published checkpoint becomes a run that scores at once."""

from __future__ import annotations

import warnings
from collections.abc import Container, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oddframe.console.words import MAYBE_LEARNT_FROM, count
from oddframe.detectors import available, load
from oddframe.detectors.traits import Traits
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.files.atomic import sha256_of
from oddframe.files.folder_lock import alone_in_out
from oddframe.files.paths import text_paths
from oddframe.files.tensor_files import read_tensor_file
from oddframe.files.text_files import shown
from oddframe.footage.deep_footage import at_one_range, normal_range
from oddframe.footage.given import Footage
from oddframe.media.clock import Clock
from oddframe.media.continuity import watched
from oddframe.media.opening import open_video
from oddframe.runs.run_folder import (
    CHECKPOINT,
    Run,
    log,
    read_run,
    write_checkpoint,
    write_config,
)
from oddframe.settings.reading import read_settings
from oddframe.videos.manifest import Manifest

if TYPE_CHECKING:
    import numpy as np

WRAPPERS = ("state_dict", "model", "model_state_dict")
"""Training scripts save the state dict under one of these, beside the epoch and the optimiser."""


@text_paths
@alone_in_out
def import_checkpoint(
    detector: str,
    checkpoint: Path,
    out: Path,
    *,
    crops: int | None = None,
    dictionary: Path | None = None,
    memory: Path | None = None,
    settings: dict[str, Any] | None = None,
    normal: Path | None = None,
    root: Path | None = None,
) -> Run:
    """Make a run of a checkpoint that the authors of a method published.

    Args:
        detector: ``rtfm``, ``mgfn`` or ``s3r`` (on features); ``future-frame``, ``mnad``,
            ``conv-ae``, ``pseudo-anomaly`` or ``ognet`` (on frames).
        checkpoint: the published file: a state dict of tensors, a dict with one under
            ``state_dict``, ``model`` or ``model_state_dict``, or a dict of several state dicts by
            the published names, such as ``net_g`` and ``net_d``.
        out: the run folder to make.
        crops: crops per snippet of the features that it was trained on, which no checkpoint says;
            by default 10 for features of 2048 channels and 5 for 1024.
        dictionary: the dictionary file that belongs to an S3R checkpoint.
        memory: the file of memory items (``keys.pt``) that belongs to an MNAD checkpoint.
        settings: of a detector on frames, where other than the published ones:
            ``--settings.size 128``, ``--settings.update_memory true``.
        normal: normal footage (a manifest's ``val`` videos, or else its ``train`` videos; a
            folder of videos; a video) that the scale of the scores and the threshold are learnt
            from, for a detector on frames; without it scores have no threshold.
        root: folder that the manifest's paths are relative to, if the data moved.

    Returns:
        The run.

    Raises:
        OddframeError: a detector that was never published, an unreadable or unsafe file, missing
            or foreign keys, wrong shapes, or a folder in use.
    """
    from oddframe.networks.flow import FLOWS

    if detector in FLOWS and detector != "matching":  # which needs no file
        raise OddframeError(
            f"{detector} is a flow network and no detector; give its file where a detector is "
            f"trained: --settings.flow {detector} --settings.flow_weights {checkpoint}"
        )
    kind = load(detector).DETECTOR
    traits: Traits = kind.traits
    if not traits.published:
        published = ", ".join(name for name in available() if load(name).DETECTOR.traits.published)
        raise OddframeError(
            f"{detector} has no published checkpoints that can be imported; use one of {published}"
        )
    if (out / CHECKPOINT).exists():
        raise OddframeError(
            f"{out}: there is a finished run already; choose another folder with --out"
        )
    given = {
        "crops": crops,
        "dictionary": dictionary,
        "memory": memory,
        "settings": settings,
        "normal": normal,
    }
    taken = {"crops"} if traits.looks_at == "features" else {"settings", "normal"}
    taken |= traits.extra_files.keys()
    for option, value in given.items():
        if value is not None and option not in taken:
            raise OddframeError(f"{detector} takes no --{option}; leave it out")
    beside = {"dictionary": dictionary, "memory": memory}
    files = {name: file for name, file in beside.items() if file is not None}
    try:
        extra = {name: traits.extra_files[name](file) for name, file in files.items()}
        if traits.looks_at == "features":
            imported = _bag_detector(kind, checkpoint, crops, extra)
        else:
            imported = _clip_detector(kind, checkpoint, settings or {}, extra)
    except OddframeError as error:
        message = str(error)
        said = any(message.startswith(str(file)) for file in (checkpoint, *files.values()))
        raise OddframeError(message if said else f"{checkpoint}: {message}") from error
    source = {"source": checkpoint.name, "source_sha256": sha256_of(checkpoint)}
    for name, file in files.items():
        source |= {name: file.name, f"{name}_sha256": sha256_of(file)}
    footage = _calibrate(imported, normal, root) if traits.looks_at == "frames" else None
    out.mkdir(parents=True, exist_ok=True)
    log(out, f"importing {detector} from {checkpoint}")
    described: dict[str, Any] = (
        {"settings": asdict(imported.config)}
        if traits.looks_at == "frames"
        else {"shape": asdict(imported.shape)}
    )
    if footage is not None and (levels := normal_range(footage)):
        described["levels"] = [levels.low, levels.high]
    if footage is not None and footage.left_out:
        described["left_out"] = footage.left_out
    write_config(out, {"verb": "import", "detector": detector, **source, **described})
    write_checkpoint(out, imported)
    return read_run(out)


def _bag_detector(kind: Any, checkpoint: Path, crops: int | None, extra: dict[str, Any]) -> Any:
    if crops is not None and crops < 1:
        raise OddframeError(f"import: expected at least one crop, found {crops}")
    return kind.from_published(read_state_dict(checkpoint), crops=crops, **extra)


def _clip_detector(
    kind: Any, checkpoint: Path, settings: dict[str, Any], extra: dict[str, Any]
) -> Any:
    imported = kind.from_published(read_networks(checkpoint), **extra)
    if not settings:
        return imported
    state = imported.state()
    config = read_settings(kind.config_type, kind.name, {**state["config"], **settings})
    try:
        return kind.from_state({**state, "config": asdict(config)})
    except RuntimeError as error:
        raise OddframeError(
            f"--settings {settings}: the checkpoint's tensors do not fit them; leave out what "
            "changes the network"
        ) from error


def _calibrate(detector: Any, normal: Path | None, root: Path | None) -> Manifest | None:
    """The scale of the scores and the threshold, from footage that nothing odd is in.

    Returns:
        That footage, if there is any.
    """
    if normal is None:
        warnings.warn(
            f"{detector.name} is imported without normal footage, so its scores have no scale and "
            "no threshold; give some with --normal",
            OddframeWarning,
            stacklevel=3,
        )
        return None
    from oddframe.clips.detector import TooShortError
    from oddframe.clips.training import normal_videos

    manifest = at_one_range(Footage.given(normal, root).read())
    videos = normal_videos(manifest, "val") or normal_videos(manifest, "train")

    def opened() -> Iterator[tuple[Iterator[np.ndarray], Clock, Container[int]]]:
        for video in videos:
            with watched(open_video(manifest.locate(video), video.fps, video.levels)) as reader:
                yield detector.images(reader), video.clock, reader.breaks

    # Which videos the published weights were learnt from, nobody wrote down.
    span = (detector.clip_length - 1) * detector.config.frame_step + 1
    try:
        short = detector.calibrate(opened(), MAYBE_LEARNT_FROM)
    except TooShortError:
        raise OddframeError(
            f"{normal}: no normal video of {span} frames or more without a cut in the splits "
            f"'val' and 'train' to learn from, found {len(videos)} that are shorter"
        ) from None
    if short:
        warnings.warn(
            f"{normal}: {short} of {count(len(videos), 'video')} left out as shorter than a clip "
            f"of {span} frames without a cut",
            OddframeWarning,
            stacklevel=3,
        )
    return manifest


def read_networks(path: Path) -> dict[str, Any]:
    """The tensors of a published checkpoint: one state dict, or several by name.

    Optimisers and numbers beside the state dicts are left out.

    Raises:
        OddframeError: as :func:`read_state_dict`.
    """
    content = _content(path)
    if isinstance(content, dict):
        several = {str(key): part for key, part in content.items() if _is_state_dict(part)}
        if several and not set(several) <= set(WRAPPERS):
            for name, part in several.items():
                _check_names(path, part, f"{name}.")
            return several
    return _state_dict(path, content)


def read_state_dict(path: Path) -> dict[str, Any]:
    """The tensors of a published checkpoint, read without running any code in it.

    Raises:
        OddframeError: no such file, damaged, pickled objects, or something else than plain tensors
            by name.
    """
    return _state_dict(path, _content(path))


def _content(path: Path) -> Any:
    return read_tensor_file(path, "a PyTorch state dict", "give the published checkpoint file")


def _state_dict(path: Path, content: Any) -> dict[str, Any]:
    if not isinstance(content, dict) or not content:
        found = "an empty one" if isinstance(content, dict) else type(content).__name__
        raise OddframeError(
            f"{path}: expected a state dict of tensors, found {found}; give the state dict itself"
        )
    content = _unwrapped(content)
    _check_names(path, content, "")
    return dict(content)


def _check_names(path: Path, tensors: dict[Any, Any], prefix: str) -> None:
    import torch

    for key, value in tensors.items():
        if not isinstance(key, str) or not isinstance(value, torch.Tensor):
            found = type(value).__name__ if isinstance(key, str) else "a number as a name"
            raise OddframeError(
                f"{path}: expected a state dict of tensors, found {found} under "
                f"{shown(f'{prefix}{key}')}; give the state dict itself"
            )


def _is_state_dict(part: Any) -> bool:
    import torch

    return (
        isinstance(part, dict)
        and bool(part)
        and all(isinstance(value, torch.Tensor) for value in part.values())
    )


def _unwrapped(content: dict[Any, Any]) -> dict[Any, Any]:
    """The one state dict inside, if there is exactly one and no tensor beside it."""
    import torch

    inside = [content[key] for key in WRAPPERS if _is_state_dict(content.get(key))]
    beside = any(isinstance(value, torch.Tensor) for value in content.values())
    return inside[0] if len(inside) == 1 and not beside else content
