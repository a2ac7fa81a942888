"""The nearest of what is remembered, at every place of a frame at once, by ONNX Runtime.

A memory that learns no more is multiplied with every look by the same tables. ONNX Runtime packs
them once, and NumPy would anew each time, which takes as long as the products of so few cells.
"""

from __future__ import annotations

import numpy as np

from oddframe.detectors.own_cameras.fixed_camera.memory import NormalMemory


class NearestSearch:
    """Answers like :meth:`NormalMemory.distances`, in half the time; several threads may ask it.

    Sums run in another order, so answers differ, by 1e-5 of a patch's own length at most.

    Args:
        memory: this, as it is now; each place of it knows something.
    """

    def __init__(self, memory: NormalMemory) -> None:
        from oddframe.features.backbones.onnx_networks import open_session

        places = memory.places()
        self._grid = memory.grid
        # Places one after the other, and the cells of each.
        self._order = np.concatenate([cells for cells, _ in places])
        network = _network([(cells.size, vectors) for cells, vectors in places])
        self._session = open_session(network, threads=1)

    def distances(self, patches: np.ndarray) -> np.ndarray:
        """Distance of every patch to what is known at its place, float32 ``(rows, columns)``.

        Args:
            patches: float32 ``(rows, columns, channels)``.
        """
        cells = patches.reshape(-1, patches.shape[-1])[self._order]
        squares = np.einsum("ij,ij->i", cells, cells)
        squares += self._session.run(None, {"cells": cells})[0]
        found = np.empty(self._order.size, np.float32)
        found[self._order] = np.sqrt(np.maximum(squares, 0, out=squares), out=squares)
        return found.reshape(self._grid)


def _network(places: list[tuple[int, np.ndarray]]) -> bytes:
    """ONNX from cells, place after place, to the least ``|c|^2 - 2 x c`` of each.

    Args:
        places: number of cells and the vectors ``(count, channels)`` of each.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    sizes = np.array([cells for cells, _ in places], np.int64)
    shape = [int(sizes.sum()), places[0][1].shape[1]]
    # Filled where it is: every other way of making a model copies all tables once more.
    model = onnx.ModelProto(ir_version=8, opset_import=[helper.make_opsetid("", 17)])
    graph = model.graph
    graph.name = "nearest"
    graph.input.append(helper.make_tensor_value_info("cells", TensorProto.FLOAT, shape))
    graph.output.append(helper.make_tensor_value_info("least", TensorProto.FLOAT, shape[:1]))
    graph.initializer.append(numpy_helper.from_array(sizes, "sizes"))
    parts, leasts = ([f"{name}{n}" for n in range(sizes.size)] for name in ("cells", "least"))
    graph.node.append(helper.make_node("Split", ["cells", "sizes"], parts))
    for part, least, (_, vectors) in zip(parts, leasts, places, strict=True):
        table, squares, products = (
            f"{name} of {part}" for name in ("table", "squares", "products")
        )
        graph.initializer.append(numpy_helper.from_array(vectors.T, table))
        graph.initializer.append(numpy_helper.from_array((vectors * vectors).sum(axis=1), squares))
        graph.node.append(helper.make_node("Gemm", [part, table, squares], [products], alpha=-2.0))
        graph.node.append(helper.make_node("ReduceMin", [products], [least], axes=[1], keepdims=0))
    graph.node.append(helper.make_node("Concat", leasts, ["least"], axis=0))
    return model.SerializeToString()
