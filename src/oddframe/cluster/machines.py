"""The machines of a Ray cluster, and which of them takes what has to go on for a long time."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from typing import Any

from oddframe.cluster.spread import NO_GPU, ONE_THREAD


@dataclass(frozen=True)
class Machine:
    """A node of the cluster.

    Attributes:
        node: Ray's id of it.
        name: its host name and address, for a person.
        cpus: how many CPUs Ray was told that it has.
    """

    node: str
    name: str
    cpus: float


class Machines:
    """Gives each task the machine that has the most CPUs for each of its tasks by then.

    A task reserves no CPU of Ray's account: one that has to begin anew elsewhere, since its machine
    is lost, must not wait for others to end. To be used while connected; from any thread.
    """

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()
        self._lock = threading.Lock()

    def take(self, but: str = "") -> Machine | None:
        """A machine for one more task; None where no machine of the cluster has a CPU.

        Args:
            but: node of a machine that is taken only where there is no other.
        """
        with self._lock:
            there = self._there()
            others = [machine for machine in there if machine.node != but] or there
            if not others:
                return None
            best = max(others, key=lambda one: one.cpus / (self._taken[one.node] + 1))
            self._taken[best.node] += 1
            return best

    def leave(self, machine: Machine) -> None:
        """A task of that machine is over."""
        with self._lock:
            self._taken[machine.node] -= 1

    def start(self, kind: type, machine: Machine) -> Any:
        """An actor on a machine, in a process of one thread for computations and without a GPU.

        Args:
            kind: its class.
            machine: where; on no other, even if that one is lost.
        """
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        where = NodeAffinitySchedulingStrategy(machine.node, soft=False)
        environment = {"env_vars": {**ONE_THREAD, **NO_GPU}}
        options = {"num_cpus": 0, "scheduling_strategy": where, "runtime_env": environment}
        return ray.remote(kind).options(**options).remote()

    def _there(self) -> list[Machine]:
        import ray

        return [
            Machine(
                node["NodeID"],
                f"{node['NodeManagerHostname']} ({node['NodeManagerAddress']})",
                node["Resources"]["CPU"],
            )
            for node in ray.nodes()
            if node["Alive"] and node["Resources"].get("CPU")
        ]
