"""Networks of PyTorch as ONNX, by way of TorchScript."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from oddframe.errors import OddframeError

OPSET = 17


def as_onnx(
    network: nn.Module,
    examples: Mapping[str, Tensor],
    outputs: Sequence[str],
    free_axes: Mapping[str, Mapping[int, str]],
) -> bytes:
    """A network as ONNX.

    It is run once before it is traced, so that what it makes once and keeps is a constant.

    Args:
        network: in evaluation mode; takes the examples in their order and gives the outputs.
        examples: its inputs by name.
        outputs: names of what it gives.
        free_axes: of inputs and outputs, axes that may have another size than the example's, with
            names.

    Raises:
        OddframeError: an operation that ONNX does not have.
    """
    buffer: Any = io.BytesIO()
    given = tuple(examples.values())
    torch.onnx.register_custom_op_symbolic("aten::adaptive_avg_pool2d", _means, OPSET)
    try:
        # It prints the whole graph where it fails.
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()), torch.no_grad():
            # The TorchScript exporter announces its retirement; the new one needs one more package.
            # It also warns wherever a size becomes a constant, which is what is wanted here.
            warnings.simplefilter("ignore")
            network(*given)
            torch.onnx.export(
                network,
                given,
                buffer,
                dynamo=False,
                opset_version=OPSET,
                input_names=list(examples),
                output_names=list(outputs),
                dynamic_axes={name: dict(axes) for name, axes in free_axes.items()},
            )
    except (RuntimeError, TypeError, torch.onnx.errors.OnnxExporterError) as error:
        said = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise OddframeError(f"the network has no form in ONNX ({said})") from error
    finally:
        torch.onnx.unregister_custom_op_symbolic("aten::adaptive_avg_pool2d", OPSET)
    return buffer.getvalue()


def _means(g: Any, images: Any, size: Any) -> Any:
    """Means over equal shares of a picture, also where no whole number of pixels makes a share.

    PyTorch's own form in ONNX knows only sides that the shares divide. As products with two
    matrices it is exact for all.
    """
    # What a value is made into has no known size; the value that was traced has.
    sides = g.original_node.inputsAt(0).type().varyingSizes()[-2:]
    wanted = [int(part) for part in torch.onnx.symbolic_helper._parse_arg(size, "is")]
    down, across = (_shares(*pair) for pair in zip(sides, wanted, strict=True))
    high = g.op("Constant", value_t=torch.from_numpy(down))
    wide = g.op("Constant", value_t=torch.from_numpy(across.T.copy()))
    return g.op("MatMul", g.op("MatMul", high, images), wide)


def _shares(cells: int, parts: int) -> np.ndarray:
    """What of each cell is in the mean of each part: float32 ``(parts, cells)``."""
    found = np.zeros((parts, cells), np.float32)
    for part in range(parts):
        first, end = part * cells // parts, -(-(part + 1) * cells // parts)
        found[part, first:end] = 1 / (end - first)
    return found
