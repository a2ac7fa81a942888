"""The manifest: a data set as oddframe sees it, its videos and where they are.

On disk it is ``manifest.jsonl``: a header line, then one video per line.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from oddframe.errors import OddframeError
from oddframe.files.atomic import sha256_of, write_text
from oddframe.files.paths import AnyPath, as_path
from oddframe.files.plain_values import typed
from oddframe.files.text_files import read_text, shown
from oddframe.videos.manifest_rows import parse_row, row_of, video_of
from oddframe.videos.names import checked_name, require_plain
from oddframe.videos.video import SPLITS, Video

FORMAT = "oddframe-manifest/1"


@dataclass(frozen=True)
class Manifest:
    """A data set: its videos and where their files, labels and counts come from.

    Attributes:
        dataset: short name, such as ``ucsd-ped2``.
        videos: all videos of all splits.
        root: folder that paths are relative to.
        source: where the footage and the annotation come from.
        label_rule: how the annotation became half-open 0-based events.
        annotations: annotation file (relative to the root) to SHA-256.
        left_out: recording that could not be read to the reason; not kept in the file.

    Raises:
        OddframeError: two videos with one id, or a name with characters that no name holds.
    """

    dataset: str
    videos: tuple[Video, ...]
    root: Path = Path()
    source: str = ""
    label_rule: str = ""
    annotations: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        for name in ("dataset", "source", "label_rule"):
            object.__setattr__(self, name, checked_name(getattr(self, name)))
        object.__setattr__(self, "root", Path(self.root))  # text is a path too
        seen: dict[str, int] = {}
        for row, video in enumerate(self.videos, start=1):
            if video.id in seen:
                raise OddframeError(
                    f"manifest of {self.dataset}: video {row} repeats the id '{video.id}' of "
                    f"video {seen[video.id]}; ids must be unique"
                )
            seen[video.id] = row

    def __len__(self) -> int:
        return len(self.videos)

    def __iter__(self) -> Iterator[Video]:
        return iter(self.videos)

    def __getitem__(self, video_id: str) -> Video:
        for video in self.videos:
            if video.id == video_id:
                return video
        raise OddframeError(
            f"manifest of {self.dataset}: no video '{video_id}' among {len(self)} videos"
        )

    def split(self, *names: str) -> tuple[Video, ...]:
        """The videos of some splits, in the order of the manifest.

        Args:
            names: ``train``, ``val``, ``test``, one or several.

        Returns:
            Those videos; none where no video is in these splits.
        """
        return tuple(video for video in self.videos if video.split in names)

    def normal(self, *names: str) -> tuple[Video, ...]:
        """The videos of some splits that are not known to be anomalous.

        Args:
            names: ``train``, ``val``, ``test``, one or several.

        Returns:
            Those that are labelled normal, and those of which nobody knows.
        """
        return tuple(video for video in self.split(*names) if video.label != "anomalous")

    def locate(self, video: Video) -> Path:
        """Where a video's file or frame folder is.

        Args:
            video: one of these.

        Returns:
            Its path; whether anything is there is not looked at.

        Raises:
            OddframeError: the manifest lists features only.
        """
        if not video.path:
            raise OddframeError(
                f"video '{video.id}': the manifest of {self.dataset} knows no footage of it, only "
                "features; give them with --features, or prepare the data set from its videos"
            )
        return self.root / video.path

    def counts(self) -> dict[str, dict[str, int]]:
        """How much there is of each split.

        Returns:
            Split to ``videos``, ``frames``, ``anomalous_videos`` and ``anomalous_frames``; splits
            without videos are left out.
        """
        result: dict[str, dict[str, int]] = {}
        for name in SPLITS:
            videos = self.split(name)
            if videos:
                result[name] = {
                    "videos": len(videos),
                    "frames": sum(video.frames for video in videos),
                    "anomalous_videos": sum(video.label == "anomalous" for video in videos),
                    "anomalous_frames": sum(int(video.frame_labels().sum()) for video in videos),
                }
        return result

    def check_files(self) -> None:
        """See whether the footage and the truth of all videos are on the disk.

        Raises:
            OddframeError: naming the first video of which they are not.
        """
        for row, video in enumerate(self.videos, start=1):
            archive = video.mask.partition("#")[0] if video.mask else None
            for path in (video.path, archive, video.tracks):
                file = self.root / (path or "")
                if not file.exists():
                    raise OddframeError(
                        f"manifest of {self.dataset}, video {row} '{video.id}': {file} is "
                        "missing; give the folder that holds the data with --root"
                    )

    def hold_out(self, share: float, seed: int) -> Manifest:
        """Move a seeded share of the training videos, per label and class, to ``val``.

        A group of one video stays in ``train``; any larger group gives at least one video. Videos
        shorter than a second come last: they say little about what is normal.

        Args:
            share: of the videos, ``0 <= share < 1``.
            seed: fixes which.

        Returns:
            A manifest with these videos in ``val``.

        Raises:
            OddframeError: another share.
        """
        if not 0 <= share < 1:
            raise OddframeError(f"validation share: expected 0 <= share < 1, found {share}")
        groups: dict[tuple[str | None, tuple[str, ...]], list[Video]] = {}
        for video in self.split("train"):
            groups.setdefault((video.label, video.classes), []).append(video)
        generator = np.random.default_rng(seed)
        held: set[str] = set()
        for key in sorted(groups, key=str):
            group = groups[key]
            if share == 0 or len(group) < 2:
                continue
            count = min(max(round(share * len(group)), 1), len(group) - 1)
            drawn = [group[i] for i in generator.permutation(len(group))]
            drawn.sort(key=lambda video: video.clock.length < 1)
            held.update(video.id for video in drawn[:count])
        videos = tuple(replace(v, split="val") if v.id in held else v for v in self.videos)
        return replace(self, videos=videos)

    def write(self, path: AnyPath) -> Path:
        """Write ``manifest.jsonl``, whole or not at all; the root is stored as it is.

        Args:
            path: the file.

        Returns:
            Its path.

        Raises:
            OddframeError: it cannot be written.
        """
        return write_text(as_path(path, "path"), self._text())

    def sha256(self) -> str:
        """The SHA-256 of the file that :meth:`write` would write.

        Returns:
            64 hexadecimal digits.
        """
        return hashlib.sha256(self._text().encode()).hexdigest()

    def _text(self) -> str:
        header = {
            "format": FORMAT,
            "dataset": self.dataset,
            "source": self.source,
            "label_rule": self.label_rule,
            "root": str(self.root),
            "counts": self.counts(),
            "annotations": self.annotations,
        }
        rows = [header, *(row_of(video) for video in self.videos)]
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)

    @classmethod
    def read(cls, path: AnyPath, root: AnyPath | None = None) -> Manifest:
        """Read and validate ``manifest.jsonl``.

        Args:
            path: the file.
            root: folder that video paths are relative to; by default the header's root, and a
                relative root there is relative to the manifest's own folder.

        Returns:
            What the file lists.

        Raises:
            OddframeError: naming the line, for anything that does not fit the format.
        """
        path = as_path(path, "path")
        lines = _lines_of(path)
        header = parse_row(path, 1, lines[0])
        if header.get("format") != FORMAT:
            raise OddframeError(
                f"{path} line 1: expected a header with format '{FORMAT}', found "
                f"{shown(header.get('format'))}; make the manifest with 'oddframe prepare'"
            )
        videos = []
        seen: dict[str, int] = {}
        for number, line in enumerate(lines[1:], start=2):
            if not line.strip():
                continue
            video = video_of(path, number, parse_row(path, number, line))
            if video.id in seen:
                raise OddframeError(
                    f"{path} line {number}: id '{video.id}' was already on line {seen[video.id]}"
                )
            seen[video.id] = number
            videos.append(video)
        if not videos:
            raise OddframeError(f"{path}: the manifest lists no videos; run 'oddframe prepare'")
        annotations = header.get("annotations", {})
        if not isinstance(annotations, dict):
            raise OddframeError(f"{path} line 1: expected 'annotations' to be a JSON object")
        defaults = {"dataset": path.stem, "source": "", "label_rule": "", "root": "."}
        try:
            said = {
                key: typed(header.get(key, default), str, key) for key, default in defaults.items()
            }
            require_plain("root", said["root"])
            return cls(
                dataset=said["dataset"],
                videos=tuple(videos),
                root=path.parent / said["root"] if root is None else Path(root),
                source=said["source"],
                label_rule=said["label_rule"],
                annotations=annotations,
            )
        except (ValueError, OddframeError) as error:
            raise OddframeError(f"{path} line 1: {error}") from None


def hash_annotations(root: Path, files: Iterable[Path]) -> dict[str, str]:
    """Annotation files, named relative to the root where they lie under it, with SHA-256."""
    result = {}
    for file in files:
        inside = file.is_relative_to(root)
        result[str(file.relative_to(root) if inside else file)] = sha256_of(file)
    return result


def _lines_of(path: Path) -> list[str]:
    text = read_text(path, "a manifest", advice="make one with 'oddframe prepare'")
    if not text.strip():
        raise OddframeError(f"{path}: the manifest is empty; make one with 'oddframe prepare'")
    # Not splitlines(): it also breaks at U+2028 and the like, which JSON allows inside a string.
    return text.split("\n")
