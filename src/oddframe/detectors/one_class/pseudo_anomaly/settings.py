"""Settings of the pseudo-anomaly pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from oddframe.clips.config import PredictionConfig
from oddframe.errors import OddframeError
from oddframe.settings.ranges import setting

COMPARED_ROWS = 5
"""Rows of a batch that the published perceptual loss compares: it meant five layers."""


@dataclass(frozen=True)
class PseudoAnomalyConfig(PredictionConfig):
    """Settings of the pseudo-anomaly pipeline, beside those of prediction.

    Attributes:
        branches: which generators there are: ``one``, the pseudo generator only, shows the
            classifier real frames as normal; ``two`` has a normal generator as well.
        classifier_width: channels after the classifier's first convolution.
        classifier_rate: learning rate of the classifier (Adam; as published SGD).
        real_targets: with two branches, show the classifier real frames as normal ones besides
            the normal generator's. It is real frames that it judges later.
        pseudo_flow: how strongly the pseudo generator is driven to wrong motion: its flow term
            weighs ``-pseudo_flow * flow_weight``.
        flow_cap: a clip whose flow error is beyond this one brings the pseudo generator no more;
            without a bound the negated term has no least value. In the unit of the flow term: on
            Ped2 a frame that repeats the last one is off by 0.03, one that goes back by 0.05, and
            a frame of another video by 0.2 to 0.5, which no longer looks right.
        perceptual: network whose features of the pseudo-anomaly must be those of the real frame;
            ``lite0`` comes with oddframe, ``vgg19`` needs a file of weights.
        perceptual_weight: weight of the distance between these features.
        perceptual_weights: file with the weights of ``vgg19``.
        focal_frequency_weight: weight of the distance between the spectra of the pseudo-anomaly and
            the real frame; an addition to the published loss.
        score: what the score is made of: ``full`` joins the error and the classifier's answer,
            ``psnr`` is the error alone, ``classifier`` the answer alone.
        alpha: weight of the error in the score ``full``; the classifier's answer has the rest.
        as_published: train and score as the public code does, errors included; see
            :class:`AsPublished`.
        published_output: which output of the classifier is scored ``as_published``: ``abnormal``
            gives the thesis' rows P_abnormal (one branch) and P_full (two), ``normal`` P_normal
            (one branch).
    """

    size: int = 128
    batch_size: int = 8
    steps: int = 40000
    branches: Literal["one", "two"] = "two"
    classifier_width: int = setting(64, at_least=1)
    classifier_rate: float = setting(0.0001, at_least=0)
    real_targets: bool = True
    pseudo_flow: float = setting(0.1, at_least=0)
    flow_cap: float = setting(0.2, above=0)
    perceptual: Literal["none", "lite0", "vgg19"] = "lite0"
    perceptual_weight: float = setting(1.0, at_least=0)
    perceptual_weights: str = ""
    focal_frequency_weight: float = setting(0.0, at_least=0)
    score: Literal["full", "classifier", "psnr"] = "full"
    alpha: float = setting(0.5, at_least=0, at_most=1)
    as_published: bool = False
    published_output: Literal["abnormal", "normal"] = "abnormal"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.perceptual == "vgg19":
            if not self.perceptual_weights:
                raise OddframeError(
                    "--settings.perceptual vgg19: it needs its weights, and none are given; add "
                    "--settings.perceptual_weights FILE, or take --settings.perceptual lite0"
                )
        else:
            unread = f"no file with perceptual {self.perceptual}"
            self.expect(not self.perceptual_weights, "perceptual_weights", unread)
        if self.as_published:
            enough = self.perceptual == "none" or self.batch_size >= COMPARED_ROWS
            why = f"{COMPARED_ROWS} or more, since the published perceptual term counts over clips"
            self.expect(enough, "batch_size", f"{why}; or set --settings.perceptual none")
            self.expect(
                self.focal_frequency_weight == 0, "focal_frequency_weight", "0 with as_published"
            )
        else:
            self.expect(
                self.branches == "two" or self.real_targets,
                "real_targets",
                "true with one branch, whose normal frames are the real ones",
            )
            self.expect(
                self.published_output == "abnormal",
                "published_output",
                "abnormal without as_published (the corrected classes exclude each other)",
            )
