"""Modes that networks have for a while."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from torch import nn


@contextmanager
def evaluating(*networks: nn.Module) -> Generator[None]:
    """Networks in eval mode, and then in the mode that they had."""
    modes = [network.training for network in networks]
    for network in networks:
        network.eval()
    try:
        yield
    finally:
        for network, mode in zip(networks, modes, strict=True):
            network.train(mode)


@contextmanager
def statistics_resting(network: nn.Module) -> Generator[None]:
    """Batch norms that use a batch's statistics and do not remember them."""
    norms = [
        layer for layer in network.modules() if isinstance(layer, nn.modules.batchnorm._BatchNorm)
    ]
    for norm in norms:
        norm.track_running_stats = False
    try:
        yield
    finally:
        for norm in norms:
            norm.track_running_stats = True
