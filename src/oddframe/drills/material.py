"""What a drill is made of: normal footage that the run did not learn from, where there is any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from oddframe.console.words import count
from oddframe.drills.survey import Survey
from oddframe.errors import OddframeError
from oddframe.footage.deep_footage import at_range_of_run
from oddframe.footage.given import Footage
from oddframe.footage.zoned_footage import with_zones
from oddframe.runs.normal_footage import normal_videos, own_footage, own_manifest
from oddframe.runs.run_folder import Run
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Video

LEAD_SECONDS = 4.0
"""Untouched footage before a fault, so that what follows things is in its stride."""
FAULT_SECONDS = 8.0
LONGEST, USUAL = 127.0, 38.0
"""Seconds of the first stretch, which has room for a long stay, and of the others."""
_SHORTEST = 3.0
_CANDIDATES = 64
_SHAPE = 0.05
"""Share by which the shape of two pictures may differ."""


@dataclass(frozen=True)
class Material:
    """Footage for a drill.

    Attributes:
        manifest: says where the videos are.
        videos: what faults are put into.
        known: footage that the scene is surveyed on besides: what the run learnt from.
        words: what it is, for a person.
        held_out: whether the run did not learn from it, as far as is known.
    """

    manifest: Manifest
    videos: tuple[Video, ...]
    known: tuple[tuple[Manifest, tuple[Video, ...]], ...]
    words: str
    held_out: bool


@dataclass(frozen=True)
class Stretch:
    """Where a clip is read from."""

    video: Video
    first: int
    frames: int


def find_material(run: Run, footage: Footage | None, root: Path | None, out: Path) -> Material:
    """The footage that was given, or the run's own held-out normal footage.

    Args:
        run: the run.
        footage: what was given, if anything.
        root: folder that the paths of the run's manifest are relative to, if the data moved.
        out: the folder that will be written.

    Raises:
        OddframeError: no footage, none that is normal, or footage of another shape than the run
            was trained on.
    """
    if footage is None:
        return _of_run(run, root)
    own = own_manifest(run, root)
    manifest = at_range_of_run(footage.read(out=out), run.levels)
    manifest = with_zones(manifest, run.zones or None)
    splits = ("val", "train", "test") if footage.is_manifest else (None,)
    videos = normal_videos(manifest, *splits)
    if not videos:
        raise OddframeError(
            f"{footage.path}: expected normal footage, found {count(len(manifest), 'video')}, all "
            "labelled anomalous; a drill puts its own oddities into normal footage"
        )
    trained = normal_videos(own, "train") if own is not None else ()
    learnt = {own.locate(v).resolve() for v in trained} if own is not None else set()
    overlap = any(manifest.locate(video).resolve() in learnt for video in videos)
    known = ()
    if own is not None:
        _require_same_shape(footage.path, videos, own)
        there = tuple(v for v in trained if own.locate(v).exists())
        known = ((own, there),) if there and not overlap else ()
    words = f"{footage.path}: {_amount(videos)}"
    if overlap:
        words += ", which the run has learnt from, so that shares are optimistic"
    return Material(manifest, videos, known, words, not overlap)


def _of_run(run: Run, root: Path | None) -> Material:
    found = own_footage(run, root, "FOOTAGE", f"oddframe drill {run.folder} FOOTAGE")
    own, held, learnt = found.manifest, found.held_out, found.learnt
    if held:
        there = tuple(v for v in learnt if own.locate(v).exists())
        words = f"the run's own held-out normal footage, {_amount(held)}"
        return Material(own, held, ((own, there),) if there else (), words, held_out=True)
    words = (
        f"footage that the run has learnt from, {_amount(learnt)}, since none was held out: it "
        "knows this footage too well, and shares are optimistic"
    )
    return Material(own, learnt, (), words, held_out=False)


def _amount(videos: Sequence[Video]) -> str:
    minutes = sum(video.clock.watched for video in videos) / 60
    return f"{count(len(videos), 'video')} of {minutes:.1f} minutes"


def _require_same_shape(path: Path, videos: Sequence[Video], own: Manifest) -> None:
    learnt = next((v for v in own if v.width and v.height), None)
    if learnt is None:
        return
    for video in videos:
        if abs(video.width / video.height / (learnt.width / learnt.height) - 1) > _SHAPE:
            raise OddframeError(
                f"{path}: '{video.id}' has {video.width}x{video.height} pixels, and the run was "
                f"trained on {learnt.width}x{learnt.height}; drill it on footage of its own camera"
            )


def choose_stretches(
    videos: Sequence[Video], survey: Survey, amount: int, longest: float = LONGEST
) -> list[Stretch]:
    """Stretches from all parts of the footage that was surveyed, in each where most moves.

    Args:
        videos: the footage.
        survey: what was seen of it.
        amount: how many stretches, if there is room.
        longest: seconds of the first; the others are shorter.

    Raises:
        OddframeError: no video is long enough.
    """
    videos = [v for v in videos if v.id in survey.activity]
    ends = {v.id: min(v.frames, survey.activity[v.id].end) for v in videos}
    lasting = {v.id: replace(v.clock, frames=ends[v.id]).length for v in videos}
    long = [v for v in videos if lasting[v.id] >= _SHORTEST]
    if not long:
        raise OddframeError(
            f"a drill needs a stretch of normal footage of at least {_SHORTEST:g} s, found "
            f"{count(len(videos), 'video')} of at most {max(lasting.values()):.1f} s; give longer "
            "footage"
        )
    lengths = np.array([lasting[v.id] for v in long])
    starts = np.concatenate(([0.0], np.cumsum(lengths)))
    chosen: dict[tuple[str, int], Stretch] = {}
    for part in range(amount):
        wanted = USUAL if part else longest
        edges = starts[-1] * part / amount, starts[-1] * (part + 1) / amount
        best: tuple[float, Stretch] | None = None
        for moment in np.linspace(*edges, _CANDIDATES, endpoint=False):
            at = min(int(np.searchsorted(starts, moment, side="right")) - 1, len(long) - 1)
            video, end = long[at], ends[long[at].id]
            clock = replace(video.clock, frames=end)
            room = max(lasting[video.id] - wanted, 0.0)
            moments = np.array([min(moment - starts[at], room)])
            first = min(max(int(clock.filmed_by(moments)[0]), 0), end - 1)
            frames = int((clock.filmed < clock.filmed[first] + wanted).sum()) - first
            # A long stay needs room more than it needs motion.
            long_enough = min(lasting[video.id] / wanted, 1.0) if part == 0 else 0.0
            merit = long_enough + _moving(survey, video, first)
            if (video.id, first) not in chosen and (best is None or merit > best[0]):
                best = merit, Stretch(video, first, frames)
        if best is not None:
            chosen[best[1].video.id, best[1].first] = best[1]
    return list(chosen.values())


def _moving(survey: Survey, video: Video, first: int) -> float:
    """Share of the picture that moves while a fault would be, in the mean."""
    activity = survey.activity[video.id]
    since = video.clock.seconds(activity.frames) - video.clock.seconds(first)
    inside = (since >= LEAD_SECONDS) & (since < LEAD_SECONDS + FAULT_SECONDS)
    return float(activity.moving[inside].mean()) if inside.any() else 0.0
