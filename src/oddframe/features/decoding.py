"""The frames that a backbone looks at, decoded in a thread while the network runs."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import cv2
import numpy as np

from oddframe.errors import OddframeError
from oddframe.features.backbones import Backbone
from oddframe.features.crops import cut, resized
from oddframe.videos.manifest import Manifest
from oddframe.videos.opening import open_footage
from oddframe.videos.video import Video


def snippet_clips(
    manifest: Manifest, video: Video, table: np.ndarray, layout: str, backbone: Backbone
) -> Iterator[np.ndarray]:
    """The crops of each snippet, uint8 ``(crops, used, side, side, 3)``."""
    side = backbone.input_size
    wanted = set(table.ravel().tolist())
    held: dict[int, np.ndarray] = {}
    row = 0
    seen = 0
    with open_footage(manifest, video) as reader:
        size = resized(layout, reader.info.width, reader.info.height, side)
        for frame in reader:
            seen = frame.index + 1
            if frame.index not in wanted:
                continue
            held[frame.index] = cut(frame.rgb(size), layout, side)
            while row < len(table) and table[row, -1] == frame.index:
                yield np.stack([held[index] for index in table[row].tolist()], axis=1)
                row += 1
                first = table[row, 0] if row < len(table) else seen
                held = {index: crops for index, crops in held.items() if index >= first}
    if seen != video.frames:
        raise OddframeError(
            f"{manifest.locate(video)}: expected {video.frames} frames, found {seen}; the file was "
            "cut short or changed: copy it again, or run 'oddframe prepare' again"
        )


@contextmanager
def opencv_in_one_thread() -> Generator[None]:
    """OpenCV resizes small images; its threads would take the network's cores."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


@contextmanager
def ahead(items: Iterable[Any], depth: int) -> Generator[Iterator[Any]]:
    """Iterate in a thread, at most ``depth`` items ahead; the thread ends with the block."""
    waiting: queue.Queue[tuple[Any, BaseException | None]] = queue.Queue(depth)
    stopped = threading.Event()
    end = object()

    def put(item: Any, error: BaseException | None = None) -> bool:
        while not stopped.is_set():
            try:
                waiting.put((item, error), timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    def work() -> None:
        try:
            for item in items:
                if not put(item):
                    return
        except BaseException as error:
            put(end, error)
        else:
            put(end)

    def taken() -> Iterator[Any]:
        while True:
            item, error = waiting.get()
            if error is not None:
                raise error
            if item is end:
                return
            yield item

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield taken()
    finally:
        stopped.set()
        thread.join()
