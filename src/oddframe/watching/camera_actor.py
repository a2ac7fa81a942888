"""A camera that is watched on a machine of a cluster: what runs there, in a process of its own."""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from oddframe.alerts.message import Message
from oddframe.alerts.sink import CameraState
from oddframe.cameras.cameras_file import Camera
from oddframe.errors import OddframeError
from oddframe.journal.live_event import LiveEvent
from oddframe.journal.retention import Room
from oddframe.journal.state_folder import StateFolder
from oddframe.runs.run_folder import read_run
from oddframe.sources.tally import ReaderState
from oddframe.watching.camera import WatchedCamera
from oddframe.watching.counts import CameraCounts
from oddframe.watching.outside import Outside
from oddframe.watching.plan import plan_of
from oddframe.watching.post import FarJournal, Item, Post
from oddframe.watching.spare_memory import SpareMemory


@dataclass(frozen=True)
class Begin:
    """What a camera is begun with.

    Attributes:
        camera: it; paths in it are absolute.
        root: the state folder, absolute.
        past: its events that a budget counts.
    """

    camera: Camera
    root: Path
    past: list[LiveEvent]


@dataclass(frozen=True)
class Orders:
    """What a camera is told each time that it is asked for news.

    Attributes:
        on: whether a person wants to be told of it, whatever its schedule says.
        rate: see :meth:`WatchedCamera.thin`.
        stop: whether it is to end.
        answers: what came of what it asked, by number.
    """

    on: bool
    rate: float
    stop: bool
    answers: Mapping[int, Any]


@dataclass(frozen=True)
class News:
    """What a camera says of itself.

    Attributes:
        items: what is to be done for it, in order.
        state, counts, loss: as of :class:`WatchedCamera`.
        still: seconds since its thread moved.
        through: whether its source is.
        ended: whether it has ended in whatever way, and there are no further news.
    """

    items: list[Item]
    state: ReaderState
    counts: CameraCounts
    loss: str
    still: float
    through: bool
    ended: bool


class CameraActor:
    """The actor. What it is given and answers are plain values, or pickled ones."""

    _camera: WatchedCamera

    def __init__(self) -> None:
        self._post, self._on = Post(), True
        self._memory = SpareMemory()
        # Ray starts its workers with hardly any priority (nice 15), but alarms must not wait for
        # others: as the node itself, where we may.
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, 0, os.getpriority(os.PRIO_PROCESS, os.getppid()))

    def begin(self, begin: Begin) -> str:
        """Watch; why that cannot be, a line, ``""`` if it can."""
        try:
            self._begin(begin)
        except OddframeError as error:
            return str(error)
        return ""

    def news(self, orders: Orders, wait: float) -> bytes:
        """Pickled :class:`News`, as soon as some are urgent, or after ``wait`` seconds."""
        camera, post = self._camera, self._post
        self._on = orders.on
        camera.thin(orders.rate)
        post.answer(orders.answers)
        if orders.stop:
            camera.ask_to_stop()
        self._memory.tend()
        ended = camera.has_ended
        news = News(
            post.fetch(wait),
            camera.state,
            camera.counts,
            camera.loss,
            time.monotonic() - camera.moved,
            camera.is_over,
            ended,
        )
        return pickle.dumps(news)

    def _begin(self, begin: Begin) -> None:
        state, camera, post = StateFolder(begin.root), begin.camera, self._post
        if not state.journal.is_file():
            raise OddframeError(
                f"{begin.root}: not the folder of the process that watches; --ray needs --state on "
                "a path that all machines share"
            )
        plan = plan_of(camera, read_run(camera.run))

        def room(_: Camera, now: float, coming: int) -> Room:
            return post.ask("room", now, coming)

        def send(message: Message, to: tuple[str, ...]) -> None:
            post.put("send", message, to)

        def show(name: str, shown: CameraState) -> None:
            post.put("show", name, shown, urgent=False)

        outside = Outside(
            FarJournal(state, begin.past, post),
            room,
            send,
            show,
            partial(post.put, "say"),
            partial(post.put, "look"),
        )
        self._camera = WatchedCamera(plan, outside, lambda: self._on)
        self._camera.start()
