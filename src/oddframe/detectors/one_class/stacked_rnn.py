"""The stacked RNN: patches that no sparse code puts together again, frame after frame, are odd.

Source: Luo, Liu and Gao, "A Revisit of Sparse Coding Based Anomaly Detection in Stacked RNN
Framework", ICCV 2017. A frozen image network describes each frame, averages over 21 patches of its
map are coded one by one (:mod:`oddframe.networks.stacked_rnn`), and the score is the error of what
the codes give back. The codes go on through a video and begin anew where its footage does.

Deviations from the authors' code, and what had to be chosen:

* They take the last convolution of a ResNet-152 that was trained on for UCF-101, 7x7x2048. Here it
  is block 15 of EfficientNet-Lite0, 7x7x320 after a ReLU, or any network that is given.
* Distances of features are divided by 100 and codes shrunk by 0.1 there, for that network's scale.
  So features are brought to one scale by one constant from the normal training footage (``power``).
* RMSProp begins with mean squares of 0 (PyTorch) in place of 1 (TensorFlow 1): the first hundred of
  20,000 steps are longer.
* As in that code, only the error is minimised; the sparsity and the coherence of the codes act
  through the layers.
* The state that is kept is the best on held-out normal footage, not on the test videos.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

import numpy as np
import torch
from torch import Tensor

from oddframe.clips.config import TrainingConfig
from oddframe.clips.detector import ClipDetector
from oddframe.clips.looks import Looks, patch_looks
from oddframe.clips.terms import ClipTerms
from oddframe.features.backbones.feature_maps import FeatureMaps, MapSettings
from oddframe.features.pyramid import (
    PATCHES,
    QUARTERS,
    SIXTEENTHS,
    check_grid,
    over_cells,
)
from oddframe.files.saved_networks import saved_network
from oddframe.files.saved_state import SavedState
from oddframe.networks.stacked_rnn import Carried, StackedRNN
from oddframe.settings.ranges import setting

_BLOCK = 15


@dataclass(frozen=True)
class StackedRnnConfig(MapSettings, TrainingConfig):
    """Settings of the stacked RNN; the defaults are those of the ICCV paper's code.

    Attributes:
        variant: ``ae`` decodes with a matrix of its own and learns all numbers; ``tsc``, temporally
            coherent sparse coding, learns the dictionary alone.
        layers: steps of sparse coding for each frame.
        as_published: the first layer is that of the released code, else that of the derivation.
        l1: weight of the sparsity of codes; what training begins with where it is learnt.
        l2: weight of their coherence over time, likewise.
        power: features are multiplied by one constant, so that the mean squared length of a patch
            in the normal training footage is this; 0 leaves them as the network gives them.
        clip_frames: frames in a training clip; in scoring the codes go on through a video.
        score: ``whole``, the error of the patch that is the whole frame (Avenue, ShanghaiTech), or
            ``pyramid``, the mean of it, the largest of the quarters and the largest of the
            sixteenths (Ped2).
        learning_rate: learning rate of the optimiser RMSProp.
    """

    steps: int = 20000
    validate_every: int = 1000
    learning_rate: float = 1e-4
    variant: Literal["ae", "tsc"] = "ae"
    layers: int = setting(3, at_least=1)
    as_published: bool = True
    l1: float = setting(0.1, at_least=0)
    l2: float = setting(0.1, at_least=0)
    power: float = setting(100.0, at_least=0)
    clip_frames: int = setting(10, at_least=2)
    score: Literal["whole", "pyramid"] = "whole"


class StackedRnnDetector(ClipDetector):
    """The stacked RNN on 21 patches of a feature map.

    The terms are ``whole`` and ``pyramid``; ``score`` says which of them counts. The map has the
    errors of the sixteenths.

    Args:
        config: settings.
        maps: the image network; by default that of the settings.
    """

    name: ClassVar[str] = "stacked-rnn"
    config_type: ClassVar[type[Any]] = StackedRnnConfig
    config: StackedRnnConfig
    carries_over_breaks = False
    scale: Tensor

    def __init__(self, config: StackedRnnConfig, maps: FeatureMaps | None = None) -> None:
        super().__init__(config)
        self.maps = config.maps(_BLOCK) if maps is None else maps
        self._rows, self._columns, width = self.maps.shape
        check_grid(self._rows, self._columns, self.maps.source)
        self._sixteenth_of_cell = over_cells(np.arange(16), self._rows, self._columns).ravel()
        self.rnn = StackedRNN(
            width,
            config.layers,
            decodes=config.variant == "ae",
            as_published=config.as_published,
            l1=config.l1,
            l2=config.l2,
        )
        self.register_buffer("scale", torch.ones(()))

    @property
    def looks(self) -> Looks:
        """The 21 patches of a frame's map, float32 ``(21, channels)``."""
        return patch_looks(self.maps)

    @property
    def training_length(self) -> int:
        """Frames in a training clip."""
        return self.config.clip_frames

    @property
    def frame_step(self) -> int:
        """Every frame is looked at."""
        return 1

    @property
    def weights(self) -> dict[str, float]:
        """The one term that counts."""
        return {self.config.score: 1.0}

    def prepare(self, normal: Iterable[np.ndarray]) -> None:
        """Choose the scale of features."""
        if not self.config.power:
            return
        total, count = 0.0, 0
        for features in normal:
            for row in features:  # they are mapped, and may be more than fits into memory
                total += float(np.square(row, dtype=np.float64).sum())
                count += len(row)
        if total:
            self.scale.fill_((self.config.power * count / total) ** 0.5)

    def as_pixels(self, clip: Tensor) -> Tensor:
        """Features on the scale of the network."""
        return clip.to(self.scale) * self.scale

    def losses(self, phase: str, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:  # noqa: ARG002
        """Half the squared error, a mean over patches and frames."""
        errors, _ = self.rnn.errors(_sequences(self.as_pixels(batch["clip"])))
        return {"loss": errors.mean()}

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """RMSProp with TensorFlow's numbers."""
        rate = self.config.learning_rate
        return {"network": torch.optim.RMSprop(self.parameters(), rate, alpha=0.9, eps=1e-10)}

    def measure(self, clip: Tensor) -> ClipTerms:
        """The last frame of clips ``(clips, frames, 21, channels)``, each from nothing."""
        errors, _ = self.rnn.errors(_sequences(clip))
        return self._terms(errors[:, -1].reshape(len(clip), PATCHES))

    def carried_at_first(self) -> tuple[Tensor, ...]:
        """Feature and code of a frame before the first, ``(21, channels)``: nothing."""
        begun = self.rnn.begin(self.scale.new_zeros(PATCHES, self.maps.shape[2]))
        return begun.feature, begun.code

    def measure_next(
        self, clip: Tensor, carried: tuple[Tensor, ...]
    ) -> tuple[ClipTerms, tuple[Tensor, ...]]:
        """The next frames of a video, ``(frames, 1, 21, channels)``."""
        errors, last = self.rnn.errors(clip[:, 0].transpose(0, 1), Carried(*carried))
        return self._terms(errors.T), (last.feature, last.code)

    def _terms(self, errors: Tensor) -> ClipTerms:
        """Of errors ``(frames, 21)``."""
        whole, sixteenths = errors[:, 0], errors[:, SIXTEENTHS]
        pyramid = (whole + errors[:, QUARTERS].amax(1) + sixteenths.amax(1)) / 3
        places = sixteenths[:, self._sixteenth_of_cell].unflatten(1, (self._rows, self._columns))
        return ClipTerms({"whole": whole, "pyramid": pyramid}, places)

    def rank(self, metrics: Mapping[str, float]) -> tuple[float, ...]:
        """The smaller the error of held-out normal clips, the better."""
        return (-metrics[self.config.score],)

    def pictures(self, clip: Tensor) -> dict[str, Tensor]:  # noqa: ARG002
        """None: clips hold no pictures."""
        return {}

    def reason(self, term: str) -> str:
        """Why a frame is odd."""
        return {
            "whole": "what normal footage is made of does not make up this frame",
            "pyramid": "what normal footage is made of does not make up this part",
        }[term]

    def state(self) -> dict[str, Any]:
        """As of every detector of clips, with the image network."""
        return {**super().state(), "maps": self.maps.state()}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """The detector that gave :meth:`state`."""
        saved = SavedState(state)
        config = StackedRnnConfig(**state["config"])
        maps = FeatureMaps.from_state(saved.part("maps"))
        detector = saved_network(saved, "network", lambda: cls(config, maps))
        detector.take_scales(saved)
        return detector.eval()


def _sequences(clip: Tensor) -> Tensor:
    """Clips ``(clips, frames, 21, channels)`` as ``(clips * 21, frames, channels)``."""
    return clip.transpose(1, 2).flatten(0, 1)


DETECTOR = StackedRnnDetector
CONFIG = StackedRnnConfig
