"""The verb ``import``: a published checkpoint becomes a run that scores at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from oddframe.files.folder_lock import alone_in_out
from oddframe.files.paths import text_paths
from oddframe.fitting.imported import ImportRequest, import_run
from oddframe.footage.given import Footage
from oddframe.runs.run_folder import Run


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
        settings: settings of a detector on frames that differ from the published ones:
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
    files = {"dictionary": dictionary, "memory": memory}
    request = ImportRequest(
        detector=detector,
        checkpoint=checkpoint,
        out=out,
        crops=crops,
        files={name: file for name, file in files.items() if file is not None},
        settings=settings,
        normal=None if normal is None else Footage.given(normal, root),
    )
    return import_run(request)
