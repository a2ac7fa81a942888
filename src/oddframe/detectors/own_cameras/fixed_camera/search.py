"""The nearest of what is remembered, at every place of a frame at once, by ONNX Runtime.

A memory that learns no more is multiplied with every look by the same tables. ONNX Runtime packs
them once, and NumPy would anew each time, which takes as long as the products of so few cells.
"""

from __future__ import annotations

import numpy as np

from oddframe.detectors.own_cameras.fixed_camera.memory import NormalMemory
from oddframe.detectors.own_cameras.fixed_camera.scene import Whitening
from oddframe.files.onnx_graph import OnnxGraph


class NearestSearch:
    """Answers like :meth:`NormalMemory.distances` of whitened patches, in half the time.

    Several threads may ask it. Sums run in another order, so answers differ, by 1e-5 of a patch's
    own length at most.

    Args:
        whitening: brings raw patches to the scale of the memory.
        memory: this, as it is now; each place of it knows something.
    """

    def __init__(self, whitening: Whitening, memory: NormalMemory) -> None:
        from oddframe.features.backbones.onnx_networks import open_session

        self._grid = memory.grid
        network, tables = _network(whitening, memory)
        self._session = open_session(network, threads=1, tables=tables)

    def distances(self, patches: np.ndarray) -> np.ndarray:
        """Distance of every patch to what is known at its place, float32 ``(rows, columns)``.

        Args:
            patches: raw, float32 ``(rows, columns, channels)``.
        """
        cells = np.ascontiguousarray(patches).reshape(-1, patches.shape[-1])
        return self._session.run(None, {"patches": cells})[0].reshape(self._grid)


def _network(whitening: Whitening, memory: NormalMemory) -> tuple[bytes, dict[str, np.ndarray]]:
    """ONNX from the raw patches of all cells to their distances, and the tables that go with it."""
    places = memory.places()
    order = np.concatenate([cells for cells, _ in places])
    sizes = np.array([cells.size for cells, _ in places], np.int64)
    cells, channels = order.size, places[0][1].shape[1]
    graph = OnnxGraph("nearest", opset=17)
    graph.add_input("patches", [cells, channels])
    graph.add_output("distances", [cells])
    tables: dict[str, np.ndarray] = {}

    def beside(name: str, values: np.ndarray) -> str:
        tables[name] = np.ascontiguousarray(values)
        return graph.add_table(name, values.shape)

    def node(kind: str, given: list[str], to: str, **more: float | int | list[int]) -> str:
        graph.add_node(kind, given, [to], **more)
        return to

    # Whitened, places one after the other, and the cells of each.
    mean = graph.add_constant("mean", whitening.mean * whitening.scale)
    centred = node("Sub", ["patches", mean], "centred")
    turn = graph.add_constant("turn", whitening.matrix / whitening.scale[:, None])
    ordered = node("Gather", [centred, graph.add_constant("order", order)], "ordered")
    white = node("MatMul", [ordered, turn], "white")
    parts = [f"part{n}" for n in range(sizes.size)]
    graph.add_node("Split", [white, graph.add_constant("sizes", sizes)], parts)
    # Of each |c|^2 - 2 x c at least, and |x|^2 is added to the least alone.
    leasts = []
    for part, (_, vectors) in zip(parts, places, strict=True):
        table = beside(f"table of {part}", vectors.T)
        squares = graph.add_constant(f"squares of {part}", (vectors * vectors).sum(axis=1))
        products = node("Gemm", [part, table, squares], f"products of {part}", alpha=-2.0)
        leasts.append(node("ReduceMin", [products], f"least of {part}", axes=[1], keepdims=0))
    least = node("Concat", leasts, "least", axis=0)
    own = node("ReduceSumSquare", [white], "own", axes=[1], keepdims=0)
    squared = node("Relu", [node("Add", [least, own], "sum")], "squared")
    back = graph.add_constant("back", np.argsort(order))
    node("Gather", [node("Sqrt", [squared], "roots"), back], "distances")
    return graph.model(), tables
