"""Running the trials of a sweep on Ray Tune.

Tune places trials on the machines of a cluster, repeats failed ones, and stops poor ones. What was
done is never asked of Tune: it is in the trials' folders, and Tune's own files are thrown away.
"""

from __future__ import annotations

import errno
import logging
import math
import os
import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager

from oddframe.cluster.connection import check_ray, connected
from oddframe.console.words import count
from oddframe.errors import OddframeError
from oddframe.sweeps.folder import SweepFolder
from oddframe.sweeps.journal import Journal, log, mark_interrupted
from oddframe.sweeps.plan import Sweep, Trial
from oddframe.sweeps.search import Queue, queue_of
from oddframe.sweeps.watched_file import WatchedFile

_SCRATCH = ".ray"
_LITTLE = 1 << 16
"""Bytes below which a disk is full: what Tune keeps of itself is larger."""
_VARIABLES = {
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_STRICT_METRIC_CHECKING": "1",  # a trial also reports when there is nothing new
    "TUNE_DISABLE_SIGINT_HANDLER": "1",  # it would wait for trials that nobody waits for
    "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",
    "TUNE_WARN_INSUFFICENT_RESOURCE_THRESHOLD_S": "1000000000",
    "RAY_AIR_NEW_OUTPUT": "0",
}


def run_sweep(
    sweep: Sweep,
    *,
    address: str | None = None,
    workers: int | None = None,
    limit: int = 200,
    say: Callable[[str], None] = print,
) -> None:
    """Run all trials of a sweep that are not done yet.

    A trial that fails to the last is left ``failed`` and does not stop the others.

    Args:
        sweep: the sweep.
        address: where a Ray cluster is; None starts one on this machine for the time being.
        workers: trials at a time; by default as many as the machines have room for.
        limit: trials beyond it that are appended to the file are not taken.
        say: given a line for each thing that happens.

    Raises:
        OddframeError: Ray is missing or cannot be reached, the folder is in use or was begun with
            something else, no machine has what a trial needs, or the disk is full.
        KeyboardInterrupt: Ctrl-C; the same command goes on.
    """
    check_ray()
    folder = SweepFolder(sweep.folder)

    def tell(line: str) -> None:
        say(line)
        log(folder, line)

    with folder.held():
        folder.begin(sweep)
        mark_interrupted(folder)
        queue = queue_of(WatchedFile(sweep, limit, tell), folder)
        journal = Journal(sweep, folder, queue, say)
        first = queue.next()
        if first is None:
            say(f"{sweep.folder}: all of {count(queue.total, 'trial')} done")
            return
        processors = None if workers is None else math.ceil(workers * sweep.cpus)
        try:
            with connected(address, processors):
                _check_room(sweep, address, journal)
                _tune(sweep, folder, queue, journal, first, workers)
        except KeyboardInterrupt:
            line = f"stopped with {journal.done} of {count(queue.total, 'trial')} done"
            log(folder, line)  # aloud it is said by whoever shows the interrupt
            raise KeyboardInterrupt(f"{line}; the same command goes on with the others") from None
        finally:
            shutil.rmtree(folder.path / _SCRATCH, ignore_errors=True)


def _check_room(sweep: Sweep, address: str | None, journal: Journal) -> None:
    """Ray would wait for ever for a machine that has what a trial needs."""
    import ray

    machines = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    gpus = sum(has.get("GPU", 0) for has in machines)
    if gpus and not sweep.gpus and sweep.device == "auto":
        journal.say(
            f"the trials use none of the {count(int(gpus), 'GPU')}; 'resources: {{gpus: 0.5}}' "
            f"in {sweep.file.name} lets two share one"
        )
    wanted = {"CPU": sweep.cpus, "GPU": sweep.gpus}
    if any(all(has.get(name, 0) >= much for name, much in wanted.items()) for has in machines):
        return
    line = (
        f"no machine has the {sweep.cpus:g} CPUs and {sweep.gpus:g} GPUs that a trial needs; "
        f"change 'resources' in {sweep.file.name}"
    )
    if address is None:
        raise OddframeError(line)
    journal.say(f"{line}, or wait for a machine to join the cluster")


def _tune(
    sweep: Sweep,
    folder: SweepFolder,
    queue: Queue,
    journal: Journal,
    first: Trial,
    workers: int | None,
) -> None:
    from ray import tune

    from oddframe.sweeps.trainable import SweepTrial
    from oddframe.sweeps.tune_adapters import JournalCallback, QueueSearcher, early_stopping

    scratch = folder.path / _SCRATCH
    shutil.rmtree(scratch, ignore_errors=True)
    with _quiet():
        tuner = tune.Tuner(
            tune.with_resources(SweepTrial, {"cpu": sweep.cpus, "gpu": sweep.gpus}),
            tune_config=tune.TuneConfig(
                num_samples=-1,
                search_alg=QueueSearcher(sweep, queue, journal, first),
                scheduler=early_stopping(sweep, folder),
                max_concurrent_trials=workers,
                reuse_actors=True,
                trial_dirname_creator=lambda trial: trial.trial_id,
            ),
            run_config=tune.RunConfig(
                name="tune",
                storage_path=str(scratch),
                verbose=0,
                failure_config=tune.FailureConfig(max_failures=sweep.retries),
                callbacks=[JournalCallback(journal)],
            ),
        )
        try:
            tuner.fit()
        except Exception as error:
            reason = _reason(error, folder)
            if reason is None:
                raise
            raise reason from error


def _reason(error: BaseException, folder: SweepFolder) -> OddframeError | None:
    """What could not be written, which Tune hides behind an error of its own."""
    part: BaseException | None = error
    while part is not None:
        if isinstance(part, OddframeError):
            return OddframeError(str(part).splitlines()[-1])
        if isinstance(part, OSError) and part.errno == errno.ENOSPC:
            return OddframeError(
                f"{folder.path}: cannot write ({part.strerror}); free some space, then the same "
                "command goes on"
            )
        part = part.__cause__ or part.__context__
    # Tune also stumbles over files of its own that a full disk has cut short.
    if shutil.disk_usage(folder.path).free < _LITTLE:
        return OddframeError(
            f"{folder.path}: cannot write (the disk is full); free some space, then the same "
            "command goes on"
        )
    return None


@contextmanager
def _quiet() -> Generator[None]:
    """Tune without its own files, messages and signal handlers."""
    before = {name: os.environ.get(name) for name in _VARIABLES}
    logger = logging.getLogger("ray")
    level = logger.level
    os.environ.update(_VARIABLES)
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
