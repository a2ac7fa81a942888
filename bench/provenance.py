"""What a benchmark's numbers depend on: the lines above a table in ``bench/results``."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import torch

import oddframe


def provenance() -> str:
    """Date, command, machine with its load, and software with its commit, one a line."""
    git = ["git", "-C", str(Path(__file__).parent)]
    commit = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    changed = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True)
    software = f"oddframe {oddframe.__version__}, commit {commit.stdout.strip() or 'unknown'}"
    software += " with changes" * bool(changed.stdout.strip())
    software += f", PyTorch {torch.__version__} with {torch.get_num_threads()} threads"
    load = f"load {os.getloadavg()[0]:.1f} at the start"
    lines = {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "command": f"python bench/{Path(sys.argv[0]).name} {' '.join(sys.argv[1:])}".strip(),
        "machine": f"{os.cpu_count()} cores, {_processor()}, {load}",
        "software": software,
    }
    return "\n".join(f"{name:<10}{value}" for name, value in lines.items())


def _processor() -> str:
    cpus = Path("/proc/cpuinfo")
    if cpus.exists():
        for line in cpus.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
