"""The machine and the versions that numbers were computed with."""

from __future__ import annotations

import platform
from importlib import metadata
from pathlib import Path

import oddframe

_PACKAGES = ("numpy", "onnxruntime", "opencv-python-headless", "torch")
_FLAGS = ("sse4_2", "avx", "fma", "avx2", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8")
_FLAGS_OF_ARM = ("asimd", "asimddp", "i8mm", "sve")


def versions() -> dict[str, str]:
    """Of Python, oddframe and the packages that compute, as far as they are installed."""
    found = {"python": platform.python_version(), "oddframe": oddframe.__version__}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def processor() -> dict[str, str]:
    """Its kind, and which of the instructions it has that networks are computed with."""
    found = {"machine": platform.machine(), "system": platform.system()}
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return found
    rows = dict(reversed([r.partition(":")[::2] for r in text.splitlines() if ":" in r]))
    rows = {name.strip(): value.strip() for name, value in rows.items()}
    there = {*rows.get("flags", "").split(), *rows.get("Features", "").split()}
    found["model"] = rows.get("model name", "")
    found["flags"] = " ".join(flag for flag in (*_FLAGS, *_FLAGS_OF_ARM) if flag in there)
    return found
