"""Runs a foreign ONNX network once, in a process of its own; see :func:`onnx_networks.try_out`.

It is run as a script and imports nothing of oddframe. What it says is the last line of its output:
``ok``, or why the network cannot be run.
"""

from __future__ import annotations

import json
import sys

import numpy as np
import onnxruntime


def main(path: str, defaults: dict[str, list[int]], most_bytes: int) -> str:
    """Load a network, give it zeros and see that it answers.

    Args:
        path: file of the network.
        defaults: number of axes to the sizes of those that the network leaves open; a network
            without one input of so many axes is only loaded.
        most_bytes: the most memory that this process may use.

    Returns:
        ``ok``, or what is wrong.
    """
    try:
        import resource
    except ImportError:  # Windows has no such limit
        pass
    else:
        resource.setrlimit(resource.RLIMIT_AS, (most_bytes, most_bytes))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        inputs = session.get_inputs()
        usual = defaults.get(str(len(inputs[0].shape))) if len(inputs) == 1 else None
        if usual is not None and inputs[0].type == "tensor(float)":
            pairs = zip(inputs[0].shape, usual, strict=True)
            shape = [size if isinstance(size, int) else other for size, other in pairs]
            session.run(None, {inputs[0].name: np.zeros(shape, np.float32)})
    except Exception as error:  # ONNX Runtime's own kinds have no public base class
        return (str(error).splitlines() or [type(error).__name__])[0][:200]
    return "ok"


if __name__ == "__main__":
    print(main(sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3])))
