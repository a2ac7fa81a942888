"""What is asked of a training: of what, by which detector, how, where. Made once, passed whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from oddframe.errors import OddframeError
from oddframe.footage.deep_footage import at_one_range
from oddframe.footage.given import Footage
from oddframe.footage.zoned_footage import with_zones
from oddframe.settings.reading import check_seed
from oddframe.training.hardware import Hardware
from oddframe.videos.manifest import Manifest
from oddframe.zones.zone import Zones


@dataclass(frozen=True)
class FitRequest:
    """A detector to be made.

    Attributes:
        footage: what it learns from; None for a detector that is never trained.
        out: the run folder.
        detector: its name, or its file, whose code is run; None means the usual one, or the one
            that the run was begun with.
        features: folder of features, for a detector that is trained on labels per video.
        settings: its settings; the others have their defaults, or what the run was begun with.
        zones: of the camera's picture; None means those that the run was begun with, or that the
            manifest has.
        val_share: share of a folder's videos that is held out to calibrate.
        seed: fixes every random choice.
        resume: go on with an unfinished run, and keep a finished one.
        oracle: also keep the checkpoint that is best on the test videos.
        hardware: where.
        drill: end with a short drill, for a detector that is fitted at once.
        trackers: what it is sent to as it goes on, see :func:`oddframe.tracking.chosen`.
    """

    footage: Footage | None
    out: Path
    detector: str | None = None
    features: Path | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    zones: Zones | None = None
    val_share: float = 0.2
    seed: int = 0
    resume: bool = False
    oracle: bool = False
    hardware: Hardware = field(default_factory=Hardware)
    drill: bool = False
    trackers: Sequence[str] = ()

    def __post_init__(self) -> None:
        check_seed(self.seed)
        if self.features is not None and self.zones is not None:
            raise OddframeError(
                "--zones: features were made of whole pictures, and nothing can be painted out of "
                "them; leave it out"
            )
        if self.features is not None and self.footage and not self.footage.is_manifest:
            raise OddframeError(
                f"{self.footage.path}: training on features needs a manifest (.jsonl) that labels "
                "each video; make one with 'oddframe prepare'"
            )

    def videos(self) -> Manifest:
        """The videos, some of them held out, all deep pictures at one range; without footage none.

        Raises:
            OddframeError: unusable footage, or files that a manifest names and that are not there.
        """
        if self.footage is None:
            return Manifest("no footage", ())
        manifest = self.footage.read(labels=True, out=self.out)
        if not self.footage.is_manifest and not manifest.split("val"):
            manifest = manifest.hold_out(self.val_share, self.seed)
        if self.footage.is_manifest and self.features is None:
            manifest.check_files()
        manifest = with_zones(at_one_range(manifest), self.zones)
        # A relative root would be taken as relative to the run folder.
        return replace(manifest, root=manifest.root.absolute())
