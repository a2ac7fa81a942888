"""A memory of what normal features look like.

It holds M items, vectors of length 1 in d dimensions, without any trained parameter: queries are
matched with them by cosine similarity, and queries move the items that they are nearest to.
Queries are maps ``(clips, d, h, w)``, each cell one query of length 1. Source: Park, Noh and Ham,
"Learning Memory-guided Normality for Anomaly Detection", CVPR 2020, Sec. 3.2 and 3.3.

It follows the authors' code where that departs from their paper, since the published weights and
figures come from it:

* the weights with which items are read are constants to the gradient, so the memory is addressed
  as the two losses and the query part of the decoder's input teach it, not through the reading;
* distances are means over the d dimensions and not sums, 512 times smaller in the published width;
  the published weight of the compactness loss was chosen for the mean;
* a query's share in an update is relative to the best match among all queries, and not among those
  that are nearest to the same item.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, distributed
from torch.nn import functional

from oddframe.errors import OddframeError
from oddframe.files.tensor_files import read_tensor_file


def read_items(path: Path) -> Tensor:
    """The items of a published memory (``keys.pt``).

    Raises:
        OddframeError: no such file, damaged, pickled objects, or something else than a tensor.
    """
    items = read_tensor_file(path, "a tensor of memory items", "give the published keys.pt")
    if not isinstance(items, Tensor):
        raise OddframeError(
            f"{path}: expected a tensor of memory items, found {type(items).__name__}; give the "
            "published keys.pt"
        )
    return items


def initial_items(count: int, width: int) -> Tensor:
    """Items ``(count, width)`` before training.

    All their elements are positive, as in the published code, so they point in similar directions
    at first and the queries pull them apart.
    """
    items = torch.rand(count, width)
    # Without values (a network that is only measured) this would import PyTorch's compiler.
    return items if items.is_meta else functional.normalize(items, dim=1)


def as_queries(features: Tensor) -> Tensor:
    """A bottleneck ``(clips, d, h, w)`` with each cell brought to length 1."""
    return functional.normalize(features, dim=1)


@torch.no_grad()
def read(queries: Tensor, items: Tensor) -> Tensor:
    """What the memory answers: for each cell the mean of the items, weighted by their match.

    Returns:
        ``(clips, d, h, w)``, constant to the gradient.
    """
    answers = _similarities(queries, items).softmax(dim=1) @ items
    clips, width, height, across = queries.shape
    return answers.reshape(clips, height, across, width).permute(0, 3, 1, 2).to(queries.dtype)


def distances(queries: Tensor, items: Tensor) -> Tensor:
    """Mean squared difference of each cell and its nearest item, ``(clips, h, w)``.

    Its mean is the compactness loss; over the cells of one frame it is that frame's distance to
    the memory. The gradient reaches the queries only.
    """
    nearest = items[_similarities(queries, items).argmax(dim=1)]
    clips, _, height, across = queries.shape
    return (_cells(queries) - nearest).square().mean(dim=1).reshape(clips, height, across)


def separateness(queries: Tensor, items: Tensor) -> Tensor:
    """How little nearer the nearest item is than the second nearest, short of a margin of 1.

    A scalar; the gradient reaches the queries only.
    """
    first, second = _similarities(queries, items).topk(2, dim=1).indices.unbind(dim=1)
    return functional.triplet_margin_loss(_cells(queries), items[first], items[second], margin=1.0)


@torch.no_grad()
def updated(queries: Tensor, items: Tensor, *, together: bool = False) -> Tensor:
    """The items after each was moved towards the queries that it is the nearest to.

    Args:
        queries: ``(clips, d, h, w)``, see :func:`as_queries`, of normal clips.
        items: ``(M, d)``, left as they are.
        together: use the queries of every process of a distributed training, all of which must
            call this; the result is then the same in all of them.

    Returns:
        ``(M, d)``, of length 1 each. An item that is nearest to no query stays.
    """
    similarities = _similarities(queries, items)
    best = similarities.amax(dim=0)
    together = together and distributed.is_available() and distributed.is_initialized()
    if together:
        distributed.all_reduce(best, op=distributed.ReduceOp.MAX)
    # A softmax over the queries divided by its largest value, without the sum that cancels.
    shares = (similarities - best).exp()
    shares *= functional.one_hot(similarities.argmax(dim=1), len(items))
    with torch.autocast(queries.device.type, enabled=False):
        pull = shares.T @ _cells(queries).to(items.dtype)
    if together:
        distributed.all_reduce(pull)
    return functional.normalize(items + pull, dim=1)


def _cells(queries: Tensor) -> Tensor:
    """``(clips, d, h, w)`` to one row per cell, ``(clips * h * w, d)``."""
    return queries.permute(0, 2, 3, 1).flatten(0, 2)


@torch.no_grad()
def _similarities(queries: Tensor, items: Tensor) -> Tensor:
    """Cosine of each cell and each item, ``(cells, M)``, in full precision: 16 bits tie items."""
    with torch.autocast(queries.device.type, enabled=False):
        return _cells(queries).to(items.dtype) @ items.T
