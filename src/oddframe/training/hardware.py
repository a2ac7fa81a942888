"""Where training runs: one process or many, on the CPU or on GPUs, through Lightning Fabric."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from oddframe.errors import OddframeError
from oddframe.settings.devices import DEVICES, check_device

if TYPE_CHECKING:
    from lightning.fabric import Fabric

_ERROR = f"{OddframeError.__module__}.{OddframeError.__qualname__}"
_PATIENCE = timedelta(hours=6)
"""The other processes wait while the first pools segments or validates; 30 minutes are too few."""
PRECISIONS = ("32-true", "16-mixed", "bf16-mixed", "64-true")


def rank() -> int:
    """Which process this is where torchrun or SLURM started several; 0 for one alone."""
    return int(os.environ.get("RANK") or os.environ.get("SLURM_PROCID") or 0)


@dataclass(frozen=True)
class Hardware:
    """Where to train.

    Attributes:
        device: ``auto`` takes a GPU if there is one.
        precision: as Lightning names it; mixed 16-bit precision is slower than 32 on most CPUs.
        processes: processes per machine, one GPU each where there are GPUs.
        nodes: machines; more than one must be started by ``torchrun`` or a cluster.
    """

    device: str = "auto"
    precision: str = "32-true"
    processes: int = 1
    nodes: int = 1

    def __post_init__(self) -> None:
        check_device(self.device, (*DEVICES, "mps"))
        if self.precision not in PRECISIONS:
            raise OddframeError(f"--precision: expected one of {', '.join(PRECISIONS)}")
        if self.processes < 1 or self.nodes < 1:
            raise OddframeError("--processes and --nodes: expected at least 1")

    @property
    def several(self) -> bool:
        """Whether several processes train together."""
        return self.processes * self.nodes > 1

    def launch(self, work: Callable[[Fabric], None], *, several_phases: bool = False) -> None:
        """Run ``work(fabric)`` in every process; it must be picklable if there are several.

        Args:
            work: what to do.
            several_phases: the learner has phases that each use some of its parameters only.

        Raises:
            OddframeError: no such device here, or what the work raised in another process.
        """
        import torch
        from lightning.fabric import Fabric
        from lightning.fabric.plugins.environments import LightningEnvironment
        from lightning.fabric.strategies import DDPStrategy

        gpus = torch.cuda.device_count()
        wants_gpus = self.device == "cuda" or (self.device == "auto" and gpus > 0)
        if wants_gpus and gpus < self.processes:
            wanted = "1 GPU" if self.processes == 1 else f"{self.processes} GPUs"
            raise OddframeError(
                f"--device {self.device}: {wanted} wanted, found {gpus}; "
                "use --device cpu, or fewer --processes"
            )
        if self.device == "mps" and not torch.backends.mps.is_available():
            raise OddframeError("--device mps: there is none here; use --device cpu")
        strategy: DDPStrategy | str = "auto"
        if self.several:
            # Under torchrun the processes are there already; otherwise they are spawned.
            started = "TORCHELASTIC_RUN_ID" in os.environ or "SLURM_NTASKS" in os.environ
            strategy = DDPStrategy(
                start_method="popen" if started else "spawn",
                find_unused_parameters=several_phases,
                timeout=_PATIENCE,
            )
        accelerator = {"cuda": "gpu", "auto": "gpu" if torch.cuda.is_available() else "auto"}
        # A process alone under SLURM, such as a trial of a sweep, is no part of a training of many.
        fabric = Fabric(
            plugins=None if self.several else [LightningEnvironment()],
            accelerator=accelerator.get(self.device, self.device),
            devices=self.processes,
            num_nodes=self.nodes,
            strategy=strategy,
            precision=self.precision,  # ty: ignore[invalid-argument-type]
        )
        try:
            fabric.launch(work)
        except torch.multiprocessing.ProcessRaisedException as error:
            # A spawned process hands over its traceback as text, which an OddframeError ends.
            found = re.search(rf"^{re.escape(_ERROR)}: (.+)\Z", str(error).strip(), re.MULTILINE)
            if found is None:
                raise
            raise OddframeError(found[1]) from error
