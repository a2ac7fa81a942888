"""A published checkpoint becomes a run that scores at once."""

from __future__ import annotations

import warnings
from collections.abc import Container, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oddframe.console.words import MAYBE_LEARNT_FROM, count
from oddframe.detectors import available, load
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.files.atomic import sha256_of
from oddframe.footage.deep_footage import at_one_range, normal_range
from oddframe.footage.given import Footage
from oddframe.media.clock import Clock
from oddframe.media.watched_video import watched
from oddframe.networks.published_files import read_networks, read_state_dict
from oddframe.runs.checkpoint import write_checkpoint
from oddframe.runs.run_folder import CHECKPOINT, Run, log, read_run, write_config
from oddframe.settings.reading import read_settings
from oddframe.videos.manifest import Manifest
from oddframe.videos.opening import open_footage

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class ImportRequest:
    """A published checkpoint to be made a run.

    Attributes:
        detector: name of the method that it is of.
        checkpoint: the published file.
        out: the run folder to make.
        crops: crops per snippet of the features that it was trained on; None means the usual.
        files: the other files that the method published, by the name of their argument.
        settings: where other than the published ones; None where none are given.
        normal: normal footage that scale and threshold are learnt from.
    """

    detector: str
    checkpoint: Path
    out: Path
    crops: int | None = None
    files: Mapping[str, Path] = field(default_factory=dict)
    settings: dict[str, Any] | None = None
    normal: Footage | None = None

    def check_taken_by(self, kind: Any) -> None:
        """Refuse what a detector of this kind does not take.

        Raises:
            OddframeError: naming the option.
        """
        features = kind.traits.looks_at == "features"
        taken = {"crops"} if features else {"settings", "normal"}
        given: dict[str, Any] = {"crops": self.crops, **self.files}
        given |= {"settings": self.settings, "normal": self.normal}
        for option, value in given.items():
            if value is not None and option not in taken | kind.traits.extra_files.keys():
                raise OddframeError(f"{self.detector} takes no --{option}; leave it out")


def import_run(request: ImportRequest) -> Run:
    """Make the run.

    Raises:
        OddframeError: a detector that was never published, an unreadable or unsafe file, missing
            or foreign keys, wrong shapes, or a finished run in the folder.
    """
    detector, checkpoint, out = request.detector, request.checkpoint, request.out
    kind = _published(detector, checkpoint)
    if (out / CHECKPOINT).exists():
        raise OddframeError(
            f"{out}: there is a finished run already; choose another folder with --out"
        )
    request.check_taken_by(kind)
    try:
        imported = _detector(request, kind)
    except OddframeError as error:
        message = str(error)
        said = any(message.startswith(str(file)) for file in (checkpoint, *request.files.values()))
        raise OddframeError(message if said else f"{checkpoint}: {message}") from error
    described = {"source": checkpoint.name, "source_sha256": sha256_of(checkpoint)}
    for name, file in request.files.items():
        described |= {name: file.name, f"{name}_sha256": sha256_of(file)}
    described |= _learnt(imported, request.normal, out)
    out.mkdir(parents=True, exist_ok=True)
    log(out, f"importing {detector} from {checkpoint}")
    write_config(out, {"verb": "import", "detector": detector, **described})
    write_checkpoint(out / CHECKPOINT, imported)
    return read_run(out)


def _published(detector: str, checkpoint: Path) -> Any:
    """The class of a detector whose authors published checkpoints.

    Raises:
        OddframeError: no such detector, or one that nobody published.
    """
    from oddframe.networks.flow import FLOWS

    if detector in FLOWS and detector != "matching":  # which needs no file
        raise OddframeError(
            f"{detector} is a flow network and no detector; give its file where a detector is "
            f"trained: --settings.flow {detector} --settings.flow_weights {checkpoint}"
        )
    kind = load(detector).DETECTOR
    if not kind.traits.published:
        published = ", ".join(name for name in available() if load(name).DETECTOR.traits.published)
        raise OddframeError(
            f"{detector} has no published checkpoints that can be imported; use one of {published}"
        )
    return kind


def _detector(request: ImportRequest, kind: Any) -> Any:
    """The detector that the checkpoint is of.

    Raises:
        OddframeError: a file that does not fit, or settings that do not fit it.
    """
    extra = {name: kind.traits.extra_files[name](file) for name, file in request.files.items()}
    if kind.traits.looks_at == "features":
        if request.crops is not None and request.crops < 1:
            raise OddframeError(f"import: expected at least one crop, found {request.crops}")
        tensors = read_state_dict(request.checkpoint)
        return kind.from_published(tensors, crops=request.crops, **extra)
    imported = kind.from_published(read_networks(request.checkpoint), **extra)
    settings = request.settings
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


def _learnt(detector: Any, normal: Footage | None, out: Path) -> dict[str, Any]:
    """What ``config.yaml`` says of the detector, once its scale and threshold are learnt."""
    if detector.traits.looks_at == "features":
        return {"shape": asdict(detector.shape)}
    footage = _calibrate(detector, normal, out)
    said: dict[str, Any] = {"settings": asdict(detector.config)}
    if footage is not None and (levels := normal_range(footage)):
        said["levels"] = [levels.low, levels.high]
    if footage is not None and footage.left_out:
        said["left_out"] = footage.left_out
    return said


def _calibrate(detector: Any, normal: Footage | None, out: Path) -> Manifest | None:
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
    from oddframe.clips.calibration import calibrate_detector
    from oddframe.clips.stream import TooShortError

    manifest = at_one_range(normal.read(out=out))
    videos = manifest.normal("val") or manifest.normal("train")

    def opened() -> Iterator[tuple[str, Iterator[np.ndarray], Clock, Container[int]]]:
        for video in videos:
            with watched(open_footage(manifest, video)) as reader:
                images = map(detector.looks.of, reader)
                yield video.id, images, video.clock, reader.breaks

    # Which videos the published weights were learnt from, nobody wrote down.
    try:
        short = calibrate_detector(detector, opened(), MAYBE_LEARNT_FROM)
    except TooShortError:
        raise OddframeError(
            f"{normal.path}: no normal video of {detector.span} frames or more without a cut in "
            f"the splits 'val' and 'train' to learn from, found {len(videos)} that are shorter"
        ) from None
    if short:
        warnings.warn(
            f"{normal.path}: {short} of {count(len(videos), 'video')} left out as shorter than a "
            f"clip of {detector.span} frames without a cut",
            OddframeWarning,
            stacklevel=3,
        )
    return manifest
