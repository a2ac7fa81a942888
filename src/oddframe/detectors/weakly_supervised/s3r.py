"""S3R: self-supervised sparse representation (Wu et al., ECCV 2022).

A dictionary learnt from normal videos rebuilds each snippet by attention ("macro"): normal
snippets are rebuilt well. The video and its reconstruction go through a temporal network each; a
channel gate, driven by their difference, keeps what is odd in the video and what is normal in the
reconstruction. Segments are selected and scored as in RTFM; a second classifier learns that the
reconstruction is normal. ``docs/weak-methods.md`` compares code and paper.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple, Self

import numpy as np
import torch
from torch import Tensor, nn

from oddframe.bags import losses as bag_losses
from oddframe.bags.detector import BagDetector
from oddframe.bags.feature_magnitude import (
    MagnitudeConfig,
    MagnitudeOutput,
    magnitude_losses,
    output_of,
)
from oddframe.bags.snippets import BagShape
from oddframe.errors import OddframeError
from oddframe.files.tensor_checks import built, without_prefix
from oddframe.networks.dictionary_learning import (
    code_dictionary,
    normal_dictionary,
    read_dictionary,
)
from oddframe.networks.initialise import xavier_initialise
from oddframe.networks.published_states import crops_for, load_strictly, width_of
from oddframe.networks.temporal import MultiscaleTemporalNetwork
from oddframe.settings.ranges import setting

GROUPS = 8
"""Groups of channels in each group norm."""

UNUSED = tuple(
    f"{block}.{part}"
    for block in ("video_projection", "macro_projection")
    for part in ("0.weight", "0.bias", "1.weight", "1.bias")
)
"""Tensors of published checkpoints that no computation uses; this network leaves them out.

Two convolutions of kernel 3 with a group norm each: 25,178,112 of 81,436,802 parameters at 2048
channels, 6,297,600 of 20,369,474 at 1024.
"""


@dataclass(frozen=True)
class S3RConfig(MagnitudeConfig):
    """Settings of S3R; those of its bases apply, with the weight decay of the released code.

    Attributes:
        dictionary: what the dictionary of normal features holds: ``atoms`` real atoms, learnt from
            the normal videos; ``codes`` the code matrix of the channels, the released files'
            convention. Atoms, because they mean something by themselves: each is a direction of
            normal features.
        dictionary_share: slots of the dictionary for each normal training video; the released
            files have 0.5 (UCF-Crime) and 0.9 (ShanghaiTech).
    """

    weight_decay: float = 0.005
    dictionary: Literal["atoms", "codes"] = "atoms"
    dictionary_share: float = setting(0.5, above=0)


class Reconstruction(NamedTuple):
    """What the network says of the video, and what it says of its reconstruction.

    Attributes:
        output: features, magnitudes and scores of the gated video.
        macro: ``(videos,)``, score of the reconstruction, 0 to 1, mean over crops.
        attention: ``(videos, slots, crops * time)``, adds up to 1 over the slots.
    """

    output: MagnitudeOutput
    macro: Tensor
    attention: Tensor


def _finish(convolution: nn.Conv1d, channels: int) -> nn.Sequential:
    # The norm comes before the activation, unlike in RTFM.
    return nn.Sequential(convolution, nn.GroupNorm(GROUPS, channels), nn.ReLU())


def _embedding(channels: int, dropout: float) -> nn.Sequential:
    names = ("query", "key", "value", "alter")
    network = MultiscaleTemporalNetwork(channels, channels // 4, _finish, names)
    return nn.Sequential(network, nn.Dropout(dropout))


def _classifier(channels: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(channels, channels // 4),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(channels // 4, channels // 16),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(channels // 16, 1),
    )


class NormalAttention(nn.Module):
    """Rebuilds snippets from dictionary slots by attention, without scaling."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.query_embedding = nn.Linear(channels, channels // 4)
        self.cache_embedding = nn.Linear(channels, channels // 4)
        self.value_embedding = nn.Linear(channels, channels)

    def forward(self, snippets: Tensor, dictionary: Tensor) -> tuple[Tensor, Tensor]:
        """Snippets ``(videos, n, channels)`` to the same shape and attention ``(.., n, slots)``."""
        keys = self.cache_embedding(dictionary)
        attention = (self.query_embedding(snippets) @ keys.T).softmax(dim=-1)
        return attention @ self.value_embedding(dictionary), attention


class S3R(BagDetector):
    """Self-supervised sparse representation; attribute names are the published ones.

    The dictionary ``(slots, channels)`` is a buffer: saved with the detector, fitted by
    :meth:`prepare`, absent from published checkpoints.
    """

    name = "s3r"
    traits = replace(
        BagDetector.traits, published=True, extra_files={"dictionary": read_dictionary}
    )
    config_type = S3RConfig
    resampling = "interpolate"
    config: S3RConfig
    dictionary: Tensor

    def __init__(self, config: S3RConfig, shape: BagShape) -> None:
        super().__init__(config, shape)
        channels, dropout = shape.channels, config.dropout
        if channels % (4 * GROUPS):
            raise OddframeError(
                f"s3r needs features whose channels are a multiple of {4 * GROUPS}, found "
                f"{channels}; use other features or another detector"
            )
        gate = nn.Sequential(
            nn.Flatten(),
            nn.Linear(channels, channels // 16),
            nn.ReLU(),
            nn.Linear(channels // 16, channels),
        )
        self.en_normal = nn.ModuleDict({"en_normal_module": NormalAttention(channels)})
        self.video_embedding = _embedding(channels, dropout)
        self.macro_embedding = _embedding(channels, dropout)
        self.de_normal = nn.ModuleDict(
            {"channel_attention": nn.ModuleDict({"channel_gate": nn.ModuleDict({"mlp": gate})})}
        )
        self.video_classifier = _classifier(channels, dropout)
        self.macro_classifier = nn.ModuleDict({"mlp": _classifier(channels, dropout)})
        xavier_initialise(self)
        self.register_buffer("dictionary", torch.zeros(0, channels))

    def prepare(self, normal: Iterable[np.ndarray], seed: int) -> None:
        """Fit the dictionary to the mean features of the normal training videos."""
        means = [bag.mean(axis=(0, 1), dtype=np.float64) for bag in normal]
        vectors = np.stack(means)
        slots = max(1, round(len(vectors) * self.config.dictionary_share))
        learn = code_dictionary if self.config.dictionary == "codes" else normal_dictionary
        self._set_dictionary(learn(vectors, slots, seed))

    def _set_dictionary(self, dictionary: np.ndarray) -> None:
        self.dictionary = torch.from_numpy(dictionary).to(self.dictionary.device)

    def forward(self, features: Tensor) -> Reconstruction:
        """Output, macro score and attention of bags ``(videos, crops, time, channels)``."""
        videos, crops, time, channels = features.shape
        if not len(self.dictionary):
            raise OddframeError("s3r has no dictionary yet; call prepare with the normal bags")
        rebuild = self.en_normal.get_submodule("en_normal_module")
        macro, attention = rebuild(features.flatten(1, 2), self.dictionary)
        video = self.video_embedding(features.flatten(0, 1))
        macro = self.macro_embedding(macro.view(videos * crops, time, channels))
        gate = self.de_normal.get_submodule("channel_attention.channel_gate.mlp")
        odd = gate(video.mean(dim=1) - macro.mean(dim=1)).sigmoid()[:, None]
        video, macro = video * odd, macro * (1 - odd)
        output = output_of(
            video.view(features.shape), self.video_classifier(video).view(videos, crops, time, 1)
        )
        verdict = self.macro_classifier.get_submodule("mlp")(macro.mean(dim=1))
        scores = verdict.float().sigmoid().view(videos, crops).mean(dim=1)
        return Reconstruction(output, scores, attention.transpose(1, 2))

    def losses(self, phase: str, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:  # noqa: ARG002
        """Weighted terms, which add up to ``loss``.

        The macro term asks for a normal reconstruction of every video, of anomalous ones too: a
        dictionary of normal life can rebuild nothing else.
        """
        result = self(torch.cat([batch["normal"], batch["anomalous"]]))
        terms = magnitude_losses(self.config, result.output, len(batch["normal"]), self.training)
        terms["macro"] = bag_losses.classification(result.macro, result.macro[:0])
        return {**terms, "loss": torch.stack(list(terms.values())).sum()}

    def snippet_scores(self, features: Tensor) -> Tensor:
        """Scores 0 to 1 ``(videos, time)`` of ``(videos, crops, time, channels)``."""
        return self(features).output.scores

    @property
    def notes(self) -> dict[str, Any]:
        """Plain values for a report."""
        return {**super().notes, "dictionary_slots": len(self.dictionary)}

    def before_loading(self, tensors: Mapping[str, Any]) -> None:
        """Give the dictionary the size that the state has."""
        slots = len(tensors["dictionary"])
        self.dictionary = self.dictionary.new_zeros(slots, self.shape.channels)

    @classmethod
    def from_published(
        cls,
        tensors: Mapping[str, Tensor],
        dictionary: np.ndarray | None = None,
        crops: int | None = None,
    ) -> Self:
        """The detector of a published checkpoint; the width comes from its tensors.

        Args:
            tensors: a state dict, with or without ``module.`` before the names.
            dictionary: ``(slots, channels)``, from the released file (see ``read_dictionary``);
                the checkpoint has none.
            crops: crops of the features it was trained on; by default 10 for 2048 channels, 5 for
                1024.

        Raises:
            OddframeError: missing or foreign names, other shapes, no dictionary, or one of another
                width.
        """
        if dictionary is None:
            raise OddframeError(
                "an s3r checkpoint holds no dictionary; give the released file "
                "(..._dictionaries.taskaware...npy) with --dictionary"
            )
        tensors = without_prefix(tensors)
        channels = width_of(tensors, "video_classifier.0.weight", 1, cls.name)
        if dictionary.ndim != 2 or dictionary.shape[1] != channels:
            raise OddframeError(
                f"expected a dictionary of shape (slots, {channels}) for this s3r checkpoint, "
                f"found {dictionary.shape}; give the dictionary that belongs to the checkpoint"
            )
        used = {key: value for key, value in tensors.items() if key not in UNUSED}
        config = S3RConfig(dictionary="codes")
        shape = BagShape(crops_for(channels, crops), channels, config.segments)
        detector = built(lambda: cls(config, shape), used)
        load_strictly(detector, used, cls.name, own=("dictionary",))
        detector._set_dictionary(np.asarray(dictionary, dtype=np.float32))
        return detector.eval()


DETECTOR = S3R
CONFIG = S3RConfig
