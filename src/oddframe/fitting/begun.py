"""A run that was begun goes on with what it was begun with, whichever version wrote that."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oddframe.errors import OddframeError
from oddframe.runs.run_folder import CHECKPOINT, LAST, MANIFEST, read_config
from oddframe.videos.manifest import Manifest
from oddframe.zones.zone import Zones
from oddframe.zones.zone_file import zones_from

_SEEN = (
    "path",
    "split",
    "label",
    "frames",
    "width",
    "height",
    "classes",
    "events",
    "levels",
    "zones",
)
"""What of a video a step depends on. Not its times: an earlier version knew none, and took another
rate for footage whose rate changes. Nor masks and tracks, which are of the evaluation."""


@dataclass(frozen=True)
class Begun:
    """What is there of a run already.

    Attributes:
        folder: the run folder.
        config: what it was begun with, as ``config.yaml`` says.
        is_finished: whether it has a checkpoint to use.
    """

    folder: Path
    config: dict[str, Any]
    is_finished: bool

    @classmethod
    def found_in(cls, folder: Path, *, resume: bool) -> Begun | None:
        """The run in a folder, to go on with; None where there is none.

        Raises:
            OddframeError: there is one, and nobody said to go on.
        """
        state = next((file for file in (CHECKPOINT, LAST) if (folder / file).exists()), None)
        if state is None:
            return None
        if not resume:
            which = "a finished" if state == CHECKPOINT else "an unfinished"
            raise OddframeError(
                f"{folder}: there is {which} run already; choose another folder with --out, or "
                "keep and finish it with --resume"
            )
        return cls(folder, read_config(folder), state == CHECKPOINT)

    @property
    def zones(self) -> Zones | None:
        """The zones that it was begun with; None where there are none."""
        return zones_from(self.config.get("zones")) or None

    def check_same(
        self, written: dict[str, Any], defaults: dict[str, Any], manifest: Manifest
    ) -> None:
        """Check that it goes on as it began; an unfinished one may get another number of steps.

        Args:
            written: what ``config.yaml`` would say now.
            defaults: defaults of the detector's settings. One that did not exist when the run was
                begun was at what is its default now.
            manifest: the videos to learn from now.

        Raises:
            OddframeError: naming what is another one.
        """
        before = {
            **self.config,
            "settings": {**json.loads(json.dumps(defaults)), **self.config.get("settings", {})},
        }
        old, new = (
            {
                **{key: part.get(key) for key in ("detector", "seed", "features", "zones")},
                **{f"--settings.{key}": value for key, value in part.get("settings", {}).items()},
            }
            for part in (before, json.loads(json.dumps(written)))
        )
        # Runs made before it was written down may have had an oracle or not.
        if before.get("oracle", written["oracle"]) != written["oracle"]:
            raise OddframeError(
                f"{self.folder}: this run was begun {'with' if before['oracle'] else 'without'} "
                "--oracle, which sees every validation or none; give what it was begun with, or "
                "another --out"
            )
        free = set() if self.is_finished else {"--settings.steps"}
        for key in new:
            if key not in free and old.get(key) != new[key]:
                raise OddframeError(
                    f"{self.folder}: this run was begun with {key} {old.get(key)}, now it is "
                    f"{new[key]}; give what it was begun with, or another --out"
                )
        if self.config.get("manifest_sha256") == written.get("manifest_sha256"):
            return
        if not (self.folder / MANIFEST).exists():
            raise OddframeError(
                f"{self.folder}: this run was begun without footage; leave it out, or give another "
                "--out"
            )
        if differs := what_differs(Manifest.read(self.folder / MANIFEST), manifest):
            raise OddframeError(
                f"{self.folder}: this run was begun with another manifest: {differs}; give what it "
                "was begun with, or another --out"
            )


def what_differs(begun: Manifest, now: Manifest) -> str:
    """In what a manifest is another one than a training was begun with; empty if in nothing.

    Files need not be the same: a manifest that is made anew may word its header otherwise, and
    know more of the same videos.
    """
    if begun.root.absolute() != now.root.absolute():
        return f"its footage lies in {now.root}, and lay in {begun.root}"
    old, new = ({video.id: video for video in manifest} for manifest in (begun, now))
    for there, other, said in ((old, new, "is no more in it"), (new, old, "was not in it")):
        for name in there:
            if name not in other:
                return f"video '{name}' {said}"
    for name, video in new.items():
        for key in _SEEN:
            before, after = getattr(old[name], key), getattr(video, key)
            if before != after:
                return f"{key} of video '{name}' is {after}, and was {before}"
    return ""
