"""What a verb is given to look at, resolved once: a manifest, a folder, a video, or features."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from oddframe.errors import OddframeError
from oddframe.footage.features_alone import videos_of_features
from oddframe.footage.folder import footage_below
from oddframe.videos.manifest import Manifest


@dataclass(frozen=True)
class Footage:
    """What was given, and what it is.

    Attributes:
        path: as given.
        kind: a manifest, a folder of videos or of images, a single video, or a folder of
            features that comes without a manifest.
        root: folder that a manifest's paths are relative to, if the data moved.
    """

    path: Path
    kind: Literal["manifest", "folder", "video", "features"]
    root: Path | None = None

    @classmethod
    def given(
        cls, path: Path, root: Path | None = None, *, features_alone: bool = False
    ) -> Footage:
        """Look at what a path is; the videos are read by :meth:`read`.

        Args:
            path: what was given.
            root: folder that a manifest's paths are relative to, if the data moved.
            features_alone: whether a folder with features in it stands for the videos that they
                are of.

        Raises:
            OddframeError: nothing there.
        """
        if path.suffix == ".jsonl":
            return cls(path, "manifest", root)
        if not path.exists():
            raise OddframeError(f"{path}: no such video, folder or manifest")
        if not path.is_dir():
            return cls(path, "video")
        holds_features = features_alone and any(path.rglob("[!.]*.npy"))
        return cls(path, "features" if holds_features else "folder")

    @property
    def is_manifest(self) -> bool:
        """Whether it says itself which video is of which split."""
        return self.kind == "manifest"

    @property
    def name(self) -> str:
        """What a person calls it, without the suffix of a file."""
        source = self.path.resolve()
        # A folder's name has no suffix: 2026.05.01 and 2026.05.02 are two.
        return source.name if source.is_dir() else source.stem

    @property
    def folder(self) -> Path:
        """The folder itself, or the one that it lies in."""
        return self.path if self.kind in ("folder", "features") else self.path.parent

    def read(self, *, labels: bool = False) -> Manifest:
        """The videos of what was given.

        Args:
            labels: whether it matters which frames are labelled anomalous in files beside videos.

        Raises:
            OddframeError: a damaged manifest, features that cannot be opened, or nothing that is
                a video.
        """
        if self.kind == "manifest":
            return Manifest.read(self.path, self.root)
        if self.kind == "features":
            return videos_of_features(self.path)
        return footage_below(self.path, labels=labels)
