"""The checkpoint of a detector that was exported: its network lies beside it, as ONNX.

::

    RUN/network.onnx      the network
    RUN/checkpoint.pt     all else, and the SHA-256 of the network

So the network can be looked at, and run, by whatever reads ONNX, and the checkpoint's SHA-256 says
what the run is, as for every run.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

import oddframe
from oddframe.detectors import load_machine
from oddframe.detectors.contract import Detector
from oddframe.errors import OddframeError
from oddframe.files.atomic import atomic_path, sha256_of
from oddframe.runs.checkpoint import EXPORTED, write_content

NETWORK = "network.onnx"


def write_exported(path: Path, detector: Detector, machine: str) -> None:
    """Write the checkpoint of a detector, and beside it its network.

    Args:
        path: of the checkpoint.
        detector: its state has the network's bytes under ``network``.
        machine: what reads it, a name that :func:`oddframe.detectors.load_machine` knows.

    Raises:
        CannotWriteError: the folder cannot be written.
    """
    state = dict(detector.state())
    with atomic_path(path.with_name(NETWORK)) as temporary:
        temporary.write_bytes(state.pop("network").tobytes())
    sha256 = sha256_of(path.with_name(NETWORK))
    write_content(path, EXPORTED, detector.name, state, machine=machine, network_sha256=sha256)


def exported_detector(path: Path, content: Mapping[str, Any]) -> Detector:
    """The detector of a checkpoint.

    Args:
        path: of the checkpoint.
        content: what it holds.

    Raises:
        OddframeError: the network is missing or another one, or the state does not fit.
    """
    network, wanted = path.with_name(NETWORK), content.get("network_sha256")
    if not network.is_file():
        raise OddframeError(f"{network}: missing; copy the whole package, or export its run again")
    if (found := sha256_of(network)) != wanted:
        raise OddframeError(
            f"{network}: expected the network with SHA-256 {str(wanted)[:16]}..., found "
            f"{found[:16]}...; copy the whole package anew, or export its run again"
        )
    try:
        kind = load_machine(content.get("machine")).DETECTOR
        array = np.frombuffer(network.read_bytes(), np.uint8)
        return kind.from_state({**content["state"], "network": array})
    except Exception as error:  # of nearly any kind, if it is not a state of this detector
        said = str(error) if isinstance(error, OddframeError) else repr(error)
        raise OddframeError(
            f"{path}: what was exported does not fit oddframe {oddframe.__version__} "
            f"({' '.join(said.split())[:300]}); export its run again with this version"
        ) from error
