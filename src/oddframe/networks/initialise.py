"""The weights that networks start from: those of the DCGAN family, and Xavier's."""

from __future__ import annotations

from torch import nn


def normal_initialise(module: nn.Module) -> None:
    """Start every convolution and batch norm below from a normal distribution.

    Weights of (transposed) convolutions come from N(0, 0.02), those of batch norms from
    N(1, 0.02) with shift 0. Biases of convolutions and linear layers stay as torch made them, as
    in the PyTorch port of Liu et al. 2018. Source: Radford et al. 2016, Sec. 3.
    """
    if next(module.parameters()).is_meta:
        return  # no values to draw, and trying would import PyTorch's compiler, a second or more
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(layer.weight, 0.0, 0.02)
        elif isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.weight, 1.0, 0.02)
            nn.init.zeros_(layer.bias)


def xavier_initialise(module: nn.Module) -> None:
    """Give every convolution and linear layer below Xavier-uniform weights and zero bias."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv1d | nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
