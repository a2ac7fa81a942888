"""Any ONNX network of the user's as a backbone.

Its input is either single frames ``(N, 3, H, W)``, of which four per snippet are pooled as
:func:`oddframe.features.temporal_pooling.mean_and_change` says, or whole clips
``(N, 3, T, H, W)``. Its first output is the features; axes after the second are averaged.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from oddframe.errors import OddframeError
from oddframe.features.backbones import BackboneOptions
from oddframe.features.backbones.onnx_networks import open_session, run_session, try_out
from oddframe.features.temporal_pooling import mean_and_change
from oddframe.files.atomic import sha256_of

_SAMPLED_FRAMES = 4
_CLIP_FRAMES = 16
_SIDE = 224
_MOST = 4096


class OnnxSnippets:
    """An ONNX network; see :class:`oddframe.features.backbones.Backbone`.

    Axes that the file leaves open become 224 pixels and 16 frames.

    Args:
        path: the file.
        mean, std: each of R, G and B (0 to 255) becomes ``(value - mean) / std``.

    Raises:
        OddframeError: not ONNX, or an input or output of another form.
    """

    name = "onnx"
    device = "cpu"

    def __init__(self, path: Path, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        for option, values in (("--mean", mean), ("--std", std)):
            if len(values) != 3 or not all(map(math.isfinite, values)) or 0 in std:
                raise OddframeError(
                    f"{option}: expected three numbers, for R, G and B, and no standard deviation "
                    f"of 0; found {list(values)}"
                )
        sides = (_SIDE, _SIDE)
        try_out(path, {4: (_SAMPLED_FRAMES, 3, *sides), 5: (1, 3, _CLIP_FRAMES, *sides)})
        self._session = open_session(path)
        self._path = path
        self._sha256 = sha256_of(path)
        self._mean = np.array(mean, np.float32)
        self._std = np.array(std, np.float32)
        inputs = self._session.get_inputs()
        shape = inputs[0].shape if inputs else []
        fits = len(inputs) == 1 and len(shape) in (4, 5) and inputs[0].type == "tensor(float)"
        if not fits or (isinstance(shape[1], int) and shape[1] != 3):
            raise OddframeError(
                f"{path}: expected one float32 input (N, 3, H, W) or (N, 3, T, H, W), found "
                f"{[(part.name, part.type, part.shape) for part in inputs]}; export it like that"
            )
        self._input: str = inputs[0].name
        self._clips = len(shape) == 5
        # A batch axis of fixed size is common in exports that nobody meant for batches.
        self._fixed_batch = shape[0] if isinstance(shape[0], int) else None
        height, width = (_SIDE if not isinstance(size, int) else size for size in shape[-2:])
        if height != width or not 1 <= height <= _MOST or self._fixed_batch not in (None, 1):
            raise OddframeError(
                f"{path}: expected a square input of at most {_MOST} pixels and a batch of any "
                f"size or of 1, found {shape}; export it like that"
            )
        self.input_size: int = height
        frames = shape[2] if self._clips and isinstance(shape[2], int) else _CLIP_FRAMES
        self.frames_per_snippet: int = frames if self._clips else _SAMPLED_FRAMES
        blank = np.zeros((1, self.frames_per_snippet, height, width, 3), np.uint8)
        self.channels: int = self.encode(blank).shape[1]

    def describe(self) -> dict[str, Any]:
        """What ``features.json`` says of it."""
        return {
            "name": self.name,
            "weights": self._path.name,
            "licence": "the user's own file",
            "sha256": self._sha256,
            "mean": self._mean.tolist(),
            "std": self._std.tolist(),
            "frames_per_snippet": self.frames_per_snippet,
            "pooling": "the network's own" if self._clips else "mean, then change, of the frames",
        }

    def encode(self, clips: np.ndarray) -> np.ndarray:
        """Features of clips ``(n, frames, side, side, 3)``: float32 ``(n, channels)``."""
        scaled = (clips.astype(np.float32) - self._mean) / self._std
        if self._clips:
            return self._run(scaled.transpose(0, 4, 1, 2, 3))
        frames = self._run(scaled.reshape(-1, *scaled.shape[2:]).transpose(0, 3, 1, 2))
        return mean_and_change(frames.reshape(len(clips), -1, frames.shape[1]))

    def _run(self, batch: np.ndarray) -> np.ndarray:
        step = self._fixed_batch or len(batch)
        parts = []
        for start in range(0, len(batch), step):
            part = np.ascontiguousarray(batch[start : start + step])
            output = run_session(self._session, {self._input: part}, str(self._path))[0]
            if not isinstance(output, np.ndarray) or output.ndim < 2 or len(output) != len(part):
                found = getattr(output, "shape", type(output).__name__)
                raise OddframeError(
                    f"{self._path}: expected a first output (N, channels, ...) for N = "
                    f"{len(part)}, found {found}"
                )
            flat = output.reshape(*output.shape[:2], -1)
            parts.append(flat.mean(axis=2, dtype=np.float32))
        return np.concatenate(parts)


def load_backbone(name: str, options: BackboneOptions) -> OnnxSnippets:
    """The backbone ``onnx``.

    Raises:
        OddframeError: no file given, or one that does not fit.
    """
    if options.weights is None:
        raise OddframeError(f"{name}: give the network with --weights FILE.onnx")
    return OnnxSnippets(options.weights, options.mean, options.std)
