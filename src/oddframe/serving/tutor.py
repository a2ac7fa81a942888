"""A person's word on the page teaches the run of the camera: one event after another, aside.

What is wanted is what the journal says; what is there is what the run was taught. The tutor makes
the second follow the first, so that a server that is stopped goes on where it was. A word that is
taken back is taken back from the run; what was taught by hand of an event on which there is no word
is left alone, so the tutor keeps which events it taught itself.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from oddframe.detectors.teachable import is_teachable
from oddframe.errors import OddframeError, in_words
from oddframe.files.atomic import write_json
from oddframe.files.plain_values import typed
from oddframe.files.text_files import read_json
from oddframe.journal.live_event import LiveEvent, time_of_id
from oddframe.journal.question import Question
from oddframe.journal.reading import JournalReader
from oddframe.processes.aside import begin_aside
from oddframe.runs.lessons import Versions, read_versions
from oddframe.serving.site import SeenCamera, SeenWatch

GRACE = 10.0
"""Seconds in which a person may think better of it before a run is taught."""
_LOOK = 1.0
_LONGEST = 900.0
"""Seconds that one lesson may take."""
_MOST = 100
"""Events of a camera, the newest of each word, that are looked at beside those just judged."""
_TAUGHT = "taught.json"
_WRITING = 2.0
"""Seconds after the last frame of a film in which it is written to its end."""


@dataclass(frozen=True)
class _Task:
    """What is to be done: the run, the words of ``learn`` after it, for which event, and whether it
    can be: an event that goes on has no whole film yet."""

    run: Path
    words: tuple[str, ...]
    event: str
    is_ready: bool = True

    @property
    def teaches(self) -> bool:
        """Whether it teaches, and takes nothing back."""
        return self.words[0] != "--undo"


class Tutor:
    """Teaches the runs of cameras that are watched.

    Args:
        reader: says what persons said.
        watch: its cameras, which take a run that was taught.
        say: takes a line for a person.
        grace: see :data:`GRACE`.
    """

    def __init__(
        self,
        reader: JournalReader,
        watch: SeenWatch,
        say: Callable[[str], None],
        grace: float = GRACE,
    ) -> None:
        self._reader, self._watch, self._say, self._grace = reader, watch, say, grace
        self._since: dict[tuple[str, str | None], float] = {}
        self._asked: set[str] = set()
        self._failed: dict[str, str] = {}
        self._troubles: dict[str, str] = {}
        self._going: dict[_Task, None] = {}
        self._learning = ""
        self._stopping, self._woken = threading.Event(), threading.Event()
        self._woken.set()  # what was said before this process began
        self._thread = threading.Thread(target=self._go_on, name="oddframe-tutor", daemon=True)

    @contextmanager
    def at_work(self) -> Generator[Tutor]:
        """Teach, until the block is over; a lesson that is being learnt is given up."""
        self._thread.start()
        try:
            yield self
        finally:
            self._stopping.set()
            self._woken.set()
            self._thread.join(10.0)

    def said(self, event_ids: Iterable[str]) -> None:
        """A person just said something of these events: also what failed is tried again."""
        for event_id in event_ids:
            self._asked.add(event_id)
            self._failed.pop(event_id, None)
            for key in [key for key in list(self._since) if key[0] == event_id]:
                self._since.pop(key, None)  # the time to think begins anew, also for another person
        self._woken.set()

    def take_back(self, run: Path, version: int) -> None:
        """A person wants a run to be without what a version was taught, whatever was said."""
        task = _back(run, version)
        self._failed.pop(task.event, None)
        self._going[task] = None
        self._woken.set()

    def going(self, run: Path, version: int) -> str:
        """Whether a version's lessons are being taken back, or why they were not."""
        task = _back(run, version)
        if task in self._going:
            return "is being taken back"
        failed = self._failed.get(task.event)
        return f"not taken back: {failed}" if failed else ""

    def status(self, event: LiveEvent) -> str:
        """What became of the word on an event."""
        if failed := self._failed.get(event.id):
            return f"not taught: {failed}"
        if event.verdict not in ("normal", "odd"):
            return ""
        with suppress(OddframeError):
            for version in read_versions(Path(event.run)).holding:
                for note in version.lessons:
                    if note.of == event.id and note.word == event.verdict:
                        return f"taught, version {version.number}" + f"; {note.left}" * bool(
                            note.left
                        )
        if event.id == self._learning:
            return "is being taught"
        camera = next((one for one in self._watch.cameras if one.name == event.camera), None)
        if camera is None or not is_teachable(camera.plan.detector):
            return ""
        if Path(event.run) != camera.plan.run.folder:
            return "not taught: another run judges the camera by now"
        return "will be taught in a moment" if event.id in self._asked else ""

    def _go_on(self) -> None:
        while not self._stopping.is_set():
            self._woken.wait()
            self._woken.clear()
            try:
                self._do_all()
            except Exception as error:  # a disk that is gone, a file that somebody mends
                self._say(f"teaching: {in_words(error)}")
                self._stopping.wait(60.0)
                self._woken.set()

    def _do_all(self) -> None:
        """Do what there is to do, the first that is due at a time, until there is nothing."""
        while not self._stopping.wait(_LOOK) and (tasks := list(self._tasks())):
            due = next((task for task in tasks if self._is_due(task)), None)
            if due is not None:
                self._do(due)

    def _tasks(self) -> Iterator[_Task]:
        """What is to be done, whenever it is due."""
        yield from list(self._going)
        for camera in self._watch.cameras:
            if not is_teachable(camera.plan.detector):
                continue
            try:
                versions = read_versions(camera.plan.run.folder)
            except OddframeError as error:  # the others are taught
                if self._troubles.get(camera.name) != str(error):
                    self._troubles[camera.name] = str(error)
                    self._say(f"teaching: {error}")
                continue
            yield from self._to_take_back(camera, versions)
            yield from self._to_teach(camera, versions)

    def _to_take_back(self, camera: SeenCamera, versions: Versions) -> Iterable[_Task]:
        own = self._taught()
        for version in versions.holding:
            if len(version.lessons) != 1 or not _is_event(version.lessons[0].of):
                continue  # taught by hand: by hand it is taken back
            note = version.lessons[0]
            event = self._reader.event(note.of)
            if event is None or event.camera != camera.name or event.verdict == note.word:
                continue
            if event.verdict in ("normal", "odd") or event.id in own:
                words = "--undo", "--version", str(version.number)
                yield _Task(versions.folder, words, event.id)

    def _to_teach(self, camera: SeenCamera, versions: Versions) -> Iterable[_Task]:
        ever = {(note.of, note.word) for one in versions.versions for note in one.lessons}
        holds = {(note.of, note.word) for note in versions.lessons}
        for event in self._judged(camera.name):
            said = event.id, event.verdict
            if said in holds:
                self._asked.discard(event.id)  # taken back by hand later, it is not taught again
            known = said in ever and event.id not in self._asked
            of_this_run = Path(event.run) == versions.folder
            if known or not of_this_run or said in holds or event.id in self._failed:
                continue
            words = str(self._reader.state.root), f"--{event.verdict}", event.id
            filmed = math.inf if event.end is None else event.end + camera.plan.camera.post_roll
            is_ready = time.time() > filmed + _WRITING
            yield _Task(versions.folder, words, event.id, is_ready)

    def _judged(self, camera: str) -> list[LiveEvent]:
        """Events that persons called normal or odd: the newest, and those just judged."""
        found = [
            event
            for word in ("normal", "odd")
            for event in self._reader.events(Question(camera, state=word, most=_MOST))
        ]
        for event_id in self._asked - {event.id for event in found}:
            event = self._reader.event(event_id)
            if event is None or event.verdict not in ("normal", "odd"):
                self._asked.discard(event_id)
            elif event.camera == camera:
                found.append(event)
        return found

    def _is_due(self, task: _Task) -> bool:
        """Whether nobody thought better of it for a while; a version is named with care."""
        if task in self._going:
            return True
        now, key = time.monotonic(), (task.event, task.words[1])
        return now - self._since.setdefault(key, now) >= self._grace and task.is_ready

    def _do(self, task: _Task) -> None:
        since = list(self._since.items())
        self._since = {key: at for key, at in since if key[0] != task.event}
        if task.teaches:
            self._asked.discard(task.event)
            self._keep_taught(self._taught() | {task.event})
        self._learning = task.event
        status, said = self._learn(task)
        self._learning = ""
        self._going.pop(task, None)
        if self._stopping.is_set():
            return
        if status:
            self._failed[task.event] = said
            self._say(f"teaching, {task.event}: {said}")
            return
        if not task.teaches:
            self._keep_taught(self._taught() - {task.event})
        self._say(said)
        self._watch.read_again()

    def _learn(self, task: _Task) -> tuple[int, str]:
        """Learn in a process of its own, which leaves the processors to the cameras."""
        log = self._reader.state.root / "learning" / "lessons.txt"
        lesson = begin_aside(["learn", str(task.run), *task.words], log)
        until = time.monotonic() + _LONGEST
        while (status := lesson.wait(0.5)) is None:
            if self._stopping.is_set() or time.monotonic() > until:
                lesson.stop()
                return 1, f"it took longer than {_LONGEST:g} s"
        lines = lesson.said() or [f"its process ended with status {status}"]
        if status:
            return status, lines[-1].removeprefix("oddframe: ")
        if nothing := [line for line in lines if line.startswith(f"{task.event}: ")]:
            return 1, nothing[0].removeprefix(f"{task.event}: ")
        return 0, next((line for line in lines if " is version " in line), lines[-1])

    def _taught(self) -> set[str]:
        """Ids of the events that this tutor, or one before it, taught a run of."""
        path = self._own_file
        if not path.is_file():
            return set()
        return set(typed(read_json(path, "what was taught"), tuple[str, ...], str(path)))

    def _keep_taught(self, ids: set[str]) -> None:
        write_json(self._own_file, sorted(ids))

    @property
    def _own_file(self) -> Path:
        return self._reader.state.root / "learning" / _TAUGHT


def _back(run: Path, version: int) -> _Task:
    return _Task(run, ("--undo", "--version", str(version)), f"version {version} of {run}")


def _is_event(name: str) -> bool:
    try:
        time_of_id(name)
    except OddframeError:
        return False
    return True
