"""The videos of a weakly supervised data set: listed by name, found as footage or as features."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from unicodedata import normalize

from oddframe.console.words import count
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.features.feature_folder import FeatureFolder
from oddframe.footage.finding import is_foreign, is_video_file
from oddframe.footage.listing import survey, with_progress
from oddframe.media.clock import Clock
from oddframe.videos.video import Event, Video

NORMAL = "normal"


@dataclass(frozen=True)
class Listed:
    """A video as the official lists know it.

    Attributes:
        id: file name without its extension.
        split: ``train`` or ``test``.
        classes: classes of anomaly that the video carries; empty for a normal video.
        anomalous: the video's label.
        place: where the official archive has it, the end of a path; may be empty.
        frames: official frame count; None where there is none.
    """

    id: str
    split: str
    classes: tuple[str, ...]
    anomalous: bool
    place: str = ""
    frames: int | None = None


@dataclass(frozen=True)
class Surveyed:
    """Videos with their frame counts, and where the counts are from (a note for the manifest)."""

    videos: tuple[Video, ...]
    note: str


def check_lists(
    dataset: str,
    listed: Sequence[Listed],
    published: Mapping[str, tuple[int, int]],
    allow_partial: bool,
) -> None:
    """Check the number of videos of each class in each split.

    Args:
        dataset: named in the message.
        listed: the videos.
        published: class to its number of training and of test videos; ``normal`` is a class
            here. A video counts for every class that it carries.
        allow_partial: warn instead.

    Raises:
        OddframeError: a video listed twice, or other numbers.
    """
    seen: dict[str, str] = {}
    for video in listed:
        if video.id in seen:
            raise OddframeError(
                f"{dataset}: the video '{video.id}' is listed twice ({seen[video.id]} and "
                f"{video.split}); get the official lists again"
            )
        seen[video.id] = video.split
    for place, split in enumerate(("train", "test")):
        expected = {name: numbers[place] for name, numbers in published.items()}
        found = Counter(
            name for video in listed if video.split == split for name in _classes(video)
        )
        wrong = [name for name in {**expected, **found} if expected.get(name, 0) != found[name]]
        if wrong:
            name = wrong[0]
            message = (
                f"{dataset}: expected {expected.get(name, 0)} videos of class '{name}' in {split}, "
                f"found {found[name]}"
            )
            _complain(message + " in the list", "use the official list", allow_partial)


def _classes(video: Listed) -> tuple[str, ...]:
    return video.classes or (("anomalous",) if video.anomalous else (NORMAL,))


def survey_listed(
    dataset: str,
    root: Path,
    listed: Sequence[Listed],
    *,
    fps: float,
    features: Path | None = None,
    dropped: int = 0,
    allow_partial: bool = False,
) -> Surveyed:
    """Frame counts of the listed videos: from features, else from footage, else official.

    Footage is looked for by name anywhere below the root and counted exactly. Without any, the
    official counts are enough for a manifest that serves features or scores made elsewhere.

    Args:
        dataset: named in messages.
        root: folder of the data set.
        listed: the videos.
        fps: frame rate of the data set, for everything but video files.
        features: folder of features to use instead of footage.
        dropped: frames by which an official count may be less than the footage.
        allow_partial: leave out videos that are missing, and believe the footage where it
            contradicts an official count; both with a warning.

    Raises:
        OddframeError: a video is missing, its count contradicts the official one, or there is no
            way to know its frame count.
    """
    if features is not None:
        return _from_features(dataset, listed, FeatureFolder.open(features), fps, allow_partial)
    footage = _find_footage(root, {video.id for video in listed})
    if footage:
        return _from_footage(dataset, root, listed, footage, fps, dropped, allow_partial)
    missing = [video for video in listed if video.frames is None]
    _check_missing(
        dataset,
        missing,
        listed,
        f"no footage below {root} and no official frame count",
        "give the folder of the videos, or features with --features",
        allow_partial,
    )
    videos = [_bare(video, video.frames, fps) for video in listed if video.frames is not None]
    note = "official frame counts, neither footage nor features at hand"
    return Surveyed(tuple(videos), note + _left_out(missing, listed))


def with_events(video: Video, events: Sequence[Event], where: str) -> Video:
    """A test video with its events.

    Raises:
        OddframeError: a normal video has events, or an anomalous one has none.
    """
    if (video.label == "anomalous") != bool(events):
        wanted = "at least one interval" if video.label == "anomalous" else "no interval"
        raise OddframeError(
            f"{where}: expected {wanted} of this {video.label} video, found {len(events)}; its "
            "label and its annotation must agree"
        )
    return replace(video, events=tuple(events))


def _from_features(
    dataset: str, listed: Sequence[Listed], folder: FeatureFolder, fps: float, allow_partial: bool
) -> Surveyed:
    missing = [video for video in listed if folder.resolve(video.id) is None]
    _check_missing(
        dataset,
        missing,
        listed,
        f"no features in {folder.path}",
        "extract them, or check that the names agree",
        allow_partial,
    )
    absent = {video.id for video in missing}
    counted = 0
    videos = []
    for video in with_progress([video for video in listed if video.id not in absent]):
        frames = video.frames
        if frames is None:
            if folder.rate is not None:
                raise OddframeError(
                    f"{folder.path}: features resampled to {folder.rate:g} frames per second do "
                    f"not tell the frame count of '{video.id}', and there is no official one; "
                    f"prepare {dataset} from its videos"
                )
            frames = folder.snippets(video.id) * folder.stride
            counted += 1
        else:
            folder.check_frames(video.id, Clock(frames, fps))
        videos.append(_bare(video, frames, fps))
    note = "official frame counts, features without footage"
    if counted:
        note += f"; {count(counted, 'video')} without an official count: {folder.stride} x snippets"
    return Surveyed(tuple(videos), note + _left_out(missing, listed))


def _from_footage(
    dataset: str,
    root: Path,
    listed: Sequence[Listed],
    footage: Mapping[str, Sequence[Path]],
    fps: float,
    dropped: int,
    allow_partial: bool,
) -> Surveyed:
    missing = [video for video in listed if video.id not in footage]
    _check_missing(
        dataset, missing, listed, f"no footage below {root}", "complete the videos", allow_partial
    )
    videos = []
    other = []
    for entry in with_progress([video for video in listed if video.id in footage]):
        path = _choose(footage[entry.id], entry)
        video = survey(path, root, video_id=entry.id, split=entry.split, fps=fps)
        official = entry.frames
        if official is not None and not official <= video.frames <= official + dropped:
            other.append(
                f"{path}: expected {official} frames, the official count, found {video.frames}"
            )
        videos.append(_labelled(video, entry))
    note = "frames counted in the footage"
    if other:
        _complain(
            other[0] + f" (and so for {len(other) - 1} more)" * (len(other) > 1),
            "the file is another version of the video or was cut short: get it again",
            allow_partial,
        )
        note += f"; partial: {count(len(other), 'video')} with other counts than the official ones"
    return Surveyed(tuple(videos), note + _left_out(missing, listed))


def _left_out(missing: Sequence[Listed], listed: Sequence[Listed]) -> str:
    return f"; partial: without {len(missing)} of {count(len(listed), 'video')}" if missing else ""


def _bare(entry: Listed, frames: int, fps: float) -> Video:
    video = Video(entry.id, "", entry.split, NORMAL, frames, fps, width=0, height=0)
    return _labelled(video, entry)


def _labelled(video: Video, entry: Listed) -> Video:
    return replace(video, label="anomalous" if entry.anomalous else NORMAL, classes=entry.classes)


def _find_footage(root: Path, ids: set[str]) -> dict[str, list[Path]]:
    """Video files and frame folders below the root that bear a listed name."""
    found: dict[str, list[Path]] = {}
    for folder, subfolders, files in os.walk(root, followlinks=True):
        here = Path(folder)
        for name in sorted(files):
            path = here / name
            called = normalize("NFC", path.stem)
            if called in ids and is_video_file(path):
                found.setdefault(called, []).append(path)
        for name in sorted(subfolders):
            called = normalize("NFC", name)
            if called in ids:
                found.setdefault(called, []).append(here / name)
        subfolders[:] = sorted(
            name
            for name in subfolders
            if normalize("NFC", name) not in ids
            and not name.startswith(".")
            and not is_foreign(here / name)
        )
    return found


def _choose(paths: Sequence[Path], entry: Listed) -> Path:
    """A file rather than frames made of it, and the one in its official place.

    Copies of the same size elsewhere are the same video (UCF-Crime's archive has such).
    """
    paths = [path for path in paths if path.is_file()] or paths
    official = [path for path in paths if entry.place and path.as_posix().endswith(entry.place)]
    if len(official) == 1:
        return official[0]
    if len({path.stat().st_size if path.is_file() else path for path in paths}) > 1:
        raise OddframeError(
            f"video '{entry.id}': found {paths[0]} and {paths[1]}, which differ; remove one of them"
        )
    return paths[0]


def _check_missing(
    dataset: str,
    missing: Sequence[Listed],
    listed: Sequence[Listed],
    reason: str,
    advice: str,
    allow_partial: bool,
) -> None:
    if missing:
        message = (
            f"{dataset}: {len(missing)} of {len(listed)} videos, first '{missing[0].id}', have "
            f"{reason}"
        )
        _complain(message, advice, allow_partial and len(missing) < len(listed))


def _complain(message: str, advice: str, allow_partial: bool) -> None:
    if not allow_partial:
        raise OddframeError(
            f"{message}; {advice}, or use a part of the data set with --allow-partial"
        )
    warnings.warn(f"{message}; results are not comparable", OddframeWarning, stacklevel=4)
