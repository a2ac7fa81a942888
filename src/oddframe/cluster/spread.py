"""Do something to each of many items, in several processes or on several machines.

Each worker is a Ray actor of one CPU and one thread, which builds what it needs once (a network, a
detector) and takes one item after the other. What happens to one item happens to no other: an
error is that item's result, and an item whose worker dies is tried once more by another.
"""

from __future__ import annotations

import pickle
import socket
import warnings
from collections import deque
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from oddframe.cluster.connection import check_ray, connected
from oddframe.errors import OddframeError, OddframeWarning

Item = TypeVar("Item")
Result = TypeVar("Result")

_TRIES = 2
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"), "1"
)
"""What makes a process compute in one thread."""
NO_GPU = {"CUDA_VISIBLE_DEVICES": ""}
"""What makes it see no GPU: Ray leaves all of them to an actor that has asked for none."""
_AS_IT_STARTED = -1
"""In place of an item: the worker builds what it needs."""


@dataclass(frozen=True)
class Workers:
    """Who does the work: without either attribute, this process.

    Attributes:
        number: processes that take item by item, on a CPU each; by default one per CPU of the
            machine or of the cluster.
        address: a Ray cluster to use, see :func:`oddframe.cluster.connection.connected`; None
            starts one on this machine for the time that it takes.

    Raises:
        OddframeError: fewer than one worker, or Ray is needed and not installed.
    """

    number: int | None = None
    address: str | None = None

    def __post_init__(self) -> None:
        if self.number is not None and self.number < 1:
            raise OddframeError(f"--workers: expected at least 1, found {self.number}")
        if self.are_several:
            check_ray()

    @property
    def are_several(self) -> bool:
        """Whether the work is to be spread."""
        return self.address is not None or (self.number or 1) > 1

    def would_share(self, items: int) -> bool:
        """Whether so many items are spread; a single one is not worth starting workers for."""
        return self.are_several and (self.address is not None or items > 1)


def spread(
    make: Callable[[], Callable[[Item], Result]],
    items: Sequence[Item],
    workers: Workers,
    *,
    gpu: bool = False,
    advance: Callable[[str, int, int | None], None] = lambda *_: None,
) -> Generator[tuple[Item, Result | OddframeError]]:
    """The result of each item, as soon as it is there.

    Args:
        make: called once in each worker, gives the function that is called for each item. It is
            sent to other processes, so it must be picklable; paths in it must be absolute.
        items: picklable, like the results.
        workers: how many, and where.
        gpu: share the cluster's GPUs evenly among the workers; without it they see none.
        advance: told what is going on, how many items are done, and how many there are.

    Yields:
        An item and its result, or the error that came instead: the one that the function raised,
        whatever it was, or that a worker died twice on the item. Warnings of oddframe are given
        again in this process.

    Raises:
        OddframeError: Ray is not installed, or no cluster answers at the address.
    """
    if not items:
        return
    advance("starting workers", 0, len(items))
    with connected(workers.address, workers.number):
        import ray

        there = ray.cluster_resources()
        count = max(min(workers.number or int(there.get("CPU", 1)), len(items)), 1)
        share = min(there.get("GPU", 0.0) / count, 1.0) if gpu else 0.0
        pool = _Pool(make, items, share)
        for _ in range(count):
            pool.hire()
        for done, (item, outcome) in enumerate(pool.outcomes(), start=1):
            advance(f"{count} workers", done, len(items))
            yield item, outcome


@dataclass
class _Job:
    """What an actor is at: an item, or its start, and how often that was tried."""

    actor: Any
    item: int
    tries: int


class _Pool:
    """Actors at work. An item goes only to an actor that has started: one that waits for a free
    CPU of a busy cluster keeps nobody waiting."""

    def __init__(self, make: Callable[[], Any], items: Sequence[Any], gpu: float) -> None:
        import ray
        import ray.exceptions

        self._ray = ray
        self._items = items
        self._waiting = deque((index, 1) for index in range(len(items)))
        self._jobs: dict[Any, _Job] = {}
        self._make = ray.put(make)
        self._kind = ray.remote(_Worker).options(
            num_cpus=1,
            # Ray counts in ten-thousandths; rounded up, the last worker would never start.
            num_gpus=int(gpu * 10_000) / 10_000,
            runtime_env={"env_vars": ONE_THREAD if gpu else {**ONE_THREAD, **NO_GPU}},
        )
        self._refusal = OddframeError("no worker started")

    def hire(self, tries: int = 1) -> None:
        """Start one more actor."""
        actor: Any = self._kind.remote()
        self._jobs[actor.start.remote(self._make)] = _Job(actor, _AS_IT_STARTED, tries)

    def outcomes(self) -> Generator[tuple[Any, Any]]:
        """Items and results until there are no more."""
        left = len(self._items)
        while left and self._jobs:
            ready, _ = self._ray.wait(list(self._jobs), num_returns=1)
            job = self._jobs.pop(ready[0])
            finished, outcome = self._outcome(ready[0], job)
            if finished and job.item != _AS_IT_STARTED:
                left -= 1
                yield self._items[job.item], outcome
        for index, _ in self._waiting:
            yield self._items[index], self._refusal

    def _outcome(self, reference: Any, job: _Job) -> tuple[bool, Any]:
        """Whether a job is finished, and how; its actor gets the next one."""
        errors = self._ray.exceptions
        try:
            outcome, said, host = pickle.loads(self._ray.get(reference))
        except errors.RayTaskError as error:  # it could not even be unpickled there
            outcome, said, host = in_one_line(error.cause), [], socket.gethostname()
        except errors.RayError:
            self._ray.kill(job.actor)
            return self._after_death(job)
        for text in said:
            warnings.warn(text, OddframeWarning, stacklevel=4)
        if isinstance(outcome, OddframeError) and host != socket.gethostname():
            outcome = type(outcome)(f"{outcome} (on {host})")
        if job.item == _AS_IT_STARTED and isinstance(outcome, OddframeError):
            # Such as a machine without the weight file: the others do its share.
            self._refusal = outcome
            self._ray.kill(job.actor)
        else:
            self._employ(job.actor)
        return True, outcome

    def _employ(self, actor: Any) -> None:
        if self._waiting:
            index, tries = self._waiting.popleft()
            self._jobs[actor.work.remote(self._items[index])] = _Job(actor, index, tries)
        else:
            self._ray.kill(actor)

    def _after_death(self, job: _Job) -> tuple[bool, Any]:
        again = job.tries < _TRIES
        if job.item == _AS_IT_STARTED:
            self._refusal = OddframeError(
                "the worker process died twice as it started; is there enough memory?"
            )
            if again:
                self.hire(job.tries + 1)
            return True, None
        if again:
            self._waiting.appendleft((job.item, job.tries + 1))
        self.hire()
        return not again, OddframeError(
            "the worker process died twice on it; is there enough memory?"
        )


class _Worker:
    """The actor. It answers in pickled bytes, which outlive Ray's shared memory."""

    _work: Callable[[Any], Any]

    def start(self, make: Callable[[], Callable[[Any], Any]]) -> bytes:
        def build() -> None:
            self._work = make()

        return _answer(build)

    def work(self, item: Any) -> bytes:
        return _answer(lambda: self._work(item))


def _answer(call: Callable[[], Any]) -> bytes:
    """The outcome, oddframe's warnings, and the machine's name."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", OddframeWarning)
        try:
            outcome = call()
        except OddframeError as error:
            outcome = error
        except Exception as error:  # anything: it must not stop the other items
            outcome = in_one_line(error)
    said = [str(part.message) for part in caught if issubclass(part.category, OddframeWarning)]
    return pickle.dumps((outcome, said, socket.gethostname()))


def in_one_line(error: BaseException) -> OddframeError:
    """What an actor raised, which Ray repeats with pages of its own, as an error of one line."""
    said = " ".join(str(error).split()).partition(" traceback:")[0][:200]
    return OddframeError(f"{type(error).__name__}: {said}")
