"""Opens a foreign recording in a process of its own; see :func:`inspection.inspect`.

It is run as a script. What it says is a line of JSON: what the recording is, or why it is none.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path
from typing import Any


def main(path: Path, most_bytes: int, seconds: float) -> dict[str, Any]:
    """Decode the beginning of a recording.

    Args:
        path: of it.
        most_bytes: the most memory that this process may use.
        seconds: that it decodes for, at most.

    Returns:
        ``width``, ``height``, ``fps``, ``seconds`` and ``codec``, or ``refused``: why, in a line.
    """
    from oddframe.errors import OddframeError
    from oddframe.media.video_file import FileReader
    from oddframe.processes.child import limit_memory

    _write_no_files()
    limit_memory(most_bytes)
    warnings.simplefilter("ignore")  # what is damaged is said where it is scored
    until = time.monotonic() + seconds
    try:
        reader = FileReader(path)
        with reader:
            reader.check_pixels()
            for frame in reader:
                frame.rgb()
                if frame.seconds > _DECODED or time.monotonic() > until:
                    break
            return {
                "width": reader.info.width,
                "height": reader.info.height,
                "fps": float(reader.info.fps),
                "seconds": float(reader.claimed_length),
                "codec": str(reader.codec),
            }
    except OddframeError as error:
        return {"refused": str(error)}
    except MemoryError:  # FFmpeg's is one of these too
        return {
            "refused": f"{path}: takes more than {most_bytes / 2**30:.2g} GiB of memory to show"
        }


_DECODED = 2.0
"""Seconds of the recording."""


def _write_no_files() -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))))
