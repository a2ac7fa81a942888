"""How a benchmark begins and ends: what its numbers depend on, and where they go."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import oddframe
from oddframe.errors import OddframeError
from oddframe.files.atomic import write_text


def provenance() -> str:
    """Date, command, machine with its load, and software with its commit, one a line."""
    git = ["git", "-C", str(Path(__file__).parent)]
    commit = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    changed = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True)
    software = f"oddframe {oddframe.__version__}, commit {commit.stdout.strip() or 'unknown'}"
    software += " with changes" * bool(changed.stdout.strip())
    import torch  # 200 MB that a process which is measured must not hold for this

    software += f", PyTorch {torch.__version__} with {torch.get_num_threads()} threads"
    load = f"load {os.getloadavg()[0]:.1f} at the start"
    lines = {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "command": f"python bench/{Path(sys.argv[0]).name} {' '.join(sys.argv[1:])}".strip(),
        "machine": f"{os.cpu_count()} cores, {_processor()}, {load}",
        "software": software,
    }
    return "\n".join(f"{name:<10}{value}" for name, value in lines.items())


def publish(head: str, lines: Sequence[str], result: Any, out: Path | None) -> None:
    """Print provenance, table and a JSON line; write them to a file as well, if one is given."""
    text = "\n".join([head, *lines, json.dumps(result)]) + "\n"
    print(text, end="")
    if out:
        write_text(out, text)


def run(main: Callable[[], None]) -> None:
    """Run a script's main function; a mistake of the user is one line."""
    try:
        main()
    except OddframeError as error:
        sys.exit(f"error: {error}")


def _processor() -> str:
    cpus = Path("/proc/cpuinfo")
    if cpus.exists():
        for line in cpus.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
