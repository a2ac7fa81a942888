"""Scores that somebody gives, with what lies beside them and belongs to them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from oddframe.console.progress import progress
from oddframe.console.words import count
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.files.regular_files import stamp_of
from oddframe.media.fingerprints import Fingerprint, recording_files
from oddframe.scores.baseline_scores import BASELINES, read_baselines
from oddframe.scores.detections import Detection, EventRule, find_detections
from oddframe.scores.events_file import Told, read_told
from oddframe.scores.frame_scores import Scores
from oddframe.scores.maps import MAPS, read_maps
from oddframe.scores.terms import TERMS, read_terms
from oddframe.scoring.result_folder import EVENTS, SOURCES, Beside
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Video

_LONG_TO_READ = 500_000_000
"""Bytes of recordings that are read without a word: a second or two."""


@dataclass(frozen=True)
class GivenScores:
    """Scores and what belongs to them, as they were at one moment.

    Attributes:
        scores: anomaly scores of every video there.
        maps: video id to score maps.
        terms: video id to what its scores were combined from.
        told: video id to what ``score`` told of it.
        recordings: video id to the recording that its scores were made of, where that is known.
        baselines: video id to what simple rules say beside them, by name.
    """

    scores: Scores
    maps: Mapping[str, np.ndarray]
    terms: Mapping[str, Mapping[str, np.ndarray]]
    told: Mapping[str, Told] = field(default_factory=dict)
    recordings: Mapping[str, Fingerprint] = field(default_factory=dict)
    baselines: Mapping[str, Mapping[str, np.ndarray]] = field(default_factory=dict)

    @classmethod
    def read(
        cls, path: Path, names: Sequence[str], *, maps: Path | None = None, terms: bool = False
    ) -> GivenScores:
        """Read scores, and what lies beside them unless it belongs to others.

        Args:
            path: anybody's scores, see :meth:`oddframe.scores.frame_scores.Scores.read`.
            names: the videos whose maps and terms are wanted.
            maps: folder of the maps; by default ``maps/`` beside the scores.
            terms: whether the terms are wanted.

        Raises:
            OddframeError: nothing that could be scores, a folder without maps, or a file that
                changed meanwhile.
        """
        folder, file = (path, path / "scores.npz") if path.is_dir() else (path.parent, path)
        # A whole file is hashed only once it was read.
        before = stamp_of(file)
        scores = Scores.read(path)
        beside = Beside.of(file)
        own = beside.belongs
        if not own:
            warnings.warn(
                f"{folder / SOURCES}: maps, terms and events in this folder belong to other scores "
                f"than {file.name}, and are left out; score again, each set of scores in a folder",
                OddframeWarning,
                stacklevel=2,
            )
        located = read_maps(maps or folder / MAPS, names if own or maps else [])
        if maps is not None and not located:
            raise OddframeError(f"{maps}: no score maps <id>.npy of the manifest's videos")
        simple = read_baselines(folder / BASELINES, names if own else [])
        parts = read_terms(folder / TERMS, names if own and terms else [])
        told = _told(folder / EVENTS) if own else {}
        if stamp_of(file) != before:
            raise OddframeError(f"{file}: changed while it was read; evaluate again")
        return cls(scores, located, parts, told, beside.recordings, simple)

    def told_of(self, video: Video) -> Told:
        """What was told of a video; that of another one by its name may lie beyond its end."""
        return self.told.get(video.id, Told()).within(video.frames)

    def simple_rules(self, videos: Sequence[Video]) -> dict[str, Scores]:
        """The scores of each simple rule that is there for all of these videos, by its name."""
        if not videos or any(video.id not in self.baselines for video in videos):
            return {}
        said = {video.id: self.baselines[video.id] for video in videos}
        names = [name for name in said[videos[0].id] if all(name in part for part in said.values())]
        return {
            name: Scores({key: part[name] for key, part in said.items()}, {"detector": name})
            for name in names
        }

    def detections(self, videos: Sequence[Video]) -> dict[str, list[Detection]]:
        """The events at the threshold in the scores, with the reasons that ``score`` gave for them.

        ``events.json`` of somebody else's scores may be of others, so only the very same events
        count.
        """
        rule = EventRule.of(self.scores.meta)
        if rule is None:
            return {}
        detections, alarming = {}, self.scores.alarming
        for video in videos:
            reasons = {(d.start, d.end, d.peak): d for d in self.told_of(video).events}
            found = find_detections(alarming[video.id], rule, video.clock)
            detections[video.id] = [reasons.get((d.start, d.end, d.peak), d) for d in found]
        return detections

    def other_footage(self, manifest: Manifest, videos: Sequence[Video]) -> str:
        """A line on videos whose scores were made of other recordings than the manifest names.

        Empty where all are the same, wherever they lie now, or where it is not known.
        """
        others, unsure = [], []
        for video in videos:
            made_of = self.recordings.get(video.id)
            files = recording_files(manifest.locate(video)) if made_of and video.path else []
            if not made_of or not files:
                continue
            seems = made_of.seems(files)
            if seems is None:
                unsure.append((video, made_of, files))
            elif not seems:
                others.append((video, made_of))
        others += _of_other_content(unsure)
        if not others:
            return ""
        video, made_of = others[0]
        more = f", as of {count(len(others) - 1, 'more video')}" if len(others) > 1 else ""
        return (
            f"the scores of '{video.id}' were made of another recording ({made_of.path}) than the "
            f"manifest names ({manifest.locate(video)}){more}; score the manifest's own, unless "
            "both show the same frames"
        )


def _of_other_content(
    unsure: Sequence[tuple[Video, Fingerprint, Sequence[Path]]],
) -> list[tuple[Video, Fingerprint]]:
    """Those of some videos whose recordings hold something else; they are read to find out.

    Args:
        unsure: videos, what their scores were made of, and the files that are there now.
    """
    others, size = [], sum(made_of.bytes for _, made_of, _ in unsure)
    with progress() as bar:
        if size > _LONG_TO_READ:
            bar.say(
                f"{count(len(unsure), 'recording')} written or copied since they were scored: "
                f"reading {size / 1e9:.1f} GB to see whether they are the same"
            )
        advance = bar.counter("reading recordings", size)
        for video, made_of, files in unsure:
            if not made_of.fits(files):
                others.append((video, made_of))
            advance(made_of.bytes)
    return others


def _told(file: Path) -> dict[str, Told]:
    """What ``events.json`` tells by video; nothing where the file is something else.

    No number depends on it, and anybody may call a file of annotations ``events.json``.
    """
    if not file.exists():
        return {}
    try:
        return read_told(file)
    except OddframeError as error:
        warnings.warn(f"the report goes without reasons: {error}", OddframeWarning, stacklevel=3)
        return {}
