"""What kind of detector one is, declared by itself: what can be asked of it, and of a run of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True)
class Traits:
    """The kind of a detector, the same for all settings.

    Attributes:
        looks_at: the ``frames`` of a video, or ``features`` that were extracted from it.
        trained: ``at once``, by a class method ``fit``; ``in steps``, by the training loop
            (:class:`oddframe.training.learner.Learner`); ``never``: there is nothing to learn, and
            normal footage can only choose the threshold.
        causal: a frame is scored from it and earlier ones, as a live alarm must; or, where it is
            ``delayed``, from a few later ones as well.
        delayed: the score of a frame needs so many later frames (``latency``).
        places: it says where in the picture something is odd: score maps and boxes.
        per_video: what its scores are combined from can be scaled within each video.
        on_gpu: it scores faster on a GPU, to which ``to("cuda")`` moves it.
        forks: a stream of it can be copied on its way (``fork``): the cases of a drill go on from
            one that has watched for minutes.
        counts_alarms: it says how alarms are counted for what its threshold promises: those are one
            between which ``merge_seconds`` lie at most.
        leaves_out: recordings that fail while it is fitted are left out, each with the reason
            (``left_out``).
        resumes: a fit that was killed goes on where it was: ``fit`` takes a folder (``kept``).
        shows_sights: it says which moment of the normal footage is nearest to what is odd
            (``FrameScore.nearest``), and has a small picture of each such moment (``sights``).
        teachable: a person can call what it found normal, or odd, and it is another detector then
            (:class:`oddframe.detectors.teachable.Teachable`).
        published: it can be made of a published checkpoint, by a class method ``from_published``.
        extra_files: what ``from_published`` takes besides the checkpoint: the name of an argument,
            which is that of the option of ``import`` as well, to what reads the file.
    """

    looks_at: Literal["frames", "features"]
    trained: Literal["at once", "in steps", "never"]
    causal: bool = True
    delayed: bool = False
    places: bool = False
    per_video: bool = False
    on_gpu: bool = False
    forks: bool = False
    counts_alarms: bool = False
    leaves_out: bool = False
    resumes: bool = False
    shows_sights: bool = False
    teachable: bool = False
    published: bool = False
    extra_files: Mapping[str, Callable[[Path], Any]] = field(default_factory=dict)

    @property
    def needs_no_footage(self) -> bool:
        """Whether there is a whole detector without any footage to learn from."""
        return self.looks_at == "frames" and self.trained == "never"
