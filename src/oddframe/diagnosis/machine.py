"""What the machine has: processors, memory, disk, a GPU."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator
from importlib import util
from pathlib import Path

from oddframe.diagnosis.finding import Finding

_FAST = {"avx512_vnni": "AVX-512 with VNNI", "avx_vnni": "AVX with VNNI", "avx2": "AVX2"}
"""Instruction sets with which the network in integers is fast, the best first, as Linux says."""
_TIGHT = 2e9
"""Bytes of memory or disk below which a day's footage may not be fitted or kept."""


def machine() -> Iterator[Finding]:
    """What there is."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    fast = _instructions()
    known = f", {fast}" if fast else ""
    yield Finding("processors", f"{usable} of {platform.machine()}{known}")
    yield from _memory()
    free = shutil.disk_usage(Path()).free
    yield Finding("disk", f"{free / 1e9:.1f} GB free here{_little(free)}")
    yield _gpu()


def _instructions() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    flags = set(next((line for line in text.splitlines() if line.startswith("flags")), "").split())
    return next((words for flag, words in _FAST.items() if flag in flags), "")


def _memory() -> Iterator[Finding]:
    try:
        text = Path("/proc/meminfo").read_text(encoding="utf-8")
        rows = dict(line.split(":", 1) for line in text.splitlines())
        total, free = (1024 * int(rows[name].split()[0]) for name in ("MemTotal", "MemAvailable"))
    except (OSError, ValueError, KeyError):
        return
    yield Finding("memory", f"{total / 1e9:.1f} GB, {free / 1e9:.1f} GB free{_little(free)}")


def _little(free: float) -> str:
    return ", which is little" if free < _TIGHT else ""


def _gpu() -> Finding:
    """A GPU serves networks that are trained; cameras need none."""
    if util.find_spec("torch") is None:
        return Finding(
            "GPU", "not looked for: only PyTorch, which is not installed, uses one", None
        )
    import torch

    if not torch.cuda.is_available():
        return Finding(
            "GPU", f"none that PyTorch {torch.__version__} sees; cameras need none", None
        )
    names = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
    return Finding("GPU", f"{', '.join(names)}, PyTorch {torch.__version__}")
