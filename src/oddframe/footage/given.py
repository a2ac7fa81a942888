"""What a verb is given to look at, resolved once: a manifest, a folder, a video, or features."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from oddframe.console.words import first_of
from oddframe.errors import OddframeError
from oddframe.footage.features_alone import videos_of_features
from oddframe.footage.folder import footage_below
from oddframe.footage.patterns import expanded, is_pattern
from oddframe.videos.manifest import Manifest


@dataclass(frozen=True)
class Footage:
    """What was given, and what it is.

    Attributes:
        path: as given; of several the folder that all of them are in.
        kind: a manifest, a folder of videos or of images, a single video, or a folder of
            features that comes without a manifest.
        root: folder that a manifest's paths are relative to, if the data moved.
        parts: the videos and folders, where several were given.
    """

    path: Path
    kind: Literal["manifest", "folder", "video", "features"]
    root: Path | None = None
    parts: tuple[Path, ...] = ()

    @classmethod
    def given(
        cls, path: Path, root: Path | None = None, *, features_alone: bool = False
    ) -> Footage:
        """Look at what a path is; the videos are read by :meth:`read`.

        Args:
            path: what was given; a pattern such as ``*.mp4`` stands for all that look like it.
            root: folder that a manifest's paths are relative to, if the data moved.
            features_alone: whether a folder with features in it stands for the videos that they
                are of.

        Raises:
            OddframeError: nothing there.
        """
        if is_pattern(path):
            return cls.of_all([path], root, features_alone=features_alone)
        if path.suffix == ".jsonl":
            return cls(path, "manifest", root)
        if not path.exists():
            raise OddframeError(f"{path}: no such video, folder or manifest")
        if not path.is_dir():
            return cls(path, "video")
        holds_features = features_alone and any(path.rglob("[!.]*.npy"))
        return cls(path, "features" if holds_features else "folder")

    @classmethod
    def of_all(
        cls, paths: Sequence[Path], root: Path | None = None, *, features_alone: bool = False
    ) -> Footage:
        """Look at what paths are: one of whatever it is, several of videos and folders of such.

        Args:
            paths: what was given, at least one; patterns as of :meth:`given`.
            root: see :meth:`given`.
            features_alone: see :meth:`given`.

        Raises:
            OddframeError: nothing there, or a manifest that is not alone.
        """
        paths = expanded(paths)
        if len(paths) == 1:
            return cls.given(paths[0], root, features_alone=features_alone)
        for path in paths:
            if cls.given(path).is_manifest:
                raise OddframeError(f"{path}: a manifest is given alone, found {len(paths)} paths")
        folders = [path.absolute().parent for path in paths]
        above = Path(os.path.commonpath(folders))
        return cls(above, "folder", parts=tuple(dict.fromkeys(paths)))

    @property
    def is_manifest(self) -> bool:
        """Whether it says itself which video is of which split."""
        return self.kind == "manifest"

    @property
    def name(self) -> str:
        """What a person calls it, without the suffix of a file."""
        if self.parts:
            return f"{Footage.given(self.parts[0]).name}-and-{len(self.parts) - 1}-more"
        source = self.path.resolve()
        # A folder's name has no suffix: 2026.05.01 and 2026.05.02 are two.
        return source.name if source.is_dir() else source.stem

    @property
    def words(self) -> str:
        """What it is called where it is told: the path, or the first of several."""
        return first_of([str(path) for path in self.parts]) if self.parts else str(self.path)

    @property
    def folder(self) -> Path:
        """The folder itself, or the one that it lies in; of several that of the first."""
        first = self.parts[0] if self.parts else self.path
        return first if first.is_dir() else first.parent

    def read(self, *, labels: bool = False, out: Path | None = None) -> Manifest:
        """The videos of what was given.

        Args:
            labels: whether it matters which frames are labelled anomalous in files beside videos.
            out: the folder that will be written, if one will.

        Raises:
            OddframeError: a damaged manifest, features that cannot be opened, nothing that is a
                video, or ``out`` is a folder of footage.
        """
        if self.kind == "manifest":
            manifest = Manifest.read(self.path, self.root)
            filmed = {manifest.locate(video) for video in manifest if video.path}
            folders = {path if path.is_dir() else path.parent for path in filmed}
            _require_apart(out, {manifest.root, *folders} if filmed else ())
            return manifest
        folders = {path if path.is_dir() else path.parent for path in self.parts}
        _require_apart(out, folders or {self.path})
        if self.kind == "features":
            return videos_of_features(self.path)
        return footage_below(self.path, labels=labels, parts=self.parts)


def _require_apart(out: Path | None, folders: Iterable[Path]) -> None:
    """Check that what is written does not lie among what it is made of.

    A folder within a folder of footage is another: what is there is known as oddframe's.

    Args:
        out: the folder to write.
        folders: what is read: folders of videos, of images, or of features.

    Raises:
        OddframeError: it is one of them.
    """
    if out is None or not out.exists():
        return
    if any(path.exists() and out.samefile(path) for path in folders):
        raise OddframeError(
            f"{out}: is a folder of the footage itself, and nothing is written among footage; give "
            f"--out a folder of its own, such as {out / 'results'}"
        )
