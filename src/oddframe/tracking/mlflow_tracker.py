"""MLflow as a tracker: a run of ours is one MLflow run, found again by a tag with its id.

What is sent is what MLflow does not have yet. Where it holds something that the run folder no
longer says (other parameters, another value at a step), its run is deleted, as with its page's
button, and made anew: MLflow keeps parameters and values for ever.
"""

from __future__ import annotations

import getpass
import math
import re
import shutil
import sys
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from oddframe.errors import OddframeError
from oddframe.tracking.mlflow_connection import (
    address_of,
    alone,
    artifact_folder,
    connect,
    in_one_line,
    page_of,
    start_of_pages,
)
from oddframe.tracking.mlflow_words import (
    Value,
    allowed_name,
    curve_values,
    file_name,
    result_values,
    tag_entities,
    tags_of,
)
from oddframe.tracking.record import Point, RunRecord, log_of_training
from oddframe.tracking.state import run_id

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

ID = "oddframe.id"
SWEEP = "oddframe.sweep"
_EXPERIMENT = "oddframe"
_STATUS = {"unfinished": "RUNNING", "finished": "FINISHED", "failed": "FAILED"}
_VALUES_AT_ONCE, _PARAMETERS_AT_ONCE = 1000, 100
_LONGEST_PARAMETER = 6000
_LARGEST = sys.float_info.max


class MlflowTracker:
    """Sends runs to MLflow; nothing is reached before the first of them."""

    name = "mlflow"

    def __init__(self, where: str | None = None, experiment: str | None = None) -> None:
        """Choose the place.

        Args:
            where: ``http://host:port`` or ``sqlite:///file``; by default ``$MLFLOW_TRACKING_URI``
                or, without it, ``mlflow.db`` in the current folder.
            experiment: the experiment's name; by default that of the run's sweep, or
                ``oddframe`` for a run of no sweep.

        Raises:
            OddframeError: not an address.
        """
        self._address = address_of(where)
        self._experiment = experiment
        self._opened: MlflowClient | None = None
        self._followed: dict[str, tuple[Run, tuple[Point, ...]]] = {}

    def upload(self, record: RunRecord) -> str:
        """Send the whole run; again after a failure, or when it has changed.

        Returns:
            A line that says where to look.

        Raises:
            OddframeError: MLflow cannot be reached or refuses something.
        """
        with in_one_line(self._address):
            run = self._fill(record)
            self._send_files(run, record)
            # Last: a run that says it is finished is whole.
            self._client.log_batch(run.info.run_id, tags=tag_entities(tags_of(record)))
            self._set_status(run, record)
            self._delete_elsewhere(run, record.id)
            page = page_of(self._address, run.info.experiment_id, run.info.run_id)
        return f"{record.name} is in MLflow: {page}"

    def overview(self, sweep: Path) -> str:
        """A line with the page of the experiment that has the sweep's trials.

        Raises:
            OddframeError: MLflow cannot be reached.
        """
        with in_one_line(self._address):
            page = page_of(self._address, self._experiment_id(sweep.name))
        return f"{sweep.name} is in MLflow: {page}"

    def viewer(self) -> str:
        """The command that starts the pages, unless there is a server."""
        return start_of_pages(self._address)

    def follow(self, record: RunRecord) -> None:
        """During training: send the values since the last call.

        Raises:
            OddframeError: MLflow cannot be reached or refuses something.
        """
        with in_one_line(self._address):
            run, sent = self._followed.get(record.id, (None, ()))
            if run is None or record.curve[: len(sent)] != sent:
                run = self._fill(record)
                self._set_status(run, record)
            else:
                self._send_values(run, curve_values(record.curve[len(sent) :]))
            self._followed[record.id] = (run, record.curve)

    def close(self) -> None:
        """Forget the client and what was followed."""
        self._opened = None
        self._followed.clear()

    @property
    def _client(self) -> MlflowClient:
        if self._opened is None:
            self._opened = connect(self._address)
        return self._opened

    def _fill(self, record: RunRecord) -> Run:
        """Find or make the run, and send the parameters and values that it lacks."""
        from mlflow.entities import Param

        experiment = self._experiment_id(record.group)
        values = [*curve_values(record.curve), *result_values(record.results)]
        parameters = {
            allowed_name(name): str(value)[:_LONGEST_PARAMETER]
            for name, value in record.parameters.items()
        }
        run = self._find(experiment, record.id)
        sent = self._values_of(run) if run else set()
        if run and not (run.data.params.items() <= parameters.items() and sent <= set(values)):
            self._client.delete_run(run.info.run_id)
            run, sent = None, set()
        if run is None:
            run = self._create(experiment, record)
        missing = [item for item in parameters.items() if item not in run.data.params.items()]
        for batch in _batches([Param(*item) for item in missing], _PARAMETERS_AT_ONCE):
            self._client.log_batch(run.info.run_id, params=batch)
        self._send_values(run, [value for value in values if value not in sent])
        return run

    def _find(self, experiment: str, identity: str) -> Run | None:
        """The active run with this id; of two that were made at once, one is deleted."""
        found = self._client.search_runs([experiment], f"tags.`{ID}` = '{identity}'")
        found = sorted(found, key=lambda run: (run.info.start_time, run.info.run_id))
        for run in found[1:]:
            self._client.delete_run(run.info.run_id)
        return found[0] if found else None

    def _delete_elsewhere(self, run: Run, identity: str) -> None:
        """Delete what an upload under another experiment left of a run."""
        known = [each.experiment_id for each in self._client.search_experiments()]
        others = [place for place in known if place != run.info.experiment_id]
        found = self._client.search_runs(others, f"tags.`{ID}` = '{identity}'") if others else []
        for old in found:
            self._client.delete_run(old.info.run_id)

    def _create(self, experiment: str, record: RunRecord) -> Run:
        tags = {ID: record.id, "mlflow.source.name": "oddframe", **_user()}
        if record.group is not None:
            tags["mlflow.parentRunId"] = self._parent(experiment, record)
        logged = _logged_times(record.folder)
        return self._made(experiment, record.name, tags, logged[0] if logged else None)

    def _made(self, experiment: str, name: str, tags: dict[str, str], began: int | None) -> Run:
        self._client.create_run(experiment, run_name=name, tags=tags, start_time=began)
        run = self._find(experiment, tags[ID])
        if run is None:
            raise OddframeError("the run was deleted while it was filled")
        return run

    def _parent(self, experiment: str, record: RunRecord) -> str:
        """The run that stands for the whole sweep, over its trials."""
        sweep = record.folder.parent.parent
        with alone(sweep):
            identity = run_id(sweep)
            run = self._find(experiment, identity)
            if run is None:
                tags = {ID: identity, SWEEP: str(sweep), "mlflow.source.name": "oddframe"}
                run = self._made(experiment, sweep.name, {**tags, **_user()}, None)
        return run.info.run_id

    def _values_of(self, run: Run) -> set[Value]:
        return {
            (name, point.step, point.value if math.isfinite(point.value) else _LARGEST)
            for name in run.data.metrics
            for point in self._client.get_metric_history(run.info.run_id, name)
        }

    def _send_values(self, run: Run, values: Iterable[Value]) -> None:
        from mlflow.entities import Metric

        # The same time for the same step whenever it is sent: MLflow drops exact repeats.
        began = run.info.start_time
        metrics = [Metric(name, value, began + step, step) for name, step, value in values]
        for batch in _batches(metrics, _VALUES_AT_ONCE):
            self._client.log_batch(run.info.run_id, metrics=batch)

    def _send_files(self, run: Run, record: RunRecord) -> None:
        pictures = ((f"{name}{path.suffix}", path) for name, path in record.pictures)
        with tempfile.TemporaryDirectory() as renamed:
            for name, path in (*record.files, *pictures):
                place = PurePosixPath(file_name(name))
                if path.name != place.name:
                    path = Path(shutil.copyfile(path, Path(renamed) / place.name))
                inside = None if place.parent == PurePosixPath() else str(place.parent)
                self._client.log_artifact(run.info.run_id, str(path), inside)

    def _set_status(self, run: Run, record: RunRecord) -> None:
        logged = _logged_times(record.folder)
        self._change_status(run, _STATUS[record.state], logged[1] if logged else None)
        parent = run.data.tags.get("mlflow.parentRunId")
        if parent is not None:
            # A sweep is as finished as those of its trials that are known.
            under_way = self._client.search_runs(
                [run.info.experiment_id],
                f"tags.`mlflow.parentRunId` = '{parent}' and attributes.status = 'RUNNING'",
                max_results=1,
            )
            self._change_status(
                self._client.get_run(parent), "RUNNING" if under_way else "FINISHED"
            )

    def _change_status(self, run: Run, status: str, ended: int | None = None) -> None:
        if run.info.status == status:
            return
        if status == "RUNNING":
            self._client.update_run(run.info.run_id, status)
        else:
            self._client.set_terminated(run.info.run_id, status, ended)

    def _experiment_id(self, sweep: str | None) -> str:
        from mlflow.exceptions import MlflowException

        name = self._experiment or sweep or _EXPERIMENT
        found = self._client.get_experiment_by_name(name)
        if found is None:
            try:
                return self._client.create_experiment(
                    name,
                    artifact_location=self._new_artifact_folder(name),
                    # The page shows training runs, without asking first what is meant.
                    tags={"mlflow.experimentKind": "custom_model_development"},
                )
            except MlflowException:
                # Another upload may have made it in the meantime.
                found = self._client.get_experiment_by_name(name)
                if found is None:
                    raise
        if found.lifecycle_stage != "active":
            raise OddframeError(
                f"mlflow: the experiment '{name}' was deleted; restore it with 'mlflow experiments "
                f"restore -x {found.experiment_id}', or give another name with --experiment"
            )
        return found.experiment_id

    def _new_artifact_folder(self, experiment: str) -> str | None:
        """A folder of its own, because 'mlflow gc' deletes an experiment's whole folder."""
        folder = artifact_folder(self._address)
        if folder is None:
            return None
        name = re.sub(r"[^\w.-]+", "-", experiment)[:60].strip(".")
        return (folder / f"{name}-{uuid.uuid4().hex[:8]}").as_uri()


TRACKER = MlflowTracker


def _batches(items: list[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _logged_times(folder: Path) -> tuple[int, int] | None:
    """When the first and the last line on the training were written, milliseconds since 1970."""
    with suppress(OSError, ValueError, IndexError):
        lines = log_of_training(folder)
        first, last = (
            datetime.strptime(line[:19], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp()
            for line in (lines[0], lines[-1])
        )
        return round(first * 1000), round(last * 1000)
    return None


def _user() -> dict[str, str]:
    # A container may know no name for who runs it.
    with suppress(OSError, KeyError):
        return {"mlflow.user": getpass.getuser()}
    return {}
