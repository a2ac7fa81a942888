"""Settings of MNAD."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from oddframe.clips.config import ClipConfig
from oddframe.errors import OddframeError
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
        score: which squared error scores: ``whole``, the mean over the frame, as published; or
            ``largest``, that of the oddest 1.5 % of the frame, about one person.
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
    score: Literal["whole", "largest"] = "whole"
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
