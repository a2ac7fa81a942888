"""Networks written by hand against those that ONNX's own package makes of the same parts."""

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from oddframe.features.backbones.onnx_networks import open_session
from oddframe.files.onnx_graph import OnnxGraph

RANDOM = np.random.default_rng(0)
TABLE = RANDOM.normal(size=(300, 40)).astype(np.float32)
ADDED = RANDOM.normal(size=40).astype(np.float32)
ORDER = np.array([5, 0, -1, 3], np.int64)


@pytest.fixture
def graph():
    """Each kind of part, with names and sizes that take more than one byte to count."""
    made = OnnxGraph("größe", opset=17)
    made.add_input("x", [7, 300])
    made.add_output("y", [4])
    table = made.add_table("table", TABLE.shape)
    added = made.add_constant("n" * 200, ADDED)
    made.add_node("Gemm", ["x", table, added], ["p"], alpha=-2.5)
    made.add_node("ReduceMin", ["p"], ["least"], axes=[-1], keepdims=0)
    made.add_node("Gather", ["least", made.add_constant("order", ORDER)], ["y"], axis=0)
    return made


def test_it_is_what_the_package_makes(graph):
    table = TensorProto(name="table", data_type=TensorProto.FLOAT, dims=TABLE.shape)
    table.data_location = TensorProto.EXTERNAL
    table.external_data.add(key="location", value="table")
    nodes = [
        helper.make_node("Gemm", ["x", "table", "n" * 200], ["p"], alpha=-2.5),
        helper.make_node("ReduceMin", ["p"], ["least"], axes=[-1], keepdims=0),
        helper.make_node("Gather", ["least", "order"], ["y"], axis=0),
    ]
    wanted = onnx.ModelProto(ir_version=8, opset_import=[helper.make_opsetid("", 17)])
    wanted.graph.CopyFrom(
        helper.make_graph(
            nodes,
            "größe",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, [7, 300])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, [4])],
            [
                table,
                numpy_helper.from_array(ADDED, "n" * 200),
                numpy_helper.from_array(ORDER, "order"),
            ],
        )
    )
    assert onnx.load_model_from_string(graph.model()) == wanted


def test_onnx_runtime_computes_it(graph):
    x = RANDOM.normal(size=(7, 300)).astype(np.float32)
    session = open_session(graph.model(), threads=1, tables={"table": TABLE})
    (found,) = session.run(None, {"x": x})
    expected = (-2.5 * x.astype(float) @ TABLE + ADDED).min(axis=1)[ORDER]
    assert found == pytest.approx(expected, rel=1e-5)


def test_the_packages_checker_has_nothing_to_say():
    graph = OnnxGraph("scalar", opset=17)
    graph.add_input("x", [1])
    graph.add_output("y", [1])
    graph.add_node("Add", ["x", graph.add_constant("one", np.array(1, np.float32))], ["y"])
    onnx.checker.check_model(graph.model(), full_check=True)
    session = onnxruntime.InferenceSession(graph.model(), providers=["CPUExecutionProvider"])
    assert session.run(None, {"x": np.float32([2])})[0] == [3]
