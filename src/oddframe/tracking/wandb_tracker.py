"""Weights & Biases: with a key at its server, without one as an offline folder in the run."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oddframe.errors import OddframeError
from oddframe.tracking.record import Point, RunRecord, step_of
from oddframe.tracking.state import read_state, write_state

if TYPE_CHECKING:
    from wandb import Run

PROJECT = "oddframe"
_FOLDER = "wandb"
_PARTIAL = ".wandb-partial-"
_PATIENCE_SECONDS = 20.0
_FINISH_SECONDS = 300.0


class WandbTracker:
    """Weights & Biases.

    W&B takes no id again of which a run was deleted, and drops steps that it has seen. So each
    upload to a server is a run of its own, and when it is complete those before it are deleted;
    ``tracking.json`` knows them. An offline folder is simply swapped for the new one.

    Args:
        where: ``PROJECT`` or ``ENTITY/PROJECT``.
        experiment: the project, where none is given.
    """

    name = "wandb"

    def __init__(self, where: str | None, experiment: str | None) -> None:
        entity, _, project = (where or "").rpartition("/")
        self._entity = entity or None
        default = experiment or os.environ.get("WANDB_PROJECT") or PROJECT
        self._project = project or default
        self._online: bool | None = None
        self._run: Run | None = None
        self._work: Path | None = None
        self._points = 0
        self._page = ""

    def upload(self, record: RunRecord) -> str:
        """Make the run anew, then take away what was there of it before."""
        self.close()
        _remove_partial(record.folder)
        with _told():
            if self._is_online():
                return self._upload_online(record)
            return self._upload_offline(record)

    def overview(self, sweep: Path) -> str:
        """The project with the trials, or where their offline folders are."""
        if self._page:
            return f"wandb: {self._page}"
        return f"wandb: {sweep / 'trials' / '*' / _FOLDER}, offline (send them with: wandb sync)"

    def viewer(self) -> str:
        """Nothing: W&B's server is there, and an offline folder has to be sent first."""
        return ""

    def follow(self, record: RunRecord) -> None:
        """Send new points to the server; nobody can watch an offline folder, so it has to wait."""
        with _told():
            if not self._is_online():
                return
            if self._run is None:
                _remove_partial(record.folder)
                self._work = _work_folder(record.folder)
                self._run = self._begin(record, self._next(record), self._work)
                self._points = 0
            for step, row in _rows(record.curve[self._points :]).items():
                self._run.log(row, step=step)
            self._points = len(record.curve)

    def close(self) -> None:
        """Let go of the run that was followed."""
        run, work = self._run, self._work
        self._run = self._work = None
        if run is not None:
            with _told():
                run.finish()
        if work is not None:
            shutil.rmtree(work, ignore_errors=True)

    def _is_online(self) -> bool:
        if self._online is None:
            import wandb

            wandb.setup(settings=wandb.Settings(silent=True, console="off"))
            mode = os.environ.get("WANDB_MODE", "online")
            self._online = mode == "online" and bool(wandb.login(prompt=False, verify=False))
        return self._online

    def _upload_offline(self, record: RunRecord) -> str:
        target = record.folder / _FOLDER
        work = _work_folder(record.folder)
        try:
            self._send(record, record.id, work)
            _end_service()
            made = next((work / _FOLDER).glob("offline-run-*"))
            data = made / f"run-{record.id}.wandb"
            if not data.is_file() or not data.stat().st_size:
                raise OddframeError(f"{target}: W&B wrote nothing; is the disk full?")
            if target.exists():
                target.replace(work / "before")
            (work / _FOLDER).replace(target)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        return f"wandb: {target / made.name}, offline (send it with: wandb sync)"

    def _upload_online(self, record: RunRecord) -> str:
        path = self._next(record)
        work = _work_folder(record.folder)
        try:
            address = self._send(record, path, work)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        self._delete_before(record, path)
        self._page = address.partition("/runs/")[0]
        return f"wandb: {address}"

    def _next(self, record: RunRecord) -> str:
        """Where the next run goes, remembered before it is begun: a killed one is known of too."""
        state = read_state(record.folder).get(self.name, {})
        generation = int(state.get("generation", 0)) + 1
        parts = (self._entity, self._project, f"{record.id}-{generation}")
        path = "/".join(part for part in parts if part)
        there = [*state.get("there", ()), path]
        write_state(record.folder, self.name, {"generation": generation, "there": there})
        return path

    def _delete_before(self, record: RunRecord, kept: str) -> None:
        import wandb

        state = read_state(record.folder)[self.name]
        for path in [path for path in state["there"] if path != kept]:
            try:
                wandb.Api(timeout=int(_PATIENCE_SECONDS)).run(path).delete()
            except (wandb.errors.CommError, ValueError) as error:
                # A run that was killed before it began, or that somebody deleted.
                if "not find" not in str(error).lower():
                    raise OddframeError(
                        f"{record.folder}: uploaded to W&B as {kept}, but the run {path} before "
                        f"it could not be deleted ({error}); repeat with: oddframe track "
                        f"{record.folder} --to wandb"
                    ) from error
            state["there"].remove(path)
            write_state(record.folder, self.name, state)

    def _begin(self, record: RunRecord, path: str, work: Path) -> Run:
        import wandb

        tags = {f"tag.{name}": value for name, value in record.tags.items()}
        return wandb.init(
            entity=self._entity,
            project=self._project,
            id=path.rpartition("/")[2],
            name=record.name,
            group=record.group,
            dir=str(work),
            config={**record.parameters, **tags},
            mode="online" if self._online else "offline",
            reinit="create_new",
            settings=wandb.Settings(
                silent=True,
                console="off",
                disable_git=True,
                save_code=False,
                x_disable_stats=True,
                x_disable_meta=True,
                x_save_requirements=False,
                init_timeout=_PATIENCE_SECONDS,
                finish_timeout=_FINISH_SECONDS,
                finish_timeout_raises=True,
                x_graphql_retry_max=2,
            ),
        )

    def _send(self, record: RunRecord, path: str, work: Path) -> str:
        """Everything; the address of the run at a server, or nothing."""
        import wandb

        run = self._begin(record, path, work)
        try:
            rows = _rows(record.curve)
            last = max(rows, default=0)
            for name, picture in record.pictures:
                step = step_of(name)
                row = rows.setdefault(last if step is None else step, {})
                row[name if step is None else "samples"] = wandb.Image(str(picture))
            for name, file in record.files:
                if file.suffix == ".html":
                    page = wandb.Html(file.read_text(encoding="utf-8"), inject=False)
                    rows.setdefault(max(rows, default=0), {})[name] = page
                # W&B has a config.yaml of its own beside these.
                copy = Path(run.dir, "run", name)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, copy)
                run.save(str(copy), base_path=run.dir, policy="now")
            for step in sorted(rows):
                run.log(rows[step], step=step)
            run.summary.update({"state": record.state, **_numbers(record)})
        except BaseException:
            run.finish(exit_code=1)
            raise
        run.finish(exit_code=1 if record.state == "failed" else 0)
        return run.url or ""


TRACKER = WandbTracker


@contextmanager
def _told() -> Generator[None]:
    """What W&B raises, in one line."""
    import wandb

    try:
        yield
    except (wandb.errors.Error, wandb.errors.UsageError, TimeoutError, OSError) as error:
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise OddframeError(f"W&B: {reason}") from error


def _end_service() -> None:
    """Wait until W&B's service has written the last bytes: it may write on after ``finish``.

    The service of a process in which somebody else has a run goes on.
    """
    import wandb

    if wandb.run is None:
        wandb.teardown()


def _work_folder(folder: Path) -> Path:
    return Path(tempfile.mkdtemp(prefix=_PARTIAL, dir=folder))


def _remove_partial(folder: Path) -> None:
    """What killed uploads left."""
    for path in folder.glob(f"{_PARTIAL}*"):
        shutil.rmtree(path, ignore_errors=True)


def _rows(points: tuple[Point, ...]) -> dict[int, dict[str, Any]]:
    rows: dict[int, dict[str, Any]] = {}
    for point in points:
        rows.setdefault(point.step, {})[point.name] = point.value
    return rows


def _numbers(record: RunRecord) -> Mapping[str, float]:
    """Each number, and the ends of its interval beside it."""
    numbers = {}
    for name, found in record.results.items():
        parts = {name: found.value, f"{name}.low": found.low, f"{name}.high": found.high}
        numbers |= {key: value for key, value in parts.items() if value is not None}
    return numbers
