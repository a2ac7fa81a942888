"""Data sets: one file each, native layout and official annotations to a manifest.

To add one, write a file with a function ``prepare_NAME(root: Path, *, ...) -> Manifest`` and add
its line to :data:`DATASETS`. Its keyword arguments are the options that ``oddframe prepare``
offers for it; it may take any of those that :func:`oddframe.verbs.prepare.prepare` has.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from oddframe.console.words import spelled
from oddframe.errors import OddframeError, unknown
from oddframe.videos.manifest import Manifest

DATASETS: dict[str, str] = {
    "avenue": "oddframe.datasets.avenue:prepare_avenue",
    "folder": "oddframe.footage.folder:prepare_folder",
    "shanghaitech": "oddframe.datasets.shanghaitech:prepare_shanghaitech",
    "shanghaitech-weak": "oddframe.datasets.shanghaitech_weak:prepare_shanghaitech_weak",
    "synthetic": "oddframe.datasets.synthetic:prepare_synthetic",
    "ucf-crime": "oddframe.datasets.ucf_crime:prepare_ucf_crime",
    "ucsd-ped1": "oddframe.datasets.ucsd:prepare_ped1",
    "ucsd-ped2": "oddframe.datasets.ucsd:prepare_ped2",
    "xd-violence": "oddframe.datasets.xd_violence:prepare_xd_violence",
}
"""Name of a data set to ``module:function``; a module is imported only when it is asked for."""
OPTIONS = (
    *("fps", "labels", "events", "allow_partial", "annotations", "features", "intervals"),
    *("val_split", "legacy_lists"),
)
"""What ``oddframe prepare`` offers; a data set takes those that its function has."""


def preparer(name: str) -> Callable[..., Manifest]:
    """The function that prepares the named data set.

    Raises:
        OddframeError: no such data set; the message lists those there are.
    """
    if name not in DATASETS:
        raise OddframeError(
            f"{unknown('data set', name, sorted(DATASETS))}; 'folder' reads your own videos"
        )
    module, _, function = DATASETS[name].partition(":")
    return getattr(import_module(module), function)


def prepared(
    dataset: str,
    root: Path,
    *,
    val_share: float = 0.2,
    seed: int = 0,
    val_split: str = "seeded",
    **options: Any,
) -> Manifest:
    """The manifest of a data set, with an absolute root and some videos held out.

    Args:
        dataset: a name of :data:`oddframe.datasets.DATASETS`.
        root: the folder that holds the data set.
        val_share: share of the training videos that is held out, if the set has no validation.
        seed: decides which ones, and what ``synthetic`` renders.
        val_split: ``seeded``, or the name of a published one.
        options: more of :data:`OPTIONS`; what is None or False is not given.

    Raises:
        OddframeError: footage or annotations are missing or do not fit together, or an option
            that the data set does not have.
    """
    function = preparer(dataset)
    known = inspect.signature(function).parameters
    options["val_split"] = None if val_split == "seeded" else val_split
    given = {name: value for name, value in options.items() if value not in (None, False)}
    for option in given:
        if option not in known:
            takes = ", ".join(spelled(key) for key in OPTIONS if key in known) or "none of its kind"
            raise OddframeError(
                f"data set '{dataset}' has no option {spelled(option)}; it takes {takes}"
            )
    if "seed" in known:
        given["seed"] = seed
    manifest = function(root, **given)
    if not manifest.split("val"):
        manifest = manifest.hold_out(val_share, seed)
    manifest = replace(manifest, root=manifest.root.resolve())
    manifest.check_files()
    return manifest


def write_prepared(manifest: Manifest, out: Path) -> None:
    """Write a manifest; a root inside its folder is stored relative, so that both can move."""
    folder = out.resolve().parent
    inside = manifest.root.is_relative_to(folder)
    stored = manifest.root.relative_to(folder) if inside else manifest.root
    replace(manifest, root=stored).write(out)
