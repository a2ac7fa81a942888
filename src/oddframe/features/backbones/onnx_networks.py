"""Image networks as ONNX: exported from PyTorch once, run by ONNX Runtime on the CPU."""

from __future__ import annotations

import functools
import io
import json
import os
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oddframe.errors import OddframeError
from oddframe.files.regular_files import require_file

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor, nn


MOST_SECONDS = 60.0
"""Time that a network may take for one answer; an hour of video needs thousands of them."""
MOST_BYTES = 16 << 30
"""Memory that a foreign network may take; or all there is, where that is less."""

_WATCHED_EVERY = 0.5
"""Seconds."""
_NO_ROOM = "Available memory of"
"""In what ONNX Runtime says of a network that is at its limit."""


def export(
    network: nn.Module,
    example: Tensor,
    outputs: Sequence[str],
    free_axes: Mapping[int, str],
) -> bytes:
    """A network with one input, ``images``, as ONNX.

    Args:
        network: in evaluation mode.
        example: an input, ``(B, 3, H, W)``.
        outputs: names of the outputs.
        free_axes: axes of the input that may have another size than the example's, with names.
    """
    import torch

    buffer: Any = io.BytesIO()
    with warnings.catch_warnings():
        # The TorchScript exporter announces its retirement; the new one needs one more package.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            (example,),
            buffer,
            dynamo=False,
            opset_version=17,
            input_names=["images"],
            output_names=list(outputs),
            dynamic_axes={"images": dict(free_axes)},
        )
    return _pad_inside_convolutions(buffer.getvalue())


def _pad_inside_convolutions(network: bytes) -> bytes:
    """Move each one-sided padding into the convolution that follows it.

    PyTorch has no one-sided padding in a convolution, ONNX has. As an operation of its own it
    makes ONNX Runtime leave its blocked memory layout and costs a third of the time. In these
    networks it is always one row at the bottom and one column at the right.
    """
    import onnx

    model = onnx.load_model_from_string(network)
    nodes = model.graph.node
    made_by = {node.output[0]: node for node in nodes}
    for convolution in [node for node in nodes if node.op_type == "Conv"]:
        padding = made_by.get(convolution.input[0])
        if padding is not None and padding.op_type == "Pad":
            pads = next(part for part in convolution.attribute if part.name == "pads")
            top, left, bottom, right = pads.ints
            pads.ints[:] = [top, left, bottom + 1, right + 1]
            convolution.input[0] = padding.input[0]
            nodes.remove(padding)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def open_session(
    network: bytes | Path,
    threads: int | None = None,
    tables: Mapping[str, np.ndarray] | None = None,
) -> Any:
    """An ``onnxruntime.InferenceSession``.

    What a network in a file takes for its answers is limited (:data:`MOST_BYTES`).

    Args:
        network: ONNX bytes, or a file (which may have its weights beside it).
        threads: threads of ONNX Runtime; by default one per core. Never more than
            ``OMP_NUM_THREADS`` says, where that is set.
        tables: constants by name that the bytes do not hold: each is taken from where it is, where
            the bytes would have to be made, and read, with copies of all.

    Raises:
        OddframeError: the file is not there or is no network that ONNX Runtime can run.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = _allowed(threads or os.cpu_count() or 1)
    # Idle threads that spin would take the core that decodes and computes flow.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    if tables:
        values = [onnxruntime.OrtValue.ortvalue_from_numpy(table) for table in tables.values()]
        options.add_external_initializers(list(tables), values)
    if isinstance(network, Path):
        require_file(network, "an ONNX network")
        _limit_memory()
        options.add_session_config_entry("session.use_env_allocators", "1")
    source = str(network) if isinstance(network, Path) else network
    try:
        return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's own kinds have no public base class
        if not isinstance(network, Path):
            raise
        reason = str(error).splitlines()[0][:160] if str(error) else type(error).__name__
        raise OddframeError(
            f"{network}: ONNX Runtime cannot run it ({reason}); give a valid ONNX network"
        ) from error


def run_session(session: Any, feeds: Mapping[str, np.ndarray], network: str) -> list[Any]:
    """What a network says, or an error if it goes on for ever or takes all memory: ONNX has loops.

    Args:
        session: what :func:`open_session` gave.
        feeds: its inputs by name.
        network: its name, for the message.

    Raises:
        OddframeError: it was stopped after :data:`MOST_SECONDS`, takes more than
            :data:`MOST_BYTES`, or fails.
    """
    import onnxruntime

    options = onnxruntime.RunOptions()
    options.log_severity_level = 4
    try:
        with _WATCHDOG.watching(options):
            return session.run(None, dict(feeds), options)
    except Exception as error:  # ONNX Runtime's own kinds have no public base class
        shapes = ", ".join(str(part.shape) for part in feeds.values())
        if options.terminate:
            said = f"gives no answer to an input of shape {shapes} within {MOST_SECONDS:g} s"
        elif _NO_ROOM in str(error):
            most = _most_bytes() / 2**30
            said = f"takes more than {most:.3g} GiB of memory for an input of shape {shapes}"
        else:
            reason = (str(error).splitlines() or [type(error).__name__])[0][:160]
            said = f"fails on an input of shape {shapes} ({reason})"
        raise OddframeError(f"{network}: {said}") from error


class _Watchdog:
    """Stops networks that are late, from one thread that stays: one for each answer costs more.

    It counts how often it looked, and not what the clock says: of a process that was stopped for
    minutes (Ctrl-Z, a machine that was halted) no network is late.
    """

    def __init__(self) -> None:
        self._running: dict[int, tuple[float, Any]] = {}
        self._looks = 0
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    @contextmanager
    def watching(self, options: Any) -> Generator[None]:
        """Stop the run that has these options if it takes more than :data:`MOST_SECONDS`."""
        self._stay_awake()
        self._running[id(options)] = self._looks + MOST_SECONDS / _WATCHED_EVERY, options
        try:
            yield
        finally:
            del self._running[id(options)]

    def _stay_awake(self) -> None:
        with self._lock:
            if self._thread is None or not self._thread.is_alive():  # as in a forked process
                self._thread = threading.Thread(target=self._watch, daemon=True)
                self._thread.start()

    def _watch(self) -> None:
        while True:
            time.sleep(_WATCHED_EVERY)
            self._looks += 1
            for until, options in list(self._running.values()):
                if self._looks > until:
                    options.terminate = True


_WATCHDOG = _Watchdog()


def try_out(network: Path, defaults: Mapping[int, Sequence[int]]) -> None:
    """Run a foreign network once in a process of its own, with limits of time and memory.

    Loading it, or one operation, may ask for more memory than there is, and an operation cannot be
    stopped while it works; here that ends another process than this one.

    Args:
        network: the file.
        defaults: number of axes of its input to the sizes of those that it leaves open.

    Raises:
        OddframeError: no such file, it fails, or it takes more than :data:`MOST_SECONDS` or
            :data:`MOST_BYTES`.
    """
    require_file(network, "an ONNX network")
    script = Path(__file__).with_name("onnx_trial.py")
    words = [str(network.absolute()), json.dumps(dict(defaults)), str(_most_bytes())]
    try:
        done = subprocess.run(
            [sys.executable, "-P", str(script), *words],
            capture_output=True,
            timeout=MOST_SECONDS,
            check=False,
            env={**os.environ, "MALLOC_ARENA_MAX": "2"},
        )
    except subprocess.TimeoutExpired:
        raise OddframeError(
            f"{network}: gives no answer for one snippet within {MOST_SECONDS:g} s; give a "
            "network that is quicker"
        ) from None
    said = (done.stdout.decode(errors="replace").splitlines() or [""])[-1]
    if said != "ok":
        reason = said or f"its process ended with status {done.returncode}"
        raise OddframeError(
            f"{network}: ONNX Runtime cannot run it ({reason}) within {_most_bytes() / 2**30:.3g} "
            "GiB of memory; give a valid ONNX network"
        )


def _most_bytes() -> int:
    try:
        there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows, where nobody is asked for it
        return MOST_BYTES
    return min(MOST_BYTES, there)


@functools.cache
def _limit_memory() -> None:
    """Limit what all sessions that ask for it take together; ONNX Runtime is told once.

    It is its own limit, on what operations ask of it, and holds on every system. How a network
    that was tried out behaves may depend on what it is given.
    """
    import onnxruntime

    kind = onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR
    memory = onnxruntime.OrtMemoryInfo("Cpu", kind, 0, onnxruntime.OrtMemType.DEFAULT)
    usual = ("arena_extend_strategy", "initial_chunk_size_bytes", "max_dead_bytes_per_chunk")
    limits = onnxruntime.OrtArenaCfg({"max_mem": _most_bytes(), **dict.fromkeys(usual, -1)})
    onnxruntime.create_and_register_allocator(memory, limits)


def _allowed(threads: int) -> int:
    """ONNX Runtime has threads of its own, which what all others go by does not limit."""
    most = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    return min(threads, int(most)) if most.isdecimal() and int(most) > 0 else threads
