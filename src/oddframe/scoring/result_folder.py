"""The folder of a scoring: scores, events, maps and terms that belong together, or none of them.

Everything is made in ``.scoring/``. Once it is whole, one rename to ``.scored/`` decides: from then
on the new results count, and putting them in place, the scores last, only has to be finished. The
scores of before go first, so whoever finds a scores file finds what belongs to it. ``sources.json``
says what the scores were made of.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from oddframe.errors import OddframeError
from oddframe.files.atomic import CannotWriteError, atomic_path, sha256_of, write_json
from oddframe.media.clock import Clock
from oddframe.media.fingerprints import Fingerprint
from oddframe.reporting.event_clips import clips_in
from oddframe.scores.detections import Detection, EventRule
from oddframe.scores.events_file import is_events_file, write_events
from oddframe.scores.frame_scores import Scores
from oddframe.scores.judged_part import JudgedPart
from oddframe.scores.maps import MAPS
from oddframe.scores.score_files import PENDING
from oddframe.scoring.kept import KEPT, KeptScores, KeptVideo, beside

ANNOTATED, CLIPS, REPORT = "annotated", "clips", "report"
SHOWN_BY = {REPORT: "--report", ANNOTATED: "--annotate", CLIPS: "--clips"}
"""Folders that show scores to a person, beside them, and the option that makes each."""
EVENTS = "events.json"
SOURCES = "sources.json"
FORMAT = "oddframe-sources/1"
_PARTS = "parts.json"


@dataclass(frozen=True)
class Results:
    """What a scoring made, apart from maps and terms.

    Attributes:
        videos: video id to its scores, made now or before, and what they were made of.
        scores: the scores of all of them, as they are written.
        detections, clocks: video id to its events, and to when its frames are shown.
        rule: what made an event.
    """

    videos: Mapping[str, KeptVideo]
    scores: Scores
    detections: Mapping[str, list[Detection]]
    clocks: Mapping[str, Clock]
    rule: EventRule

    def write_events(self, path: Path) -> Path:
        """Write ``events.json``; its path."""
        camera = {name: video.found.camera for name, video in self.videos.items()}
        part = JudgedPart.of(self.scores.meta)
        return write_events(path, self.detections, self.clocks, self.rule, camera, part)


def finish(folder: Path) -> None:
    """Put whole results in place that a killed scoring left; call it while the folder is held.

    Raises:
        OddframeError: the folder cannot be written.
    """
    staged = folder / PENDING
    if not staged.is_dir():
        return
    try:
        parts = json.loads((staged / _PARTS).read_text(encoding="utf-8"))
        new, old = _inside(parts["new"]), _inside(parts["old"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise OddframeError(
            f"{staged / _PARTS}: cannot be read ({error}); delete {staged} and score again"
        ) from error
    try:
        for name in old:
            if name not in new or (staged / name).exists():  # else the new one is in its place
                _remove(folder, name)
        for name in new:
            if (staged / name).exists():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (staged / name).replace(folder / name)
        # Under its other name what is left of it needs no finishing.
        shutil.rmtree(folder / KEPT, ignore_errors=True)
        staged.rename(folder / KEPT)
        shutil.rmtree(folder / KEPT)
    except OSError as error:
        raise CannotWriteError(
            f"{folder}: cannot put the results there ({error.strerror or error}); mend that and "
            "give the same command again, which only has to finish this"
        ) from error


def require_free(folder: Path) -> None:
    """Check that nothing of somebody else's would be overwritten, before anything is scored.

    Raises:
        OddframeError: a file of annotations, say, has the name of the events.
    """
    file = folder / EVENTS
    if file.exists() and not is_events_file(file):
        raise OddframeError(
            f"{file}: expected events that oddframe wrote, found another file, which would be "
            "overwritten; move it, or choose another folder with --out"
        )


def results_of(path: Path, settings: Mapping[str, Any]) -> dict[str, KeptVideo]:
    """The videos of a scores file whose results are whole and were made with these settings.

    Args:
        path: the scores file.
        settings: see :class:`KeptScores`.
    """
    sources = _sources(path)
    if sources is None or sources["settings"] != settings:
        return {}
    try:
        scores = Scores.read(path)
        found = {
            video_id: KeptVideo.from_row(scores[video_id], sources["videos"][video_id])
            for video_id in scores
        }
    except (OddframeError, KeyError, TypeError, ValueError):
        return {}  # damaged from outside
    return {name: video for name, video in found.items() if video.is_whole(path.parent)}


@dataclass(frozen=True)
class Beside:
    """What is known of a scores file from ``sources.json`` beside it, which hashes all of it.

    Attributes:
        belongs: whether what lies beside it belongs to it, as far as anybody can know.
        recordings: video id to the recording that its scores were made of, where that is known; of
            scores that were made of features nothing is.
    """

    belongs: bool
    recordings: Mapping[str, Fingerprint]

    @classmethod
    def of(cls, path: Path) -> Beside:
        """What is known of this scores file."""
        sources = _sources(path)
        if sources is None:
            return cls(not (path.parent / SOURCES).exists(), {})
        try:
            rows = {name: row["made_of"] for name, row in sources["videos"].items()}
            if sources["settings"]["features"] is not None:
                rows = {}
            found = {name: Fingerprint.from_row(row) for name, row in rows.items() if row}
        except (KeyError, TypeError, ValueError, AttributeError):
            found = {}  # damaged from outside
        return cls(True, found)


def scores_in(folder: Path) -> Path:
    """The scores file of a folder of results, whatever it is called."""
    try:
        name = str(json.loads((folder / SOURCES).read_text(encoding="utf-8"))["scores"])
    except (OSError, ValueError, KeyError, TypeError):
        name = "scores.npz"
    return folder / PurePosixPath(name).name


def place(path: Path, kept: KeptScores, results: Results, *, keep_maps: bool) -> list[str]:
    """Put the results of a scoring in place of those that are there.

    If they are those that are there, everything in the folder stays as it is. Otherwise what showed
    the scores before (report, annotated videos, clips) is removed as well.

    Args:
        path: the scores file.
        kept: the folder that they were made in; it is used up.
        results: what is written.
        keep_maps: whether the maps stay. If not, they are there until :func:`drop_maps`.

    Returns:
        Which of :data:`SHOWN_BY` were there and are removed.

    Raises:
        OddframeError: the folder cannot be written.
    """
    folder, staged, videos = path.parent, kept.folder, results.videos
    rows = {name: _row(video, keep_maps) for name, video in videos.items()}
    events, before = results.write_events(staged / EVENTS), _sources(path)
    parts = [name for video in videos.values() for name in video.beside]
    if (
        before is not None
        and (before["settings"], before["videos"]) == (kept.settings, rows)
        and Scores.read(path).meta == results.scores.meta
        and not any((staged / name).exists() for name in parts)  # made now, and wanted
    ):
        there = folder / EVENTS
        if there.is_file() and there.read_bytes() == events.read_bytes():
            kept.remove()
            return []
    for name in parts:
        if not (staged / name).exists():
            _link(folder / name, staged / name)
    results.scores.write(staged / path.name)
    sources = {
        "format": FORMAT,
        "scores": path.name,
        "scores_sha256": sha256_of(staged / path.name),
        "settings": kept.settings,
        "videos": rows,
    }
    write_json(staged / SOURCES, sources)
    new = [*parts, EVENTS, SOURCES, path.name]  # the scores last
    old = [path.name, *_files_of(folder, {*videos, *_ids_of(path)})]  # the scores first
    write_json(staged / _PARTS, {"new": new, "old": old})
    staged.rename(folder / PENDING)
    shown = [name for name in SHOWN_BY if (folder / name).exists()]
    finish(folder)
    return [name for name in shown if not (folder / name).exists()]


def drop_maps(folder: Path, video_ids: Iterable[str]) -> None:
    """Remove the score maps of some videos, and folders that are empty then."""
    for video_id in video_ids:
        _remove(folder, f"{MAPS}/{video_id}.npy")


def _row(video: KeptVideo, keep_maps: bool) -> dict[str, Any]:
    beside = tuple(n for n in video.beside if keep_maps or not n.startswith(f"{MAPS}/"))
    row = replace(video, mapped=video.mapped and keep_maps, beside=beside).row()
    return json.loads(json.dumps(row))


def _sources(path: Path) -> dict[str, Any] | None:
    """What ``sources.json`` says beside this very scores file; None if there is none of it."""
    try:
        found = json.loads((path.parent / SOURCES).read_text(encoding="utf-8"))
        known = found["format"] == FORMAT and found["scores"] == path.name
        fits = known and found["scores_sha256"] == sha256_of(path)
        return found if fits and isinstance(found["videos"], dict) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _ids_of(path: Path) -> list[str]:
    """The videos of the scores that are there; of a damaged or foreign file none."""
    try:
        return list(Scores.read(path)) if path.is_file() else []
    except OddframeError:
        return []


def _files_of(folder: Path, video_ids: Iterable[str]) -> list[str]:
    """What may lie in a folder that belongs to scores of these videos."""
    found = [EVENTS, SOURCES]
    for video_id in video_ids:
        found += [*beside(video_id), f"{ANNOTATED}/{video_id}.mp4"]
        clips = clips_in(folder / CLIPS / video_id)
        found += [path.relative_to(folder).as_posix() for path in clips]
    report = folder / REPORT
    # Only a page of a scoring: an evaluation has one of the same name and may have been put here.
    page = report / "report.html"
    if (
        page.is_file()
        and b"oddframe" in page.read_bytes()[:2000]
        and not (report / "metrics.json").exists()
    ):
        pictures = (report / part for part in ("plots", "events", "samples"))
        files = [path for part in pictures for path in part.rglob("*") if path.is_file()]
        found += [p.relative_to(folder).as_posix() for p in (page, *files)]
    return [name for name in _inside(found) if (folder / name).exists()]


def _inside(names: Iterable[str]) -> list[str]:
    """The names of files within the folder; a damaged or foreign file may hold others."""
    paths = (PurePosixPath(name) for name in names)
    return [str(path) for path in paths if not path.is_absolute() and ".." not in path.parts]


def _remove(folder: Path, name: str) -> None:
    """Remove a file, and the folders that are empty then."""
    path = folder / name
    path.unlink(missing_ok=True)
    for parent in path.parents:
        if parent == folder:
            break
        with contextlib.suppress(OSError):  # it is not empty, or not there
            parent.rmdir()


def _link(source: Path, target: Path) -> None:
    """Give a file another name too; it is a copy where the file system has no links."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        with atomic_path(target) as temporary:
            shutil.copyfile(source, temporary)
