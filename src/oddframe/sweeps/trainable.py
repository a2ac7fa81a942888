"""A trial as Ray Tune runs it: an actor that starts the trial's process and reports its curve."""

from __future__ import annotations

import socket
import time
from collections import deque
from pathlib import Path
from typing import Any

import ray
from ray import tune

from oddframe.sweeps.folder import SweepFolder
from oddframe.sweeps.trial_child import TrialChild

STEP = "step"
"""The result's key for the training step."""
_POLL_SECONDS = 0.5
_REPORT_SECONDS = 5.0
"""An actor answers nobody while it is inside ``step``, so it comes back often."""


class TrialFailedError(Exception):
    """An attempt failed; Tune begins the trial again if it may."""


class SweepTrial(tune.Trainable):
    """One trial; its ``config`` is what :class:`QueueSearcher` gives.

    A class and not a function, because Tune can then give the next trial to the same actor, whose
    start takes seconds.
    """

    def setup(self, config: dict[str, Any]) -> None:
        """Take a trial; its process is started by the first ``step``."""
        self._child: TrialChild | None = None
        self._take(config)

    def _take(self, config: dict[str, Any]) -> None:
        self._config = config
        self._news: deque[dict[str, Any]] = deque()
        self._reported = -1
        self._ended = False

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Take another trial."""
        self.cleanup()
        self._take(new_config)
        return True

    def step(self) -> dict[str, Any]:
        """The next validation, or nothing after a while, or that the trial is done.

        Raises:
            TrialFailedError: the process ended without a result.
            OddframeError: the folder of the trial cannot be seen from here.
        """
        if self._child is None:
            node = f"{socket.gethostname()}/{ray.get_runtime_context().get_node_id()[:8]}"
            place = Path(self._config["sweep"])
            trial, threads = self._config["trial"], self._config["threads"]
            self._child = TrialChild(place, trial, node, threads, gpu=self._config["gpu"])
        began = time.monotonic()
        while not self._news and not self._ended:
            if time.monotonic() - began > _REPORT_SECONDS:
                return {}
            record = self._child.wait(_POLL_SECONDS)
            if record is not None and record.state != "finished":
                raise TrialFailedError(record.attempts[-1].error)
            self._ended = record is not None
            self._read_curve()
        return self._news.popleft() if self._news else {"done": True}

    def _read_curve(self) -> None:
        split, _, name = self._config["metric"].partition("/")
        for line in SweepFolder(self._config["sweep"]).curve(self._config["trial"]):
            if line["split"] != split or line[STEP] <= self._reported or name not in line:
                continue
            self._reported = line[STEP]
            # What is only left to score is not stopped any more.
            if line[STEP] < self._config["steps"]:
                self._news.append({STEP: line[STEP], self._config["metric"]: line[name]})

    def cleanup(self) -> None:
        """End the process, if it still runs."""
        if self._child is not None:
            self._child.kill()
            self._child = None

    def save_checkpoint(self, checkpoint_dir: str) -> None:
        """Nothing: the run folder has it all."""

    def load_checkpoint(self, checkpoint: Any) -> None:
        """Nothing: the training goes on from the run folder."""
