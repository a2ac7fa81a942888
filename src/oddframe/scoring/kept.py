"""Scores of single videos, kept in ``.scoring/`` until those of all videos are there.

A scoring that was killed goes on after the videos that it finished. What is kept is taken again
only if everything that it depends on is the same: the run and its settings, and the recording.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from oddframe.errors import OddframeError
from oddframe.files.array_files import read_arrays, write_arrays
from oddframe.files.atomic import write_json
from oddframe.media.fingerprints import Fingerprint
from oddframe.scores.baseline_scores import BASELINES
from oddframe.scores.camera_troubles import CameraTrouble, troubles_from
from oddframe.scores.detections import Reason, boxes_from
from oddframe.scores.maps import MAPS
from oddframe.scores.sights import sight_from
from oddframe.scores.terms import TERMS

KEPT = ".scoring"
SETTINGS = "settings.json"
_VIDEOS = "videos"
_SCORES, _ROW = "scores", "row"


def beside(video_id: str) -> tuple[str, ...]:
    """Files that may lie beside the scores of a video, relative to their folder."""
    arrays = (f"{folder}/{video_id}.npz" for folder in (TERMS, BASELINES))
    return (f"{MAPS}/{video_id}.npy", *arrays)


@dataclass(frozen=True)
class VideoScores:
    """The scores of one video.

    Attributes:
        values: ``(frames,)``, float32.
        reasons: why odd frames are odd, one for each second at most.
        cuts: frames at which the picture is cut.
        camera: troubles of the camera itself.
        untested: ``[start, end)`` of frames that nothing was found out about.
    """

    values: np.ndarray
    reasons: tuple[Reason, ...] = ()
    cuts: tuple[int, ...] = ()
    camera: tuple[CameraTrouble, ...] = ()
    untested: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", np.asarray(self.values, np.float32))


@dataclass(frozen=True)
class Source:
    """What the scores of one video depend on, apart from the settings of all.

    Attributes:
        files: its recording, or its features.
        facts: what is known of it, as JSON holds it.
    """

    files: Sequence[Path]
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class KeptVideo:
    """A video that is scored, and what its scores were made of.

    Attributes:
        found: its scores.
        facts: those of its :class:`Source`.
        made_of: fingerprint of its files, None if there were none.
        mapped: whether its score maps were kept, if the detector makes any.
        beside: files that belong to it, such as ``maps/ID.npy`` (:func:`beside`).
    """

    found: VideoScores
    facts: Mapping[str, Any]
    made_of: Fingerprint | None
    mapped: bool
    beside: tuple[str, ...] = ()

    def row(self) -> dict[str, Any]:
        """All but the scores, as JSON holds it."""
        return {
            "facts": dict(self.facts),
            "made_of": self.made_of.row() if self.made_of else None,
            "mapped": self.mapped,
            "beside": list(self.beside),
            "reasons": [asdict(reason) for reason in self.found.reasons],
            "cuts": list(self.found.cuts),
            "camera": [asdict(trouble) for trouble in self.found.camera],
            "untested": [list(span) for span in self.found.untested],
        }

    @classmethod
    def from_row(cls, values: np.ndarray, row: Mapping[str, Any]) -> KeptVideo:
        """What :meth:`row` gave.

        Raises:
            KeyError, TypeError, ValueError: something else.
        """
        reasons = tuple(
            Reason(
                frame=int(r["frame"]),
                cue=str(r["cue"]),
                reason=str(r["reason"]),
                boxes=boxes_from(r["boxes"]),
                nearest=sight_from(r.get("nearest")),
                zone=str(r.get("zone", "")),
            )
            for r in row["reasons"]
        )
        made_of = Fingerprint.from_row(row["made_of"]) if row["made_of"] else None
        beside = tuple(str(name) for name in row["beside"])
        cuts, camera = (
            tuple(int(frame) for frame in row["cuts"]),
            troubles_from(row.get("camera", ())),
        )
        untested = tuple((int(start), int(end)) for start, end in row.get("untested", ()))
        found = VideoScores(values, reasons, cuts, camera, untested)
        return cls(found, row["facts"], made_of, bool(row["mapped"]), beside)

    def is_whole(self, folder: Path) -> bool:
        """Whether the files that belong to it are in a folder."""
        return all((folder / name).is_file() for name in self.beside)

    def serves(self, source: Source, mapped: bool) -> bool:
        """Whether these scores would do for a source whose files did not change.

        Args:
            source: what the video's scores depend on now.
            mapped: whether score maps are wanted.
        """
        return dict(self.facts) == dict(source.facts) and (self.mapped or not mapped)

    def is_of(self, source: Source) -> bool:
        """Whether the files of a source are those that were scored, unchanged."""
        return self.made_of is not None and self.made_of.fits(source.files)


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

    def write(self, video_id: str, video: KeptVideo) -> None:
        """Keep a video's scores, atomically; the files beside them are there already.

        Raises:
            OddframeError: the folder cannot be written.
        """
        # A worker that outlives its scoring may write late, into the folder of another one.
        row = {**video.row(), "settings": _sha256(self.settings)}
        arrays = {_SCORES: video.found.values, _ROW: np.array(json.dumps(row))}
        write_arrays(self._file(video_id), arrays)

    def read(self, video_id: str) -> KeptVideo | None:
        """What is kept of a video; None if it is not there, or damaged."""
        path = self._file(video_id)
        if not path.exists():
            return None
        try:
            arrays = read_arrays(path, "a video's scores")
            row = json.loads(str(arrays[_ROW]))
            video = KeptVideo.from_row(arrays[_SCORES], row)
            same = row["settings"] == _sha256(self.settings)
        except (OddframeError, KeyError, TypeError, ValueError):
            return None  # damaged from outside
        return video if same and video.is_whole(self.folder) else None

    def _file(self, video_id: str) -> Path:
        return self.folder / _VIDEOS / f"{video_id}.npz"


def _sha256(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
