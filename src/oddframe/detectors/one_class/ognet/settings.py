"""Settings of OGNet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from oddframe.clips.config import ClipConfig
from oddframe.networks.denoising_autoencoder import LEAST_SIDE
from oddframe.settings.ranges import setting


@dataclass(frozen=True)
class OGNetConfig(ClipConfig):
    """Settings of OGNet; the defaults are the paper's for Ped2 unless a line says more.

    The thesis takes whole frames: ``patches`` 0, ``size`` 64, ``colour`` rgb, ``pixels`` unit,
    ``batch_size`` 32, ``refine_steps`` 25.

    Attributes:
        size: frames are resized to this many pixels in height and width; with patches a multiple of
            their side. 270 is chosen here: it gives the pixels of a 360x240 frame to 36 patches of
            45.
        batch_size: clips in a training step; without patches these are the frames of the step.
        steps: number of training steps of both phases together. The default is about 20 epochs of
            Ped2, whose 2,550 training frames have 9.6 moving patches each.
        learning_rate: learning rate of the generator.
        discriminator_rate: learning rate of the discriminator; half of it in the refinement.
        width: channels after the first convolution of each network.
        patches: side of the square patches in pixels; 0 takes the whole frame as one.
        patches_per_step: moving patches drawn from a step's clips.
        motion: mean absolute difference to the previous frame, in values of 0 to 1, from which a
            patch counts as moving. The paper gives none; on Ped2 still patches stay below 0.004.
        noise: standard deviation of the noise on the generator's input in phase one, in the range
            of the pixels. 0.81 as in the released code, which squares the 0.9 that it is given.
        adversarial_weight: weight of the adversarial term in the generator's loss; that of the
            reconstruction has the rest.
        refine_steps: training steps of phase two, the refinement, at the end of the training;
            0 = phase one only.
        old_steps: the old generator is the state after so many steps; 0 = a twentieth of phase
            one, which is the paper's end of the first of about 20 epochs.
        real_share: share of frames among the good examples of the refinement, the paper's alpha;
            the rest are reconstructions.
        old_share: share of the old generator's reconstructions among the bad examples, the
            paper's beta; the rest are pseudo anomalies.
    """

    size: int = 270
    colour: Literal["bgr", "rgb", "grey"] = "grey"
    batch_size: int = 16
    steps: int = 8000
    learning_rate: float = 0.001
    discriminator_rate: float = setting(0.0001, at_least=0)
    width: int = setting(64, at_least=1)
    patches: int = 45
    patches_per_step: int = setting(64, at_least=1)
    motion: float = setting(0.005, at_least=0)
    noise: float = setting(0.81, at_least=0)
    adversarial_weight: float = setting(0.5, at_least=0, at_most=1)
    refine_steps: int = setting(75, at_least=0)
    old_steps: int = setting(0, at_least=0)
    real_share: float = setting(0.1, at_least=0, at_most=1)
    old_share: float = setting(0.001, at_least=0, at_most=1)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.patches:
            self.expect(self.patches >= LEAST_SIDE, "patches", f"0, or {LEAST_SIDE} or more")
            fits = self.size % self.patches == 0
            self.expect(fits, "size", f"a multiple of patches, which is {self.patches}")
        else:
            self.expect(self.size >= LEAST_SIDE, "size", f"{LEAST_SIDE} or more")
        first = self.first_phase_steps
        all_of_them = f"below the {self.steps} steps of both phases"
        self.expect(self.refine_steps < self.steps, "refine_steps", all_of_them)
        self.expect(self.old_steps < first, "old_steps", f"below the {first} steps of phase one")

    @property
    def side(self) -> int:
        """Height and width of what the networks see."""
        return self.patches or self.size

    @property
    def first_phase_steps(self) -> int:
        """Steps before the refinement."""
        return self.steps - self.refine_steps

    @property
    def snapshot_step(self) -> int:
        """Steps after which the generator becomes the old generator."""
        return self.old_steps or max(1, round(self.first_phase_steps / 20))
