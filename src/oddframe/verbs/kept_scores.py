"""Scores of single videos, kept in ``.scoring/`` until the scores file of all of them is whole.

A scoring that was killed goes on after the videos that it finished. What is kept is taken again
only if everything that it depends on is the same.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from oddframe.array_files import read_arrays, write_arrays
from oddframe.atomic import write_json
from oddframe.detections import Detection, detections_from
from oddframe.errors import OddframeError

FOLDER = ".scoring"
SETTINGS = "settings.json"
_SCORES, _REST = "scores", "rest"

VideoScores = tuple[np.ndarray, list[Detection]]
"""Scores ``(frames,)`` and events of one video."""


@dataclass(frozen=True)
class KeptScores:
    """The folder of a scoring that is under way.

    Attributes:
        folder: where.
        settings: what the scores of all videos depend on, as JSON holds it.
    """

    folder: Path
    settings: dict[str, Any]

    def begin(self) -> None:
        """Begin, or go on; what other settings left is removed.

        Raises:
            OddframeError: the folder cannot be written.
        """
        if not self.is_begun():
            self.remove()
            write_json(self.folder / SETTINGS, self.settings)

    def is_begun(self) -> bool:
        """Whether the folder is there, with these settings."""
        try:
            text = (self.folder / SETTINGS).read_text(encoding="utf-8")
            return bool(json.loads(text) == self.settings)
        except (OSError, ValueError):
            return False

    def remove(self) -> None:
        """Remove the folder, if it is there."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def write(
        self, video_id: str, source: Any, found: VideoScores, beside: Sequence[Path] = ()
    ) -> None:
        """Keep a video's scores, atomically.

        Args:
            video_id: the video.
            source: what its scores depend on, as JSON holds it.
            found: its scores and events.
            beside: files that belong to them, in the folder of this folder.

        Raises:
            OddframeError: the folder cannot be written.
        """
        values, detections = found
        rest = {
            "source": _sha256(source),
            "events": [asdict(detection) for detection in detections],
            "beside": [path.relative_to(self.folder.parent).as_posix() for path in beside],
        }
        write_arrays(self._file(video_id), {_SCORES: values, _REST: np.array(json.dumps(rest))})

    def read(self, video_id: str, source: Any) -> VideoScores | None:
        """What is kept of a video; None if it has to be scored, again or for the first time."""
        path = self._file(video_id)
        if not path.exists():
            return None
        try:
            arrays = read_arrays(path, "a video's scores")
            rest = json.loads(str(arrays[_REST]))
            usable = rest["source"] == _sha256(source) and all(
                (self.folder.parent / name).exists() for name in rest["beside"]
            )
            return (arrays[_SCORES], detections_from(rest["events"])) if usable else None
        except (OddframeError, KeyError, TypeError, ValueError):
            return None  # damaged from outside

    def _file(self, video_id: str) -> Path:
        return self.folder / f"{video_id}.npz"


def _sha256(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
