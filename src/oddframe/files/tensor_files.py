"""The one reader of PyTorch files, whoever wrote them: nothing in them is run, nothing is believed.

Runs, half-finished trainings, published checkpoints and weights all come through here. What it
gives are tensors that hold all the numbers that they claim, plain values, and dicts and lists of
these.
"""

from __future__ import annotations

import warnings
import zipfile
from pathlib import Path
from typing import Any

from oddframe.errors import OddframeError
from oddframe.files.archives import require_small
from oddframe.files.plain_content import PICKLED, content_fault, unreadable
from oddframe.files.regular_files import require_file
from oddframe.files.text_files import shown


def read_tensor_file(path: Path, what: str, advice: str, *, device: Any = "cpu") -> Any:
    """The content of a PyTorch file.

    Args:
        path: the file.
        what: what it should be, for messages: ``a checkpoint``.
        advice: what to do if it is not there or damaged.
        device: where the tensors go.

    Returns:
        A tensor, a plain value, or dicts and lists of these; tensors are dense, on the device, and
        claim no more numbers than the file holds of them.

    Raises:
        OddframeError: no such file, a damaged one, something else, pickled objects, tensors that
            are not plain, or an archive that unpacks to more than it may.
    """
    import torch

    from oddframe.files.tensor_checks import tensor_fault

    require_file(path, what, advice)
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                require_small(path, what, archive.infolist())
                damaged = archive.testzip()  # torch.load does not look at the checksums
            if damaged is not None:
                raise zipfile.BadZipFile(f"{shown(damaged)} does not fit its checksum")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the pickle protocol of a file it then refuses
            content = torch.load(path, map_location=device, weights_only=True)
    except OddframeError:
        raise
    except Exception as error:  # a damaged pickle can raise anything
        if "unsupported global" in str(error).lower():
            raise OddframeError(f"{path}: expected {what}, found {PICKLED}") from error
        raise OddframeError(
            f"{path}: expected {what}, found {unreadable(path, error)}; {advice}"
        ) from error
    wrong = content_fault(content, torch.Tensor, tensor_fault)
    if wrong:
        raise OddframeError(f"{path}: expected {what}, found {wrong}; {advice}")
    return content
