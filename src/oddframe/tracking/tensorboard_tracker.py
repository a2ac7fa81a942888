"""TensorBoard: one folder of event files per run, always written whole."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oddframe.errors import OddframeError
from oddframe.evaluation.result import Measured
from oddframe.tracking.record import Point, RunRecord, step_of

if TYPE_CHECKING:
    from torch.utils.tensorboard import FileWriter

_PARTIAL = ".partial-"


class TensorboardTracker:
    """Event files, by default in ``tensorboard/`` of the run folder.

    Args:
        where: a folder for the event files of many runs, each in ``<name>-<id>``.
        experiment: a folder in it; TensorBoard has no experiments of its own.
    """

    name = "tensorboard"

    def __init__(self, where: str | None, experiment: str | None) -> None:
        self._parent = Path(where).absolute() if where else None
        self._experiment = experiment
        self._writer: FileWriter | None = None
        self._points = 0
        self._pictures: set[str] = set()

    def upload(self, record: RunRecord) -> str:
        """Write the run's folder anew beside the old one, then swap them."""
        self.close()
        target = self._target(record)
        with _one_line(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            # What killed uploads and earlier names of the run left.
            for path in self._others(record, target):
                shutil.rmtree(path)
            partial = Path(tempfile.mkdtemp(prefix=self._partial(record), dir=target.parent))
            try:
                _write_whole(partial, record)
                _swap(partial, target)
            finally:
                shutil.rmtree(partial, ignore_errors=True)
        how = f" (look at it with: tensorboard --logdir {target.parent})"
        return f"tensorboard: {target}{'' if self._parent else how}"

    def overview(self, sweep: Path) -> str:
        """The folder with the event files of all trials."""
        if self._parent is None:
            return f"tensorboard: look at it with: tensorboard --logdir {sweep / 'trials'}"
        return f"tensorboard: {self._group()}"

    def viewer(self) -> str:
        """The command for the folder of many runs; without one, each line has its own."""
        return f"look at it with: tensorboard --logdir {self._group()}" if self._parent else ""

    def follow(self, record: RunRecord) -> None:
        """Append new points and sample pictures to the run's folder, which is begun anew."""
        target = self._target(record)
        with _one_line(target):
            try:
                self._append(record, target)
            except OSError:
                self.close()  # the next begins anew
                raise

    def _append(self, record: RunRecord, target: Path) -> None:
        if self._writer is None:
            for path in [*self._others(record, target), *([target] * target.is_dir())]:
                shutil.rmtree(path)
            self._writer = _begin(target, record)
            self._points, self._pictures = 0, set()
        _write_points(self._writer, record.curve[self._points :])
        self._points = len(record.curve)
        new = [entry for entry in record.pictures if entry[0] not in self._pictures]
        _write_pictures(self._writer, new, 0)
        self._pictures.update(name for name, _ in new)
        self._writer.flush()

    def close(self) -> None:
        """Close the event file."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _target(self, record: RunRecord) -> Path:
        if self._parent is None:
            return record.folder / "tensorboard"
        return self._group() / f"{record.name}-{record.id[:8]}"

    def _group(self) -> Path:
        assert self._parent is not None
        return self._parent / self._experiment if self._experiment else self._parent

    def _partial(self, record: RunRecord) -> str:
        return f"{_PARTIAL}{record.id[:8]}-"

    def _others(self, record: RunRecord, target: Path) -> list[Path]:
        names = [f"{self._partial(record)}*"]
        if self._parent is not None:
            names.append(f"*-{record.id[:8]}")
        return [path for name in names for path in target.parent.glob(name) if path != target]


TRACKER = TensorboardTracker


@contextmanager
def _one_line(target: Path) -> Generator[None]:
    """Says in one line that a disk is full; the thread that writes would print a traceback."""
    before = threading.excepthook

    def without_disk(error: threading.ExceptHookArgs) -> None:
        if not isinstance(error.exc_value, OSError):
            before(error)

    threading.excepthook = without_disk
    try:
        yield
    except OSError as error:
        raise OddframeError(
            f"{target}: cannot write for TensorBoard ({error.strerror or error}); free some space "
            "or give another folder with tensorboard=FOLDER"
        ) from error
    finally:
        threading.excepthook = before


def _swap(partial: Path, target: Path) -> None:
    umask = os.umask(0)
    os.umask(umask)
    partial.chmod(0o777 & ~umask)  # mkdtemp makes folders private
    if target.exists():
        old = Path(tempfile.mkdtemp(prefix=f"{partial.name}-", dir=target.parent))
        target.replace(old)
        partial.replace(target)
        shutil.rmtree(old)
    else:
        partial.replace(target)


def _begin(target: Path, record: RunRecord) -> FileWriter:
    from tensorboard.compat.proto import event_pb2
    from torch.utils.tensorboard import FileWriter
    from torch.utils.tensorboard.summary import text

    target.mkdir(parents=True, exist_ok=True)
    writer = FileWriter(target)
    # A TensorBoard that is open on the folder forgets the values of the files before.
    messages: Any = event_pb2  # made by protoc, so no type checker sees its classes
    begin = messages.SessionLog(status=messages.SessionLog.START)
    writer.add_event(messages.Event(session_log=begin), 0)
    facts = {**record.parameters, **{f"tag {name}": value for name, value in record.tags.items()}}
    rows = "\n".join(f"| {name} | {_cell(value)} |" for name, value in facts.items())
    writer.add_summary(text("configuration", f"| | |\n|---|---|\n{rows}"), 0)
    return writer


def _cell(value: Any) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")


def _write_whole(folder: Path, record: RunRecord) -> None:
    writer = _begin(folder, record)
    try:
        _write_points(writer, record.curve)
        _write_pictures(writer, record.pictures, _last(record))
        _write_results(writer, record)
        writer.flush()  # unlike close, it says when the disk is full
    finally:
        writer.close()


def _last(record: RunRecord) -> int:
    return max((point.step for point in record.curve), default=0)


def _write_results(writer: FileWriter, record: RunRecord) -> None:
    from torch.utils.tensorboard.summary import hparams, scalar, text

    last, numbers = _last(record), _numbers(record.results)
    for name, value in numbers.items():
        writer.add_summary(scalar(name, value), last)
    files = "\n".join(f"- {name}: `{path}`" for name, path in record.files)
    texts = {"results": _results_table(record), "files": files, "state": record.state}
    for name, value in texts.items():
        writer.add_summary(text(name, value), last)
    # The table of runs: what was set beside what came out.
    for summary in hparams(
        dict(record.parameters), {name: numbers[name] for name in record.results}
    ):
        writer.add_summary(summary, 0)


def _numbers(results: dict[str, Measured]) -> dict[str, float]:
    """Each number, and the ends of its interval beside it."""
    numbers = {}
    for name, found in results.items():
        parts = {name: found.value, f"{name}.low": found.low, f"{name}.high": found.high}
        numbers |= {key: value for key, value in parts.items() if value is not None}
    return numbers


def _results_table(record: RunRecord) -> str:
    rows = [
        f"| {_cell(name)} | {found.value} | {found.low} | {found.high} |"
        for name, found in record.results.items()
    ]
    return "\n".join(["| | value | 95 % from | to |", "|---|---|---|---|", *rows])


def _write_points(writer: FileWriter, points: Iterable[Point]) -> None:
    from torch.utils.tensorboard.summary import scalar

    for point in points:
        writer.add_summary(scalar(point.name, point.value), point.step)


def _write_pictures(
    writer: FileWriter, pictures: Iterable[tuple[str, Path]], otherwise: int
) -> None:
    """The PNG files as they are; samples of one training share a slider over its steps."""
    import cv2
    from tensorboard.compat.proto import summary_pb2

    messages: Any = summary_pb2
    for name, path in pictures:
        image = cv2.imread(str(path))
        if image is None:
            raise OddframeError(f"{path}: cannot be read as a picture; delete it")
        step = step_of(name)
        content = messages.Summary.Image(
            height=image.shape[0],
            width=image.shape[1],
            colorspace=3,
            encoded_image_string=path.read_bytes(),
        )
        value = messages.Summary.Value(tag=name if step is None else "samples", image=content)
        writer.add_summary(messages.Summary(value=[value]), otherwise if step is None else step)
