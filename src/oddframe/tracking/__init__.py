"""Trackers: places outside the run folder where its content can be looked at.

The run folder is the truth and a tracker is a sink that is fed from it. One module per tracker,
``tracking/<name>_tracker.py``, defines ``TRACKER``, a class with the methods of :class:`Tracker`
that is made with ``TRACKER(where, experiment)``; both are None where nothing was given.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from oddframe.console.installation import how_to_install
from oddframe.console.redaction import trouble_of_login
from oddframe.errors import OddframeError, nearest
from oddframe.tracking.record import RunRecord

TRACKERS = ("mlflow", "wandb", "tensorboard")
VARIABLE = "ODDFRAME_TRACK"
"""Environment variable with the trackers of who gives none: ``none``, or as ``--track``."""
NONE = "none"


class Tracker(Protocol):
    """A sink for runs.

    Attributes:
        name: one of ``TRACKERS``.
    """

    name: str

    def upload(self, record: RunRecord) -> str:
        """Send the whole record, in place of all that was sent of ``record.id`` before.

        Returns:
            A line that says where to look.

        Raises:
            OddframeError: it could not be sent; sending it again mends whatever is half there.
        """
        ...

    def overview(self, sweep: Path) -> str:
        """A line that says where to look at all trials of a sweep, once some were uploaded.

        Args:
            sweep: the sweep folder, absolute.

        Raises:
            OddframeError: the tracker cannot be reached.
        """
        ...

    def viewer(self) -> str:
        """How to start the page with all that was uploaded; empty where the lines say enough."""
        ...

    def follow(self, record: RunRecord) -> None:
        """During training: send what is new since the last call. Must be cheap."""
        ...

    def close(self) -> None:
        """Let go of files and connections; may be called at any time, also twice."""
        ...


def load_tracker(spec: str, experiment: str | None = None) -> Tracker:
    """A tracker by name.

    Args:
        spec: ``NAME`` or ``NAME=WHERE``: ``mlflow=URI`` (``http://...`` or ``sqlite:///file``),
            ``wandb=PROJECT`` or ``wandb=ENTITY/PROJECT``, ``tensorboard=FOLDER``.
        experiment: what the runs are filed under, where the tracker has such a thing.

    Raises:
        OddframeError: no such tracker, or its package is not installed.
    """
    name, where = split(spec)
    check_installed(name)
    return import_module(f"oddframe.tracking.{name}_tracker").TRACKER(where, experiment)


def split(spec: str) -> tuple[str, str | None]:
    """``NAME=WHERE`` as name and place.

    Raises:
        OddframeError: no tracker of that name, nothing after the equals sign, or a login that could
            not be hidden.
    """
    name, equals, where = (part.strip() for part in spec.partition("="))
    if name not in TRACKERS:
        hint = nearest(name.lower(), TRACKERS)
        raise OddframeError(
            f"no tracker '{name}'; {hint}there are {', '.join(TRACKERS)}, and '{NONE}' for no one"
        )
    if equals and not where:
        raise OddframeError(f"tracker '{spec}': expected {name}=WHERE, found nothing after the =")
    if trouble := trouble_of_login(where):
        raise OddframeError(trouble)
    return name, where or None


def installed(name: str) -> bool:
    """Whether a tracker's package is there; it is not imported."""
    spec = find_spec(name)
    # A folder of that name in the current one, such as W&B makes, is no package.
    return spec is not None and spec.origin is not None


def check_installed(name: str) -> None:
    """Raise an error that says how to install a tracker's package, if it is not there.

    Raises:
        OddframeError: it is not installed.
    """
    if not installed(name):
        raise OddframeError(
            f"the tracker '{name}' is not installed; install it with: {how_to_install(name)}"
        )


def chosen(track: Iterable[str] | None) -> list[str]:
    """The trackers that are meant, checked: all have a known name and are installed.

    Args:
        track: as given with ``--track``; None means those of the environment variable
            ``ODDFRAME_TRACK`` or, without one, MLflow if it is installed. ``none`` or nothing in
            the list means no tracker.

    Raises:
        OddframeError: no such tracker, or its package is not installed.
    """
    if track is None:
        given = os.environ.get(VARIABLE)
        if given is None:
            return ["mlflow"] if installed("mlflow") else []
        track = given.split(",")
    specs = [spec.strip() for spec in track if spec.strip()]
    if specs == [NONE]:
        return []
    for spec in specs:
        check_installed(split(spec)[0])
    return list(dict.fromkeys(specs))
