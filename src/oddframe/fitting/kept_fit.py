"""What a fit at once has found until it is done: ``.fitting/`` in the run folder.

It goes on from there only with the same detector, settings and footage. What others left is
removed, and that is said.
"""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import oddframe
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.files.atomic import CannotWriteError, write_json
from oddframe.files.regular_files import stamp_of
from oddframe.media.fingerprints import recording_files
from oddframe.runs.run_folder import log
from oddframe.videos.manifest import Manifest

FITTING = ".fitting"
_SETTINGS = "settings.json"
_WORDS = {
    "oddframe": "another version of oddframe",
    "detector": "another detector",
    "settings": "other settings",
    "seed": "another seed",
    "footage": "other footage",
}
"""What a fit depends on, and what is said where that is another one."""


@contextmanager
def kept_fit(out: Path, written: dict[str, Any], manifest: Manifest) -> Generator[Path]:
    """The folder of a fit, which stays if the block is stopped, so that it can go on.

    An error that would come again removes it; a full disk does not. It must be removed when the run
    is finished (:func:`remove_kept`).

    Args:
        out: the run folder, which this process alone writes into.
        written: what ``config.yaml`` says of the fit.
        manifest: its footage.
    """
    folder = out / FITTING
    now = {
        "oddframe": oddframe.__version__,
        **{name: written[name] for name in ("detector", "settings", "seed")},
        "source": written.get("detector_source", {}),
        "footage": _footage(manifest),
    }
    now = json.loads(json.dumps(now))
    before = _before(folder / _SETTINGS)
    if before == now:
        log(out, "going on with what a fit that was stopped here has found")
    else:
        if before:
            other = [words for name, words in _WORDS.items() if before.get(name) != now[name]]
            warnings.warn(
                f"{out}: the fit that was stopped here had {other[0] if other else 'other code'}; "
                "what it found is removed, and this one begins anew",
                OddframeWarning,
                stacklevel=3,
            )
        remove_kept(out)
        write_json(folder / _SETTINGS, now)
    try:
        yield folder
    except CannotWriteError:
        raise
    except OddframeError:
        remove_kept(out)
        raise


def drop_kept(out: Path) -> None:
    """Remove what another detector's fit left here, with a line: nobody goes on with it."""
    if (out / FITTING).exists():
        warnings.warn(
            f"{out}: another detector's fit was stopped here; what it found is removed",
            OddframeWarning,
            stacklevel=3,
        )
        remove_kept(out)


def remove_kept(out: Path) -> None:
    """Remove the folder, if it is there."""
    shutil.rmtree(out / FITTING, ignore_errors=True)


def _before(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _footage(manifest: Manifest) -> list[Any]:
    """What a fit sees of the footage: each video as the manifest has it, and its files' stamps."""
    found = []
    for video in manifest.split("train", "val"):
        path = manifest.locate(video)
        files = [[file.name, stamp_of(file)] for file in recording_files(path)]
        found.append([str(path), repr(video), files])
    return found
