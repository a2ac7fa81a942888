"""Operations that PyTorch does not export by itself, against PyTorch."""

import numpy as np
import pytest
import torch
from torch import nn

from oddframe.errors import OddframeError
from oddframe.exporting.onnx_export import as_onnx
from oddframe.features.backbones.onnx_networks import open_session
from oddframe.networks.unpooling_autoencoder import unpooled


def answer(network: nn.Module, given: torch.Tensor, free: int | None = None) -> np.ndarray:
    """What the network says as ONNX."""
    axes = {} if free is None else {"x": {free: "n"}, "y": {free: "n"}}
    example = given[:2] if free == 0 else given
    session = open_session(as_onnx(network.eval(), {"x": example}, ["y"], axes))
    return session.run(None, {"x": given.numpy()})[0]


@pytest.mark.parametrize("size", [(3, 2), (7, 5), (8, 8), (33, 47), (64, 40)])
def test_means_over_shares_of_any_size(size):
    pool = nn.AdaptiveAvgPool2d((7, 5))
    given = torch.randn(5, 3, *size)
    np.testing.assert_allclose(answer(pool, given, 0), pool(given), rtol=1e-5, atol=1e-6)


def test_unpooling_puts_maxima_where_they_were():
    class Pooled(nn.Module):
        def forward(self, x):
            small, places = nn.functional.max_pool2d(x, 2, return_indices=True)
            return unpooled(small, places, x)

    given = torch.randn(3, 2, 9, 7)
    small, places = nn.functional.max_pool2d(given, 2, return_indices=True)
    wanted = nn.functional.max_unpool2d(small, places, [2, 2], output_size=[9, 7])
    assert torch.equal(Pooled()(given), wanted)
    assert answer(Pooled(), given, 0) == pytest.approx(wanted.numpy())


def test_what_has_no_form_in_onnx_is_one_line():
    class Spectrum(nn.Module):
        def forward(self, x):
            return torch.linalg.eigvalsh(x)

    with pytest.raises(OddframeError, match="no form in ONNX") as told:
        as_onnx(Spectrum(), {"x": torch.eye(3)}, ["y"], {})
    assert "\n" not in str(told.value)
