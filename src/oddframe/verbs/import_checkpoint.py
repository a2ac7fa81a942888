"""The verb ``import``: a published checkpoint becomes a run that scores features at once."""

from __future__ import annotations

import warnings
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from oddframe.atomic import sha256_of
from oddframe.detectors import available, load
from oddframe.errors import OddframeError
from oddframe.training.run_folder import (
    CHECKPOINT,
    Run,
    log,
    read_run,
    write_checkpoint,
    write_config,
)

WRAPPERS = ("state_dict", "model", "model_state_dict")
"""Training scripts save the state dict under one of these, beside the epoch and the optimiser."""


def import_checkpoint(
    detector: str,
    checkpoint: Path,
    out: Path,
    *,
    crops: int | None = None,
    dictionary: Path | None = None,
) -> Run:
    """Make a run of a checkpoint that the authors of a method published.

    Args:
        detector: ``rtfm``, ``mgfn`` or ``s3r``.
        checkpoint: the published file: a state dict of tensors, or a dict with one under
            ``state_dict``, ``model`` or ``model_state_dict``.
        out: the run folder to make.
        crops: crops per snippet of the features that it was trained on, which no checkpoint says;
            by default 10 for features of 2048 channels and 5 for 1024.
        dictionary: the dictionary file that belongs to an S3R checkpoint.

    Returns:
        The run.

    Raises:
        OddframeError: a detector that was never published, an unreadable or unsafe file, missing
            or foreign keys, wrong shapes, or a folder in use.
    """
    kind = getattr(load(detector), "DETECTOR", None)
    if not hasattr(kind, "from_published"):
        published = ", ".join(
            name for name in available() if hasattr(load(name).DETECTOR, "from_published")
        )
        raise OddframeError(
            f"{detector} has no published checkpoints that can be imported; use one of {published}"
        )
    if (out / CHECKPOINT).exists():
        raise OddframeError(
            f"{out}: there is a finished run already; choose another folder with --out"
        )
    if crops is not None and crops < 1:
        raise OddframeError(f"import: expected at least one crop, found {crops}")
    options: dict[str, Any] = {"crops": crops}
    source: dict[str, str] = {}
    if detector == "s3r":
        if dictionary is None:
            raise OddframeError(
                f"{checkpoint}: an s3r checkpoint holds no dictionary; give the released file "
                "(..._dictionaries.taskaware...npy) with --dictionary"
            )
        from oddframe.detectors.dictionary_learning import read_dictionary

        options["dictionary"] = read_dictionary(dictionary)
        source = {"dictionary": dictionary.name, "dictionary_sha256": sha256_of(dictionary)}
    elif dictionary is not None:
        raise OddframeError(f"{detector} has no dictionary; leave out --dictionary")
    tensors = read_state_dict(checkpoint)
    try:
        imported = kind.from_published(tensors, **options)
    except OddframeError as error:
        raise OddframeError(f"{checkpoint}: {error}") from error
    out.mkdir(parents=True, exist_ok=True)
    log(out, f"importing {detector} from {checkpoint}")
    write_config(
        out,
        {
            "verb": "import",
            "detector": detector,
            "source": checkpoint.name,
            "source_sha256": sha256_of(checkpoint),
            **source,
            "shape": asdict(imported.shape),
        },
    )
    write_checkpoint(out, imported)
    return read_run(out)


def read_state_dict(path: Path) -> dict[str, Any]:
    """The tensors of a published checkpoint, read without running any code in it.

    Raises:
        OddframeError: no such file, damaged, a pickled object instead of tensors, or NaN.
    """
    import torch

    if not path.is_file():
        raise OddframeError(f"{path}: no such checkpoint file; download it and give its path")
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                damaged = archive.testzip()  # torch.load does not look at the checksums
            if damaged is not None:
                raise zipfile.BadZipFile(f"{damaged} does not fit its checksum")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the pickle protocol of a file it then refuses
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged pickle can raise anything
        if "unsupported global" in str(error).lower():
            raise OddframeError(
                f"{path}: expected a state dict of tensors, found pickled Python objects, which "
                "could run code when read; save model.state_dict() where the file was made"
            ) from error
        raise OddframeError(
            f"{path}: expected a PyTorch state dict, but the file is damaged or something else "
            f"({type(error).__name__}); download it again"
        ) from error
    if not isinstance(content, dict) or not content:
        found = "an empty one" if isinstance(content, dict) else type(content).__name__
        raise OddframeError(
            f"{path}: expected a state dict of tensors, found {found}; give the state dict itself"
        )
    content = _unwrapped(content)
    for key, value in content.items():
        if not isinstance(value, torch.Tensor):
            raise OddframeError(
                f"{path}: expected a state dict of tensors, found {type(value).__name__} "
                f"under '{key}'; give the state dict itself"
            )
        if not value.isfinite().all():
            raise OddframeError(f"{path}: '{key}' holds NaN or infinity; download it again")
    return {str(key): value for key, value in content.items()}


def _unwrapped(content: dict[Any, Any]) -> dict[Any, Any]:
    """The one state dict inside, if there is exactly one and no tensor beside it."""
    import torch

    def is_state_dict(part: Any) -> bool:
        return (
            isinstance(part, dict)
            and bool(part)
            and all(isinstance(value, torch.Tensor) for value in part.values())
        )

    inside = [content[key] for key in WRAPPERS if is_state_dict(content.get(key))]
    beside = any(isinstance(value, torch.Tensor) for value in content.values())
    return inside[0] if len(inside) == 1 and not beside else content
