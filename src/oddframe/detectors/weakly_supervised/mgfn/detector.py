"""MGFN: magnitude-contrastive glance-and-focus network for video labels.

Source: Chen et al., "MGFN: Magnitude-Contrastive Glance-and-Focus Network for Weakly-Supervised
Video Anomaly Detection", AAAI 2023, and its released code. The configuration, the network, the
loss's terms and their weights stand here; what it is made of in ``blocks.py``, the new term of the
loss in ``contrast.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import torch
from torch import Tensor, nn

from oddframe.bags.detector import BagConfig, BagDetector
from oddframe.bags.feature_magnitude import MagnitudeOutput, output_of
from oddframe.bags.losses import LossVariant, classification, regularisation
from oddframe.bags.snippets import BagShape
from oddframe.detectors.traits import Traits
from oddframe.detectors.weakly_supervised.mgfn.blocks import (
    Block,
    Blocks,
    ChannelLayerNorm,
    FocusAttention,
    GlanceAttention,
)
from oddframe.detectors.weakly_supervised.mgfn.contrast import Pairing, magnitude_contrast
from oddframe.errors import OddframeError
from oddframe.files.tensor_checks import built, renamed, without_prefix
from oddframe.networks.published_states import crops_for, load_strictly, width_of
from oddframe.networks.temporal import Selected, select_segments
from oddframe.settings.ranges import setting

_MAGNITUDE_SHARE = 0.1
"""Weight of the magnitude's branch in the feature amplification."""


@dataclass(frozen=True)
class LossWeights:
    """Weights of the terms that are added to the cross-entropy."""

    contrast: float
    cluster: float
    smoothness: float
    sparsity: float


LOSS_WEIGHTS: dict[LossVariant, LossWeights] = {
    "official": LossWeights(1e-6, 1e-3, 8e-4, 8e-3),
    "thesis": LossWeights(1e-3, 1e-3, 1.0, 1.0),
    "paper": LossWeights(1e-3, 1e-3, 1.0, 1.0),
}


@dataclass(frozen=True)
class MGFNConfig(BagConfig):
    """Settings of MGFN; the defaults are those of the released code.

    Attributes:
        widths: channels of the three stages; multiples of ``head_width``.
        depths: blocks of the three stages; ``(3, 2, 1)`` is the small network.
        head_width: channels of an attention head or of a group that shares a temporal filter.
        dropout: share of values dropped in training inside the feed-forward parts.
        attention_dropout: share of values dropped in training before and after the attention. The
            released code has the option but ignores it, so 0 is what it does.
        selection_dropout: share of segments that are left out in training when those with the
            largest magnitudes are selected.
        k: segments of a video that are selected to represent it; 0 takes a tenth of them (3 of 32).
        margin: wanted distance between the magnitudes of normal and anomalous segments.
        loss: variant of the loss: ``official`` has the weights of the released code, ``thesis``
            those of the thesis, ``paper`` those of the thesis and the paper's equations; see
            :func:`magnitude_contrast` and :data:`LOSS_WEIGHTS`.
        pairing: which rows of one class are compared, see :func:`same_class_pairs`.
        contrast_scale: factor of the variant's weights of the distances between the classes and
            inside them.
        smoothness_scale: factor of the variant's weight of the term that keeps scores of
            neighbouring segments alike.
        sparsity_scale: factor of the variant's weight of the term that keeps high scores few.
    """

    batch_size: int = 16
    widths: tuple[int, ...] = setting((64, 128, 1024), at_least=1)
    depths: tuple[int, ...] = setting((3, 3, 2), at_least=1)
    head_width: int = setting(64, at_least=1)
    dropout: float = setting(0.0, at_least=0, below=1)
    attention_dropout: float = setting(0.0, at_least=0, below=1)
    selection_dropout: float = setting(0.7, at_least=0, below=1)
    k: int = setting(0, at_least=0)
    margin: float = setting(200.0, at_least=0)
    loss: LossVariant = "official"
    pairing: Pairing = "mirror"
    contrast_scale: float = setting(1.0, at_least=0)
    smoothness_scale: float = setting(1.0, at_least=0)
    sparsity_scale: float = setting(1.0, at_least=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        wanted = f"multiples of the head width {self.head_width}"
        self.expect(all(w % self.head_width == 0 for w in self.widths), "widths", wanted)


class MGFN(BagDetector):
    """Glance at the whole video, focus on neighbourhoods, contrast feature magnitudes.

    The magnitude of the features, which the published code appends to the files, is computed here
    from what the network is given: of a bag's segments after averaging, of raw snippets in
    scoring. The final LayerNorm makes the magnitudes nearly equal (the root of the last width)
    until its gain and shift are learnt, so that early selections are close to arbitrary; this is
    how the method was published.
    """

    name: ClassVar[str] = "mgfn"
    traits: ClassVar[Traits] = replace(BagDetector.traits, published=True)
    config_type: ClassVar[type[BagConfig]] = MGFNConfig
    config: MGFNConfig

    def __init__(self, config: MGFNConfig, shape: BagShape) -> None:
        super().__init__(config, shape)
        first, _, last = config.widths
        self.to_tokens = nn.Conv1d(shape.channels, first, 3, padding=1)
        stages = []
        following = (*config.widths[1:], None)
        for stage, (width, depth, wider) in enumerate(
            zip(config.widths, config.depths, following, strict=True)
        ):
            blocks = [Block(width, _attention(stage, config), config.dropout) for _ in range(depth)]
            parts: list[nn.Module] = [Blocks(blocks)]
            if wider is not None:
                parts.append(nn.Sequential(ChannelLayerNorm(width), nn.Conv1d(width, wider, 1)))
            stages.append(nn.Sequential(*parts))
        self.stages = nn.Sequential(*stages)
        self.to_logits = nn.Sequential(nn.LayerNorm(last))
        self.fc = nn.Linear(last, 1)
        self.to_mag = nn.Conv1d(1, first, 3, padding=1)

    def forward(self, features: Tensor) -> MagnitudeOutput:
        """Features after the final LayerNorm, their magnitudes, and scores.

        Args:
            features: ``(videos, crops, time, channels)``.
        """
        rows = features.flatten(0, 1)
        magnitudes = rows.norm(dim=2, keepdim=True).transpose(1, 2)
        x = self.to_tokens(rows.transpose(1, 2)) + _MAGNITUDE_SHARE * self.to_mag(magnitudes)
        embedded = self.to_logits(self.stages(x).transpose(1, 2)).unflatten(0, features.shape[:2])
        return output_of(embedded, self.fc(embedded))

    def snippet_scores(self, features: Tensor) -> Tensor:
        """Scores 0 to 1 ``(videos, time)`` of ``(videos, crops, time, channels)``."""
        return self(features).scores

    def losses(self, phase: str, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:  # noqa: ARG002
        """Weighted terms, which add up to ``loss``.

        Args:
            phase: ``network``.
            batch: as many ``normal`` as ``anomalous`` bags.
        """
        videos = len(batch["normal"])
        output = self(torch.cat([batch["normal"], batch["anomalous"]]))
        normal = self._select(*(values[:videos] for values in output))
        anomalous = self._select(*(values[videos:] for values in output))
        contrast = magnitude_contrast(
            normal.features,
            anomalous.features,
            videos,
            self.config.pairing,
            self.config.margin,
            squared=self.config.loss != "paper",
        )
        # The released loss has contained the corrections of MGFN's pull request 18 since April
        # 2023; RTFM's variants call them "thesis".
        variant: LossVariant = "paper" if self.config.loss == "paper" else "thesis"
        sparsity, smoothness = regularisation(
            variant, output.scores[:videos], output.scores[videos:]
        )
        weights = LOSS_WEIGHTS[self.config.loss]
        scale = self.config.contrast_scale
        terms = {
            "classification": classification(normal.scores, anomalous.scores),
            "contrast": scale * weights.contrast * contrast.apart,
            "cluster_normal": scale * weights.cluster * contrast.normal,
            "cluster_anomalous": scale * weights.cluster * contrast.anomalous,
            "sparsity": self.config.sparsity_scale * weights.sparsity * sparsity,
            "smoothness": self.config.smoothness_scale * weights.smoothness * smoothness,
        }
        return {**terms, "loss": torch.stack(list(terms.values())).sum()}

    def _select(self, features: Tensor, magnitudes: Tensor, scores: Tensor) -> Selected:
        k = self.config.k or max(1, self.config.segments // 10)
        dropout = self.config.selection_dropout
        return select_segments(features, magnitudes, scores, k, dropout, self.training)

    @classmethod
    def from_published(cls, tensors: Mapping[str, Tensor], crops: int | None = None) -> Self:
        """The detector of a published state dict; widths and depths are read off the tensors.

        Args:
            tensors: a state dict, with or without ``module.`` before the names; its final norm is
                ``to_logits.0.*`` (released code) or ``to_logits.*`` (thesis).
            crops: crops per snippet; by default what goes with the width of the features.

        Raises:
            OddframeError: missing or foreign keys, or shapes that do not fit.
        """
        final = {f"to_logits.{part}": f"to_logits.0.{part}" for part in ("weight", "bias")}
        named = renamed(without_prefix(tensors), lambda name: final.get(name, name))
        channels = width_of(named, "to_tokens.weight", 1, cls.name)
        firsts = [f"stages.{stage}.0.layers.0.0.weight" for stage in range(3)]
        widths = tuple(width_of(named, first, 0, cls.name) for first in firsts)
        depths = tuple(
            len({key.split(".")[4] for key in named if key.startswith(f"stages.{stage}.0.layers.")})
            for stage in range(3)
        )
        heads = width_of(named, "stages.1.0.layers.0.1.rel_pos.weight", 0, cls.name)
        head_width = widths[1] // heads if heads else 0
        if head_width < 1 or any(width % head_width for width in widths):
            raise OddframeError(
                f"not a {cls.name} checkpoint: expected heads that divide the widths {widths}, "
                f"found {heads} in the second stage; give the state dict of the published network"
            )
        config = MGFNConfig(widths=widths, depths=depths, head_width=head_width)
        shape = BagShape(crops_for(channels, crops), channels, config.segments)
        detector = built(lambda: cls(config, shape), named)
        load_strictly(detector, named, cls.name)
        return detector.eval()


def _attention(stage: int, config: MGFNConfig) -> nn.Module:
    width, head_width = config.widths[stage], config.head_width
    if stage == 0:
        return GlanceAttention(width, head_width, config.attention_dropout)
    return FocusAttention(width, head_width)
