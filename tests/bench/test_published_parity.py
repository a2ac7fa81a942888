"""Detectors beside the published networks, which are written a second time in plain PyTorch."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import torch

BENCH = Path(__file__).resolve().parents[2] / "bench"


@pytest.fixture(scope="module")
def parity() -> Iterator[ModuleType]:
    sys.path.insert(0, str(BENCH))
    spec = importlib.util.spec_from_file_location("published_parity", BENCH / "published_parity.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    sys.path.remove(str(BENCH))


COMPARISONS = {
    "rtfm": 297,
    "s3r": 515,
    "mgfn": 893,
    "future-frame": 309,
    "mnad prediction": 387,
    "mnad reconstruction": 387,
    "mnad prediction, no memory": 378,
    "mnad reconstruction, no memory": 378,
    "conv-ae": 375,
    "pseudo-anomaly": 669,
    "ognet, grey": 344,
}
"""Of each method; ``docs/weak-methods.md`` and ``docs/one-class-methods.md`` name them."""


@pytest.mark.parametrize("method", COMPARISONS)
def test_nothing_differs_from_the_published_network(parity, method):
    found = parity.compare(method, small=True)
    assert [one for one in found if not one.apart < parity.LIMIT] == []
    assert len(found) == COMPARISONS[method]


@pytest.mark.parametrize(
    ("method", "module", "name"),
    [
        ("rtfm", "Aggregate", "conv_2.2.running_var"),
        ("s3r", "macro_classifier", "mlp.3.bias"),
        ("mnad reconstruction", "network", "decoder.moduleUpsample3.1.bias"),
    ],
)
def test_another_number_in_one_tensor_is_seen(parity, monkeypatch, method, module, name):
    """Changed after the import: everything that follows must notice."""
    before = sys.modules["comparison"].compare_tensors

    def changed(found, published):
        for key, tensor in found.items():
            if key in (name, f"{module}.{name}"):
                with torch.no_grad():
                    tensor[0] += 0.5
        return before(found, published)

    for part in (parity.bag_parity, sys.modules["frame_steps"]):
        monkeypatch.setattr(part, "compare_tensors", changed)
    wrong = {one.kind for one in parity.compare(method, small=True) if not one.apart < parity.LIMIT}
    assert wrong >= {"imported values", "outputs", "losses", "gradients"}
