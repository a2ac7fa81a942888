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
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, Self

import torch
from torch import Tensor

from oddframe.clips.config import ClipConfig
from oddframe.clips.detector import ClipDetector
from oddframe.clips.losses import error_decibel, error_map, intensity
from oddframe.clips.terms import ClipTerms
from oddframe.detectors.traits import Traits
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.files.tensor_checks import built, without_prefix
from oddframe.networks import memory
from oddframe.networks.autoencoder import ConvAutoencoder, without_unused
from oddframe.networks.published_states import load_strictly, width_of
from oddframe.settings.ranges import setting

CONTEXT = 4
"""Frames that the network is given, in every task but ``reconstruction``."""


@dataclass(frozen=True)
class MnadConfig(ClipConfig):
    """Settings of MNAD; the defaults are the published ones of prediction.

    Attributes:
        task: what the network makes of its input: ``prediction`` the frame after four,
            ``reconstruction`` one frame from itself, ``time-series`` the last of four frames,
            ``denoising`` the last of four frames that are given with salt and pepper.
        decoder: ``skips`` joins the encoder's blocks on, ``narrow`` has no skips, ``wide`` has
            none and keeps its channels when it upsamples; ``published`` is the task's own: skips
            for prediction and denoising, wide for reconstruction (narrow without a memory), narrow
            for time-series.
        memory: the network has a memory of normal features; without it the score is the error
            alone.
        items: how many normal features the memory holds.
        compactness: weight of the loss that draws features to their nearest item of the memory;
            published 0.1 for prediction, 0.01 for reconstruction.
        separateness: weight of the loss that keeps the items of the memory apart; published 0.1
            for prediction, 0.01 for reconstruction.
        alpha: weight of the error in the score; the distance to the memory has the rest. Published
            0.6 for prediction, 0.7 for reconstruction. Not used without a memory.
        noise: share of the pixels' values that become salt or pepper, in the denoising task.
        update_memory: go on updating the memory while a video is scored.
        update_below: a frame updates the memory if its point score, the squared error (pixels 0 to
            1) where it is large, is below this; published 0.01 for prediction, 0.015 for
            reconstruction.
        width: channels of the first block; published 64.
    """

    size: int = setting(256, multiple_of=8)
    task: Literal["prediction", "reconstruction", "time-series", "denoising"] = "prediction"
    decoder: Literal["published", "skips", "narrow", "wide"] = "published"
    memory: bool = True
    items: int = setting(10, at_least=2)
    compactness: float = setting(0.1, at_least=0)
    separateness: float = setting(0.1, at_least=0)
    alpha: float = setting(0.6, at_least=0, at_most=1)
    noise: float = setting(0.25, above=0, below=1)
    update_memory: bool = False
    update_below: float = setting(0.01, at_least=0)
    width: int = setting(64, at_least=1)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.decoder == "skips" and self.task in ("reconstruction", "time-series"):
            raise OddframeError(
                f"--settings.decoder skips with --settings.task {self.task}: the first skip hands "
                "the frame itself to the decoder, which would learn to copy it; use narrow, wide "
                "or --settings.task denoising"
            )
        if self.update_memory and not self.memory:
            raise OddframeError(
                "--settings.update_memory true with --settings.memory false: there is no memory "
                "to update; leave one of them out"
            )

    @property
    def layout(self) -> Literal["skips", "narrow", "wide"]:
        """The decoder that ``decoder`` comes to."""
        if self.decoder != "published":
            return self.decoder
        if self.task in ("prediction", "denoising"):
            return "skips"
        return "wide" if self.task == "reconstruction" and self.memory else "narrow"

    @property
    def context(self) -> int:
        """Frames that the network is given."""
        return 1 if self.task == "reconstruction" else CONTEXT


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
        """The error, and with a memory the distance to it."""
        if not self.config.memory:
            return {"error": 1.0}
        return {"error": self.config.alpha, "memory_distance": 1 - self.config.alpha}

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
        """``error``, and ``memory_distance``: the mean of :func:`memory.distances` in a frame.

        The map is the squared error. The memory is the one that was trained.
        """
        return self._compared(clip, self._trained)[0]

    def carried_at_first(self) -> Tensor | None:
        """With ``update_memory`` every stream starts from the memory as it was trained."""
        return self.items.clone() if self.config.update_memory else None

    def measure_next(self, clip: Tensor, carried: Tensor | None) -> tuple[ClipTerms, Tensor | None]:
        """With ``update_memory``, the terms by the stream's memory, and the memory afterwards.

        A clip whose point score is low updates the memory that later ones are measured with.
        """
        if carried is None:
            return self.measure(clip), None
        found, made, queries = self._compared(clip, carried)
        score = point_score(made, self.as_unit(clip[:, -1]))
        if queries is not None and score < self.config.update_below:
            carried = memory.updated(queries, carried)
        return found, carried

    def _compared(
        self, clip: Tensor, items: Tensor | None
    ) -> tuple[ClipTerms, Tensor, Tensor | None]:
        """The terms by a memory, the frame made (0 to 1), and the queries, if there is one."""
        target = self.as_unit(clip[:, -1])
        made, queries = self._run(self._given(clip), items)
        made = self.as_unit(made)
        terms = {"error": error_decibel(made, target)}
        if queries is not None and items is not None:
            terms["memory_distance"] = memory.distances(queries, items).mean((1, 2))
        return ClipTerms(terms, error_map(made, target)), made, queries

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
        if self.training:
            draw = torch.rand_like(given)
        else:
            fixed = torch.Generator().manual_seed(0)
            draw = torch.rand(given.shape[1:], generator=fixed, dtype=torch.float32).to(given)
        noise = self.config.noise
        given = torch.where(draw < noise / 2, torch.ones_like(given), given)
        return torch.where(draw > 1 - noise / 2, torch.full_like(given, pepper), given)

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
        """The detector of a state dict of MNAD or MNADrc.

        Task, decoder, memory and width follow from the shapes. A network for four frames is taken
        to predict, since MNADrc's networks for other tasks with four frames look the same.

        Args:
            tensors: state dict of the network, under the published names.
            memory: the items that belong to it, the content of ``keys.pt``.

        Raises:
            OddframeError: other tensors, or a memory that does not fit them.
        """
        tensors = without_unused(without_prefix(tensors))
        first, out = "encoder.moduleConv1.0.weight", "decoder.moduleDeconv1.6.weight"
        width, channels = (width_of(tensors, key, 0, cls.name) for key in (first, out))
        frames = width_of(tensors, first, 1, cls.name) / max(channels, 1)
        if frames not in (1, CONTEXT) or channels not in (1, 3):
            raise OddframeError(
                f"not an mnad checkpoint: expected 1 or {CONTEXT} frames of 1 or 3 channels, found "
                f"{frames:g} of {channels}; give the state dict of the published mnad network"
            )
        has_memory = width_of(tensors, "decoder.moduleConv.0.weight", 1, cls.name) == 16 * width
        if memory is not None:
            _expect_items(memory, 8 * width, has_memory)
        keeps = width_of(tensors, "decoder.moduleUpsample4.0.weight", 1, cls.name) == 8 * width
        joins = width_of(tensors, "decoder.moduleDeconv3.0.weight", 1, cls.name) == 8 * width
        predicts = frames == CONTEXT
        loss_weight = 0.1 if predicts else 0.01
        config = MnadConfig(
            task="prediction" if predicts else "reconstruction",
            resize="bilinear",
            decoder="wide" if keeps else "skips" if joins else "narrow",
            colour="bgr" if channels == 3 else "grey",
            memory=has_memory,
            items=10 if memory is None else len(memory),
            compactness=loss_weight,
            separateness=loss_weight,
            alpha=0.6 if predicts else 0.7,
            update_below=0.01 if predicts else 0.015,
            width=width,
        )
        detector = built(lambda: cls(config), tensors)
        load_strictly(detector.network, tensors, cls.name)
        if memory is not None:
            detector.items.copy_(memory)
        elif has_memory:
            warnings.warn(
                "an mnad checkpoint without the items of its memory (keys.pt): they are random and "
                "the scores mean nothing; give the file with --memory",
                OddframeWarning,
                stacklevel=2,
            )
        return detector.eval()


def _expect_items(items: Tensor, width: int, has_memory: bool) -> None:
    if not has_memory:
        raise OddframeError(
            "this mnad checkpoint has no memory (its decoder takes no items); leave out --memory"
        )
    if items.ndim != 2 or items.shape[1] != width or len(items) < 2 or not items.isfinite().all():
        raise OddframeError(
            f"the memory does not fit the mnad checkpoint: expected finite items of {width} "
            f"values, 2 or more, found the shape {tuple(items.shape)}; give its own keys.pt"
        )


def point_score(made: Tensor, target: Tensor) -> float:
    """Squared error of one frame, weighted towards the pixels where it is large.

    Source: Park et al. 2020, Sec. 3.3, as in their code: the weights are 1 - exp(-error).

    Args:
        made, target: images 0 to 1 ``(1, channels, h, w)``.
    """
    error = (made - target).square()
    weight = 1 - torch.exp(-error)
    return float((weight * error).sum() / weight.sum().clamp(min=1e-12))


DETECTOR = Mnad
CONFIG = MnadConfig
