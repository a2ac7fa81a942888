"""Data sets: one file each, native layout and official annotations to a manifest.

To add one, write a file with a function ``prepare_NAME(root: Path, *, ...) -> Manifest`` and add
its line to :data:`DATASETS`. Its keyword arguments are the options that ``oddframe prepare``
offers for it; it may take any of those that :func:`oddframe.verbs.prepare.prepare` has.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from oddframe.errors import OddframeError, unknown
from oddframe.videos import Manifest

DATASETS: dict[str, str] = {
    "avenue": "oddframe.datasets.avenue:prepare_avenue",
    "folder": "oddframe.datasets.folder:prepare_folder",
    "shanghaitech": "oddframe.datasets.shanghaitech:prepare_shanghaitech",
    "shanghaitech-weak": "oddframe.datasets.shanghaitech_weak:prepare_shanghaitech_weak",
    "synthetic": "oddframe.datasets.synthetic:prepare_synthetic",
    "ucf-crime": "oddframe.datasets.ucf_crime:prepare_ucf_crime",
    "ucsd-ped1": "oddframe.datasets.ucsd:prepare_ped1",
    "ucsd-ped2": "oddframe.datasets.ucsd:prepare_ped2",
    "xd-violence": "oddframe.datasets.xd_violence:prepare_xd_violence",
}
"""Name of a data set to ``module:function``; a module is imported only when it is asked for."""


def load(name: str) -> Callable[..., Manifest]:
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
