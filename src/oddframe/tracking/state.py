"""``tracking.json`` in a run folder: the run's id, and what trackers must remember of it."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from oddframe.errors import OddframeError
from oddframe.files.atomic import write_json

STATE = "tracking.json"
LOCK = ".tracking.lock"
_CHANGING = threading.Lock()
"""Several trackers follow one training, each in a thread, and all must find one id."""


def run_id(folder: Path) -> str:
    """The id under which trackers know a run folder; made up on first use, then kept.

    Raises:
        OddframeError: ``tracking.json`` is damaged or cannot be written.
    """
    with _CHANGING:
        state = read_state(folder)
        if "id" not in state:
            state["id"] = uuid.uuid4().hex
            write_json(folder / STATE, state)
    return str(state["id"])


def read_state(folder: Path) -> dict[str, Any]:
    """What ``tracking.json`` holds: ``id``, and a mapping under each tracker's name.

    Raises:
        OddframeError: it is damaged.
    """
    path = folder / STATE
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(state, dict):
            raise ValueError(f"a {type(state).__name__}")
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise OddframeError(
            f"{path}: expected the run's id as JSON, found {error}; delete it, and the run is "
            "tracked as a new one"
        ) from error
    return state


def write_state(folder: Path, tracker: str, values: Mapping[str, Any]) -> None:
    """Keep what a tracker must remember of a run, in place of what it kept before.

    Raises:
        OddframeError: the file cannot be written.
    """
    with _CHANGING:
        write_json(folder / STATE, {**read_state(folder), tracker: dict(values)})


@contextmanager
def held(folder: Path) -> Generator[None]:
    """Be the only process that tracks a run: two uploads at once would make it twice.

    Raises:
        OddframeError: another one does, or the folder cannot be written.
    """
    lock = FileLock(folder / LOCK, timeout=0, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        raise OddframeError(
            f"{folder}: another process tracks this run now, its training or an 'oddframe track'; "
            "wait until it is done"
        ) from None
    except OSError as error:
        raise OddframeError(
            f"{folder}: cannot be tracked, since it cannot be written ({error.strerror or error})"
        ) from error
    try:
        yield
    finally:
        lock.release()
