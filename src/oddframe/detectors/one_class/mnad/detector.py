"""Memory-guided normality: predict or reconstruct a frame with a memory of normal features.

Source: Park, Noh and Ham, "Learning Memory-guided Normality for Anomaly Detection", CVPR 2020
(MNAD), and its reproduction for the ML Reproducibility Challenge 2020 (MNADrc). A frame is odd if
it is predicted badly, and if its features are far from every item of the memory.

Deviations from the paper and its code, beside those in :mod:`oddframe.networks.memory`:

* the memory stays as it was trained while videos are scored. The paper goes on updating it with
  frames whose error is small; that is ``update_memory``, off by default. The published code
  carries the memory from one video to the next, so a score depends on the videos before; here
  every video starts from the trained items;
* error and distance are brought to one scale on held-out normal footage, not within each video;
* the learning rate falls along a cosine at every step, not at every epoch;
* noise of the denoising task has the range of the pixels (MNADrc's is always 0 to 1), and in
  scoring it is one fixed pattern, so that a clip has one score;
* in a distributed training all processes' queries update one memory.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar, Self

import torch
from torch import Tensor

from oddframe.clips.config import ClipConfig
from oddframe.clips.detector import ClipDetector
from oddframe.clips.losses import error_decibel, error_map, intensity, largest_decibel
from oddframe.clips.terms import ClipTerms
from oddframe.detectors.one_class.mnad.published import config_of
from oddframe.detectors.one_class.mnad.settings import MnadConfig
from oddframe.detectors.traits import Traits
from oddframe.errors import OddframeWarning
from oddframe.files.tensor_checks import built, without_prefix
from oddframe.networks import memory
from oddframe.networks.autoencoder import ConvAutoencoder, without_unused
from oddframe.networks.published_states import load_strictly


class Mnad(ClipDetector):
    """An auto-encoder whose bottleneck is matched with a memory of normal features."""

    name: ClassVar[str] = "mnad"
    traits: ClassVar[Traits] = replace(
        ClipDetector.traits, published=True, extra_files={"memory": memory.read_items}
    )
    config_type: ClassVar[type[ClipConfig]] = MnadConfig
    config: MnadConfig
    items: Tensor
    """The memory ``(items, 8 * width)``, if there is one; each training step moves it."""

    def __init__(self, config: MnadConfig) -> None:
        super().__init__(config)
        self.network = ConvAutoencoder(
            config.channels * config.context,
            config.channels,
            config.width,
            skips=config.layout == "skips",
            narrow=config.layout != "wide",
            memory=config.memory,
        )
        if config.memory:
            self.register_buffer("items", memory.initial_items(config.items, 8 * config.width))
        if config.update_memory:
            self.scoring_batch = 1

    @property
    def clip_length(self) -> int:
        """Five frames for prediction, four for time-series and denoising, else one."""
        return self.config.context + (self.config.task == "prediction")

    @property
    def weights(self) -> dict[str, float]:
        """The error that the setting ``score`` asks for, and with a memory the distance to it."""
        error = {"whole": "error", "largest": "largest_error"}[self.config.score]
        if not self.config.memory:
            return {error: 1.0}
        return {error: self.config.alpha, "memory_distance": 1 - self.config.alpha}

    def begin_step(self, step: int) -> dict[str, float]:
        """The learning rate falls along half a cosine, to 0 after the last step."""
        super().begin_step(step)
        return {"network": (1 + math.cos(math.pi * step / self.config.steps)) / 2}

    def losses(self, phase: str, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:  # noqa: ARG002
        """Squared error, compactness and separateness; the memory is updated on the way.

        The memory's losses reach the encoder only: its items have no gradient.
        """
        clip = self.as_pixels(batch["clip"])
        made, queries = self._run(self._given(clip), self._trained)
        error = intensity(made, clip[:, -1])
        if queries is None:
            return {"loss": error, "intensity": error}
        compact = memory.distances(queries, self.items).mean()
        separate = memory.separateness(queries, self.items)
        loss = error + self.config.compactness * compact + self.config.separateness * separate
        self.items.copy_(memory.updated(queries, self.items, together=True))
        return {
            "loss": loss,
            "intensity": error,
            "compactness": compact,
            "separateness": separate,
        }

    def measure(self, clip: Tensor) -> ClipTerms:
        """``error``, ``largest_error`` (that of its largest cells), and ``memory_distance``: the
        mean of :func:`memory.distances` in a frame.

        The map is the squared error. The memory is the one that was trained.
        """
        return self._compared(clip, self._trained)[0]

    def carried_at_first(self) -> tuple[Tensor, ...]:
        """With ``update_memory`` every stream starts from the memory as it was trained."""
        return (self.items.clone(),) if self.config.update_memory else ()

    def measure_next(
        self, clip: Tensor, carried: tuple[Tensor, ...]
    ) -> tuple[ClipTerms, tuple[Tensor, ...]]:
        """With ``update_memory``, the terms by the stream's memory, and the memory afterwards.

        A clip whose point score is low updates the memory that later ones are measured with.
        """
        if not carried:
            return self.measure(clip), ()
        (items,) = carried
        found, made, queries = self._compared(clip, items)
        if queries is not None:
            score = point_score(made, self.as_unit(clip[:, -1]))
            moved = memory.updated(queries, items)
            items = torch.where(score < self.config.update_below, moved, items)
        return found, (items,)

    def _compared(
        self, clip: Tensor, items: Tensor | None
    ) -> tuple[ClipTerms, Tensor, Tensor | None]:
        """The terms by a memory, the frame made (0 to 1), and the queries, if there is one."""
        target = self.as_unit(clip[:, -1])
        made, queries = self._run(self._given(clip), items)
        made = self.as_unit(made)
        squared = error_map(made, target)
        terms = {"error": error_decibel(made, target), "largest_error": largest_decibel(squared)}
        if queries is not None and items is not None:
            terms["memory_distance"] = memory.distances(queries, items).mean((1, 2))
        return ClipTerms(terms, squared), made, queries

    def pictures(self, clip: Tensor) -> dict[str, Tensor]:
        """The last frame given, the frame wanted, the frame made and its squared error."""
        given, target = self._given(clip), clip[:, -1]
        made, _ = self._run(given, self._trained)
        name = "prediction" if self.config.task == "prediction" else "reconstruction"
        error = error_map(self.as_unit(made), self.as_unit(target))[:, None]
        return {"input": given[:, -1], "target": target, name: made, "error": error}

    def reason(self, term: str) -> str:
        """Why a frame is odd."""
        if term == "memory_distance":
            return "its features are far from what the memory holds"
        if term == "largest_error":
            return "the network expected something else in one place"
        return super().reason(term)

    @property
    def notes(self) -> dict[str, Any]:
        """As in the base class, and whether the memory was updated at test time."""
        if not self.config.update_memory:
            return super().notes
        return {
            **super().notes,
            "memory": "updated at test time, in each video from the trained items on, by frames "
            f"with a point score below {self.config.update_below:g}",
        }

    @property
    def _trained(self) -> Tensor | None:
        return self.items if self.config.memory else None

    def _given(self, clip: Tensor) -> Tensor:
        """The frames that the network is given, ``(clips, context, channels, h, w)``."""
        given = clip[:, : self.config.context]
        if self.config.task != "denoising":
            return given
        pepper = -1.0 if self.config.pixels == "symmetric" else 0.0
        draw = torch.rand_like(given) if self.training else self._drawn.to(given)
        noise = self.config.noise
        given = torch.where(draw < noise / 2, torch.ones_like(given), given)
        return torch.where(draw > 1 - noise / 2, torch.full_like(given, pepper), given)

    @cached_property
    def _drawn(self) -> Tensor:
        """The one pattern of noise with which clips are scored, ``(context, channels, h, w)``."""
        config, fixed = self.config, torch.Generator().manual_seed(0)
        shape = config.context, config.channels, config.size, config.size
        return torch.rand(shape, generator=fixed)

    def _run(self, given: Tensor, items: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """The frame made, ``(clips, channels, h, w)``, and the queries, if there is a memory."""
        bottleneck, skips = self.network.encode(given.flatten(1, 2))
        if items is None:
            return self.network.decode(bottleneck, skips), None
        queries = memory.as_queries(bottleneck)
        answers = memory.read(queries, items)
        return self.network.decode(torch.cat((queries, answers), dim=1), skips), queries

    @classmethod
    def from_published(cls, tensors: Mapping[str, Tensor], memory: Tensor | None = None) -> Self:
        """The detector of a state dict of MNAD or MNADrc; its shapes say the settings.

        Args:
            tensors: state dict of the network, under the published names.
            memory: the items that belong to it, the content of ``keys.pt``.

        Raises:
            OddframeError: other tensors, or a memory that does not fit them.
        """
        tensors = without_unused(without_prefix(tensors))
        config = config_of(tensors, memory, cls.name)
        detector = built(lambda: cls(config), tensors)
        load_strictly(detector.network, tensors, cls.name)
        if memory is not None:
            detector.items.copy_(memory)
        elif config.memory:
            warnings.warn(
                "an mnad checkpoint without the items of its memory (keys.pt): they are random and "
                "the scores mean nothing; give the file with --memory",
                OddframeWarning,
                stacklevel=2,
            )
        return detector.eval()


def point_score(made: Tensor, target: Tensor) -> Tensor:
    """Squared error of one frame, weighted towards the pixels where it is large; a scalar.

    Source: Park et al. 2020, Sec. 3.3, as in their code: the weights are 1 - exp(-error).

    Args:
        made, target: images 0 to 1 ``(1, channels, h, w)``.
    """
    error = (made - target).square()
    weight = 1 - torch.exp(-error)
    return (weight * error).sum() / weight.sum().clamp(min=1e-12)
