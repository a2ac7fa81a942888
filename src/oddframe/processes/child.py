"""What a process that was begun aside does: a verb, with less of the machine than others have.

    python -m oddframe.processes.child LIMITS WORD...

:func:`oddframe.processes.aside.begin_aside` starts it. ``LIMITS`` is a JSON object with ``nice``,
``most_bytes`` and ``progress``; the words are those of ``oddframe``.
"""

from __future__ import annotations

import json
import os
import runpy
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path

from oddframe.console.progress import write_progress_to

ORPHANED = 3
"""Exit status after the death of the parent."""


def main(limits: str, words: list[str]) -> None:
    """Run a verb, as ``python -m oddframe`` does."""
    # A shell that starts something in the background has it, and its children, ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    end_with_parent()
    given = json.loads(limits)
    with suppress(OSError, AttributeError):  # not every system has this
        now = os.getpriority(os.PRIO_PROCESS, 0)
        os.setpriority(os.PRIO_PROCESS, 0, max(now, given["nice"]))  # threads begin with as much
    if given["most_bytes"]:
        limit_memory(given["most_bytes"])
    if given["progress"]:
        write_progress_to(Path(given["progress"]))
    sys.argv = ["oddframe", *words]
    runpy.run_module("oddframe", run_name="__main__")


def end_with_parent() -> None:
    """Exit at once when standard input, a pipe from the parent, is closed.

    A parent that is killed cannot end its children. The pipe closes whatever way it dies, on every
    system.
    """

    def wait() -> None:
        while os.read(0, 1):
            pass
        os._exit(ORPHANED)

    threading.Thread(target=wait, daemon=True).start()


def limit_memory(most_bytes: int) -> None:
    """Let this process have no more memory of its own than that.

    It is what may be written that counts, and not what is mapped: libraries, and drivers of GPUs,
    map more than any machine has. Windows has no such limit.
    """
    with suppress(ImportError):
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (most_bytes, most_bytes))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
