"""Foreign ONNX networks: loops without end, constants of any size and files elsewhere end soon."""

import signal
import subprocess
import sys
import time

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from oddframe.errors import OddframeError
from oddframe.features.backbones import onnx_networks
from oddframe.features.backbones.onnx_networks import open_session, run_session, try_out

SHAPE = ["n", 3, 8, 8]
DEFAULTS = {4: (1, 3, 8, 8)}


def network(path, nodes, constants):
    images = helper.make_tensor_value_info("images", TensorProto.FLOAT, SHAPE)
    answer = helper.make_tensor_value_info("answer", TensorProto.FLOAT, ["n", 3])
    mean = helper.make_node("ReduceMean", ["x"], ["answer"], axes=[2, 3], keepdims=0)
    graph = helper.make_graph([*nodes, mean], "g", [images], [answer], initializer=constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path


def constant(name, value):
    return numpy_helper.from_array(np.array(value), name)


def endless(path):
    def value(name, kind, shape=()):
        return helper.make_tensor_value_info(name, kind, shape)

    body = helper.make_graph(
        [
            helper.make_node("Identity", ["more"], ["again"]),
            helper.make_node("Add", ["v", "v"], ["w"]),
        ],
        "body",
        [
            value("i", TensorProto.INT64),
            value("more", TensorProto.BOOL),
            value("v", TensorProto.FLOAT, None),
        ],
        [value("again", TensorProto.BOOL), value("w", TensorProto.FLOAT, None)],
    )
    loop = helper.make_node("Loop", ["times", "go", "images"], ["x"], body=body)
    return network(path, [loop], [constant("times", 2**62), constant("go", True)])


def expanding(path, side):
    nodes = [
        helper.make_node("Expand", ["one", "shape"], ["large"]),
        helper.make_node("ReduceSum", ["large"], ["sum"], keepdims=0),
        helper.make_node("Add", ["images", "sum"], ["x"]),
    ]
    return network(path, nodes, [constant("shape", [side, side]), constant("one", np.float32(1))])


def test_network_that_answers(tmp_path):
    path = expanding(tmp_path / "a.onnx", 3)
    try_out(path, DEFAULTS)
    (answer,) = run_session(open_session(path), {"images": np.zeros((2, 3, 8, 8), "f4")}, "a")
    assert answer.tolist() == [[9, 9, 9]] * 2


def test_loop_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr(onnx_networks, "MOST_SECONDS", 1.5)
    path = endless(tmp_path / "a.onnx")
    with pytest.raises(OddframeError, match=r"a\.onnx: gives no answer for one snippet within 1.5"):
        try_out(path, DEFAULTS)
    images = np.zeros((1, 3, 8, 8), np.float32)
    for _ in range(2):  # the watchdog stays
        with pytest.raises(OddframeError, match=r"b: gives no answer to an input of shape"):
            run_session(open_session(path), {"images": images}, "b")


_STOPPED = """
import time, onnxruntime
from oddframe.features.backbones import onnx_networks
onnx_networks.MOST_SECONDS, onnx_networks._WATCHED_EVERY = 1.0, 0.1
options = onnxruntime.RunOptions()
with onnx_networks._WATCHDOG.watching(options):
    input(print("runs", flush=True) or "")
    time.sleep(0.4)
    print(options.terminate, flush=True)
    time.sleep(3)
    print(options.terminate, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no process is stopped there")
def test_no_network_is_late_where_its_process_was_stopped():
    """As Ctrl-Z does, or a machine that is halted, in the middle of a fit."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", _STOPPED], stdin=pipe, stdout=pipe, text=True
    ) as process:
        assert process.stdout.readline() == "runs\n"
        process.send_signal(signal.SIGSTOP)
        time.sleep(2)
        process.send_signal(signal.SIGCONT)
        said, _ = process.communicate("\n", timeout=60)
    assert said.split() == ["False", "True"]


def test_constant_of_any_size(tmp_path):
    path = expanding(tmp_path / "a.onnx", 10**6)  # 4 TB
    with pytest.raises(OddframeError, match=r"a\.onnx: ONNX Runtime cannot run it \(.*16 GiB"):
        try_out(path, DEFAULTS)


def test_memory_that_only_some_inputs_ask_for(tmp_path):
    nodes = [
        helper.make_node("ReduceMax", ["images"], ["most"], keepdims=0),
        helper.make_node("Cast", ["most"], ["whole"], to=TensorProto.INT64),
        helper.make_node("Add", ["whole", "least"], ["side"]),
        helper.make_node("Expand", ["one", "side"], ["large"]),
        helper.make_node("ReduceSum", ["large"], ["sum"], keepdims=0),
        helper.make_node("Add", ["images", "sum"], ["x"]),
    ]
    path = network(
        tmp_path / "a.onnx", nodes, [constant("least", [1]), constant("one", np.float32(1))]
    )
    try_out(path, DEFAULTS)
    session, images = open_session(path), np.zeros((1, 3, 8, 8), np.float32)
    assert run_session(session, {"images": images}, "a")[0].tolist() == [[1, 1, 1]]
    with pytest.raises(OddframeError, match=r"^a: takes more than [\d.]+ GiB of memory"):
        run_session(session, {"images": images + 2e13}, "a")  # 80 TB


@pytest.mark.parametrize("place", ["../secret.bin", "{folder}/secret.bin"])
def test_weights_of_another_folder_are_not_read(tmp_path, place):
    (tmp_path / "secret.bin").write_bytes(bytes(4))
    (tmp_path / "net").mkdir()
    outside = TensorProto(name="e", data_type=TensorProto.FLOAT, dims=[1])
    outside.data_location = TensorProto.EXTERNAL
    outside.external_data.add(key="location", value=place.format(folder=tmp_path))
    add = helper.make_node("Add", ["images", "e"], ["x"])
    path = network(tmp_path / "net" / "a.onnx", [add], [outside])
    for read in (lambda: try_out(path, DEFAULTS), lambda: open_session(path)):
        with pytest.raises(OddframeError, match=r"a\.onnx: ONNX Runtime cannot run it") as caught:
            read()
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"no network", onnx.ModelProto().SerializeToString()])
def test_other_files(tmp_path, content):
    path = tmp_path / "a.onnx"
    path.write_bytes(content)
    with pytest.raises(OddframeError, match=r"a\.onnx: ONNX Runtime cannot run it"):
        try_out(path, DEFAULTS)
