"""Feature maps of single pictures: what a convolution of an image network says of each place.

The network is EfficientNet-Lite0 up to one of its blocks, whose weights come with oddframe, or an
ONNX file of the user's. Whoever keeps its bytes needs neither afterwards.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from oddframe.errors import OddframeError
from oddframe.features.backbones.onnx_networks import open_session, run_session, try_out
from oddframe.files.saved_state import SavedState
from oddframe.media.frames import Frame
from oddframe.settings.checked import CheckedSettings
from oddframe.settings.ranges import setting

_MOST_SIDE = 4096


@dataclass(frozen=True)
class MapSettings(CheckedSettings):
    """Settings of a detector that looks at feature maps.

    Attributes:
        backbone: ONNX file of an image network up to a convolution: ``(1, 3, side, side)`` in,
            ``(1, channels, rows, columns)`` out; nothing takes EfficientNet-Lite0, whose weights
            come with oddframe. The run keeps it.
        side: frames are resized to this many pixels in height and width for the network; for
            EfficientNet-Lite0 a multiple of 32.
        mean: subtracted from R, G and B, 0 to 255, before the network of ``backbone``.
        std: R, G and B, less the mean, are divided by this before the network of ``backbone``.
    """

    backbone: str = ""
    side: int = setting(224, at_least=32, at_most=_MOST_SIDE)
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = setting((1.0, 1.0, 1.0), above=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.expect(bool(self.backbone) or self.side % 32 == 0, "side", "a multiple of 32")

    def maps(self, block: int) -> FeatureMaps:
        """The network of the settings, or EfficientNet-Lite0 up to a block.

        Raises:
            OddframeError: a file that is missing or no such network.
        """
        if not self.backbone:
            return FeatureMaps.lite0(block, self.side)
        return FeatureMaps.of_file(Path(self.backbone), self.side, self.mean, self.std)


@functools.cache
def lite0_block(block: int) -> bytes:
    """EfficientNet-Lite0 up to a block as ONNX, for one picture of any side; made once a process.

    Args:
        block: 0 to 15, see :class:`oddframe.features.backbones.efficientnet_lite.EfficientNetLite0`
            (10 is 14x14x112 of 224x224 pixels, 15 is 7x7x320).

    Raises:
        OddframeError: the packaged weights are missing.
    """
    import torch

    from oddframe.features.backbones.efficientnet_lite import EfficientNetLite0
    from oddframe.features.backbones.onnx_networks import export

    # Its first weights are drawn, and then loaded over: nobody's random numbers are to move.
    with torch.random.fork_rng(devices=[]):
        network = EfficientNetLite0.pretrained((block,))
    example = torch.zeros(1, 3, 64, 64)
    return export(network, example, outputs=("map",), free_axes={2: "height", 3: "width"})


class FeatureMaps:
    """A network and how pictures are given to it.

    Args:
        network: ONNX, with one input ``(1, 3, side, side)`` of RGB; its first output is
            ``(1, channels, rows, columns)``.
        side: height and width of its input in pixels.
        mean, std: each of R, G and B, 0 to 255, becomes ``(value - mean) / std``.
        source: where it is from, for messages and for a report.

    Attributes:
        source: that.
        shape: rows, columns and channels of a map.

    Raises:
        OddframeError: a network of another form.
    """

    def __init__(
        self,
        network: bytes,
        side: int,
        mean: Sequence[float] = (0.0, 0.0, 0.0),
        std: Sequence[float] = (1.0, 1.0, 1.0),
        source: str = "the network of the run",
    ) -> None:
        self.source = source
        self._network, self._side = network, side
        self._mean, self._std = np.array(mean, np.float32), np.array(std, np.float32)
        self._session = open_session(network)
        self._input = self._input_name()
        self.shape = self.of_image(np.zeros((side, side, 3), np.uint8)).shape

    @classmethod
    def lite0(cls, block: int, side: int) -> FeatureMaps:
        """EfficientNet-Lite0 up to a block, with its ImageNet weights.

        Raises:
            OddframeError: the packaged weights are missing.
        """
        return cls(lite0_block(block), side, source=f"EfficientNet-Lite0, block {block}")

    @classmethod
    def of_file(
        cls, path: Path, side: int, mean: Sequence[float], std: Sequence[float]
    ) -> FeatureMaps:
        """A network of the user's, tried out in a process of its own first.

        Raises:
            OddframeError: no such file, no ONNX, weights in other files, or another form.
        """
        try_out(path, {4: (1, 3, side, side)})
        network = path.read_bytes()
        try:
            return cls(network, side, mean, std, source=str(path))
        except OddframeError:
            raise
        except Exception as error:  # ONNX Runtime's own kinds have no public base class
            raise OddframeError(
                f"{path}: cannot be run from the one file that a run keeps ({str(error)[:120]}); "
                "export the network with its weights in the file"
            ) from error

    @property
    def sha256(self) -> str:
        """Of all that a map depends on beside the picture."""
        settings = f"{self._side} {self._mean.tolist()} {self._std.tolist()}\n"
        return hashlib.sha256(settings.encode() + self._network).hexdigest()

    def of(self, frame: Frame) -> np.ndarray:
        """The map of a frame, float32 ``(rows, columns, channels)``."""
        return self.of_image(frame.rgb((self._side, self._side)))

    def of_image(self, image: np.ndarray) -> np.ndarray:
        """The map of RGB, uint8 ``(side, side, 3)``: float32 ``(rows, columns, channels)``.

        Raises:
            OddframeError: what the network says is no map of finite numbers.
        """
        scaled = (image.astype(np.float32) - self._mean) / self._std
        batch = np.ascontiguousarray(scaled.transpose(2, 0, 1)[None])
        output = run_session(self._session, {self._input: batch}, self.source)[0]
        if getattr(output, "ndim", 0) != 4 or len(output) != 1 or not np.isfinite(output).all():
            found = getattr(output, "shape", type(output).__name__)
            raise OddframeError(
                f"{self.source}: expected a first output (1, channels, rows, columns) of finite "
                f"numbers, found {found}; export the network up to a convolution"
            )
        return np.ascontiguousarray(output[0].transpose(1, 2, 0), dtype=np.float32)

    def state(self) -> dict[str, Any]:
        """Arrays and plain values."""
        return {
            "network": np.frombuffer(self._network, dtype=np.uint8),
            "side": self._side,
            "mean": self._mean.tolist(),
            "std": self._std.tolist(),
            "source": self.source,
        }

    @classmethod
    def from_state(cls, saved: SavedState) -> FeatureMaps:
        """What gave :meth:`state`.

        Raises:
            OddframeError: a value that is missing or not as expected.
        """
        return cls(
            saved.array("network", np.uint8, (None,)).tobytes(),
            saved.whole("side", 1, _MOST_SIDE),
            saved.numbers("mean", 3),
            saved.numbers("std", 3),
            saved.words("source"),
        )

    def _input_name(self) -> str:
        """Name of the one input.

        Raises:
            OddframeError: there are more, or it is of another form.
        """
        inputs = self._session.get_inputs()
        wanted = (1, 3, self._side, self._side)
        shape = inputs[0].shape if inputs else []
        fits = len(inputs) == 1 and len(shape) == 4 and inputs[0].type == "tensor(float)"
        if not fits or any(
            isinstance(size, int) and size != other
            for size, other in zip(shape, wanted, strict=True)
        ):
            raise OddframeError(
                f"{self.source}: expected one float32 input that takes {wanted}, found "
                f"{[(part.name, part.type, part.shape) for part in inputs]}; export it like that, "
                "or give its side with --settings.side"
            )
        return inputs[0].name
