"""A detector of clips whose convolutions compute with integers of 8 bits.

Weights have a scale for each output channel, activations one each, as they were on normal footage
(Jacob et al., CVPR 2018). The score of such a network is another one, so that scales and threshold
are learnt anew with it, and it is judged by what matters: whether it ranks frames as the float
network does, and whether the same moments are odd.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from oddframe.clips.exported import CARRIED, CLIPS, ExportedClips
from oddframe.errors import OddframeError

_CLIPS = 64
"""Of normal footage, on which the ranges of activations are measured."""
_INTEGERS = ["Conv", "ConvTranspose"]


def in_integers(detector: ExportedClips, images: Iterable[np.ndarray]) -> ExportedClips:
    """The detector with integer convolutions, before calibration.

    Args:
        detector: what was exported, in floats.
        images: what is seen of the frames of normal footage, in order; see ``looks``.

    Raises:
        OddframeError: a network without convolutions.
    """
    from onnxruntime.quantization import (
        CalibrationDataReader,
        QuantFormat,
        QuantType,
        quantize_static,
    )

    class Feeds(CalibrationDataReader):
        def __init__(self) -> None:
            self._left = _feeds(detector, images)

        def get_next(self) -> Any:
            return next(self._left, None)

    with TemporaryDirectory(prefix="oddframe-export-") as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        floats, integers = Path(folder, "float.onnx"), Path(folder, "int8.onnx")
        floats.write_bytes(detector.network)
        logging.disable(logging.WARNING)  # advice on how to prepare a network
        try:
            quantize_static(
                floats,
                integers,
                Feeds(),
                quant_format=QuantFormat.QDQ,
                op_types_to_quantize=_INTEGERS,
                per_channel=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
            )
        finally:
            logging.disable(logging.NOTSET)
        network = integers.read_bytes()
    if b"QuantizeLinear" not in network:
        raise OddframeError(
            f"{detector.name} has no convolutions that could compute with integers; leave out "
            "--int8"
        )
    known = detector.plan, detector.config, detector.looks
    return ExportedClips(*known, network, detector.carried_at_first())


def _feeds(detector: ExportedClips, images: Iterable[np.ndarray]) -> Iterator[dict[str, Any]]:
    """What the network is given of normal footage, clip by clip, as in scoring."""
    recent: list[np.ndarray] = []
    carried, seen = detector.carried_at_first(), 0
    for image in images:
        recent = [*recent, image][-detector.span :]
        if len(recent) < detector.span:
            continue
        clip = np.stack(recent[:: detector.frame_step])[None]
        feeds: dict[str, Any] = {CARRIED.format(n): value for n, value in enumerate(carried)}
        yield {CLIPS: clip, **feeds}
        seen += 1
        if seen == _CLIPS:
            return
        if carried:
            _, _, carried = detector.measure_arrays(clip, carried)
