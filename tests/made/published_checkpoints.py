"""How each method's authors named and nested what they published, for the battery of tests.

A detector that can be made of a published checkpoint (trait ``published``) needs its lines here:
the networks of a detector as the authors' file has them, and which names of
``published_keys.json`` these are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor, nn

_KEYS = Path(__file__).parents[1] / "published_keys.json"


@dataclass(frozen=True)
class Published:
    """One published layout.

    Attributes:
        networks: a detector to its published networks: name in the checkpoint to the module, and
            ``""`` where the checkpoint is one state dict.
        keys: name in the checkpoint to that of its names and shapes in ``published_keys.json``.
        settings: settings, beside the defaults, of the network that was published.
        own: tensors of ours that no checkpoint has.
        unused: beginnings of the names of published tensors that nothing computes with.
        beside: what ``from_published`` is given besides the checkpoint, from a detector.
    """

    networks: Callable[[Any], Mapping[str, nn.Module]]
    keys: Mapping[str, str]
    settings: Mapping[str, Any] = field(default_factory=dict)
    own: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    beside: Callable[[Any], dict[str, Any]] = lambda detector: {}

    def checkpoint(self, detector: Any, prefix: str = "") -> dict[str, Any]:
        """The content of a file as the authors would save this detector."""
        parts = {name: self.tensors(network) for name, network in self.networks(detector).items()}
        parts = {n: {f"{prefix}{k}": v for k, v in part.items()} for n, part in parts.items()}
        return parts.get("", parts)

    def tensors(self, network: nn.Module) -> dict[str, Tensor]:
        """The state of a network, without what is only ours."""
        return {k: v.clone() for k, v in network.state_dict().items() if k not in self.own}

    def shapes(self) -> dict[str, dict[str, list[int]]]:
        """Published names and shapes of each network, without those that are never used."""
        known = json.loads(_KEYS.read_text())
        return {
            part: {k: v for k, v in known[name].items() if not k.startswith(self.unused)}
            for part, name in self.keys.items()
        }


_UNUSED = "encoder.moduleBatchNorm."
_PSEUDO = {
    "net_g_norm": "unet",
    "net_d_norm": "patch_discriminator",
    "net_g_abn": "unet",
    "net_d_abn": "patch_discriminator",
    "net_c": "frame_classifier",
}
_BRANCHES = ("normal.generator", "normal.discriminator", "pseudo.generator")
_BRANCHES = (*_BRANCHES, "pseudo.discriminator", "classifier")

PUBLISHED: dict[str, Published] = {
    "conv-ae": Published(
        lambda d: {"": d.normal},
        {"": "mnadrc-reconstruction-without-memory"},
        unused=(_UNUSED,),
    ),
    "future-frame": Published(
        lambda d: {"net_g": d.generator, "net_d": d.discriminator},
        {"net_g": "unet", "net_d": "patch_discriminator"},
    ),
    "mgfn": Published(lambda d: {"": d}, {"": "mgfn"}),
    "mnad": Published(
        lambda d: {"": d.network},
        {"": "mnad-prediction"},
        unused=(_UNUSED,),
        beside=lambda d: {"memory": d.items.clone()},
    ),
    "ognet": Published(
        lambda d: {
            "generator": d.generator,
            "discriminator": d.discriminator,
            "old_generator": d.old_generator,
        },
        {"generator": "ognet_g_1", "discriminator": "ognet_d_1_45", "old_generator": "ognet_g_1"},
        {"size": 45, "patches": 0},
    ),
    "pseudo-anomaly": Published(
        lambda d: dict(zip(_PSEUDO, map(d.get_submodule, _BRANCHES), strict=True)),
        _PSEUDO,
        {"as_published": True},
    ),
    "rtfm": Published(lambda d: {"": d}, {"": "rtfm"}),
    "s3r": Published(
        lambda d: {"": d},
        {"": "s3r"},
        own=("dictionary",),
        unused=("video_projection.", "macro_projection."),
        beside=lambda d: {"dictionary": d.dictionary.numpy()},
    ),
}
