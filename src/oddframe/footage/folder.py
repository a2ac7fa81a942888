"""Anybody's own footage: a folder of videos or of frame folders, or a single recording.

Without more, every recording is normal and for training. Folders, at any depth, say otherwise:
``train``, ``val``, ``test`` give the split, ``normal`` and ``anomalous`` (or ``abnormal``) the
label. Events come from one file for all (see :mod:`oddframe.footage.event_files`) or from a CSV
beside the recording with the same name and one 0 or 1 per frame.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from unicodedata import normalize

from oddframe.console.characters import made_visible
from oddframe.console.words import count
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.footage.deep_footage import at_one_range
from oddframe.footage.event_files import Annotation, read_event_file, read_frame_labels
from oddframe.footage.finding import LABEL_NAMES, Found, find, said_by_folders
from oddframe.footage.listing import annotate, contents, survey, with_progress
from oddframe.videos.intervals import events_of_vector
from oddframe.videos.manifest import Manifest, hash_annotations
from oddframe.videos.video import Event, Video


def prepare_folder(root: Path, *, fps: float | None = None, events: Path | None = None) -> Manifest:
    """A manifest of one's own footage.

    A recording that cannot be read is left out with a warning. A recording with events that no
    folder assigns to a split goes to ``test``. The label of a test video without events is
    ``normal`` if there is an event file (or it has a CSV of its own), and unknown otherwise.

    Args:
        root: folder of videos or frame folders, at any depth; or one video file or frame folder.
        fps: frames per second of frame folders (25 when not given); files have their own.
        events: CSV or JSON file of events.

    Raises:
        OddframeError: nothing readable there, or an annotation that does not fit.
    """
    return footage_below(root, fps=fps, events=events, labels=True)


def footage_below(
    root: Path,
    *,
    fps: float | None = None,
    events: Path | None = None,
    labels: bool,
    parts: Sequence[Path] = (),
) -> Manifest:
    """The manifest of a folder of videos, for any purpose; see :func:`prepare_folder`.

    ``labels``: whether a CSV beside a recording is read, if it holds labels of its frames. What
    only scores or extracts needs none, and no file beside a recording may be in its way. ``parts``:
    the videos and folders in it that are meant, where that is not all of it.
    """
    root = root.absolute()  # "." has no name and no parent
    events = events.absolute() if events is not None else None
    found = _found(root, parts)
    paths = found.recordings
    base = root.parent if paths == [root] else root
    ids = _ids(paths, base)
    rows = _rows_of_videos(events, dict(zip(ids, paths, strict=True)), base) if events else {}
    annotations = {events} if events else set()

    label_above = LABEL_NAMES.get(base.name.lower())
    if label_above == "anomalous":
        warnings.warn(
            f"{base}: its name says that the videos in it are anomalous, so none is learnt from as "
            "normal life; rename the folder if they are normal",
            OddframeWarning,
            stacklevel=2,
        )
    videos = []
    left_out = {}
    for path, video_id in with_progress(list(zip(paths, ids, strict=True))):
        try:
            video = survey(path, base, video_id=video_id, split="train", fps=fps)
        except OddframeError as error:
            if paths == [root]:
                raise
            warnings.warn(f"left out: {error}", OddframeWarning, stacklevel=2)
            left_out[made_visible(video_id)] = str(error)
            continue
        if video.frames == 1 and paths != [root]:
            found.leave_out("recordings of a single frame", [path])
            continue
        given = rows.get(video_id, [])
        beside = path.parent / f"{path.name if path.is_dir() else path.stem}.csv"
        own = None
        if labels and beside != events and beside.is_file():
            own = read_frame_labels(beside)
        if own is None:
            marked = _events_of(video, given)
        elif given:
            raise OddframeError(
                f"video '{video.id}' is annotated twice, in {given[0].where} and in {beside}; keep "
                "one"
            )
        else:
            marked = list(events_of_vector(own, video.frames, str(beside)))
            annotations.add(beside)
        said = events if own is None else beside
        videos.append(_place(video, marked, said, above=label_above))
    if not videos:
        if left_out:
            raise OddframeError(f"{root}: none of {count(len(paths), 'recording')} can be read")
        raise OddframeError(_nothing(root, found))
    if found.left_out:
        warnings.warn(f"{root}: left out {found.words(root)}", OddframeWarning, stacklevel=2)
    manifest = Manifest(
        dataset=root.name,
        videos=tuple(videos),
        root=base,
        source="own footage",
        label_rule=_RULE,
        annotations=hash_annotations(base, sorted(annotations)),
        left_out=left_out,
    )
    return at_one_range(manifest)


_RULE = (
    "videos are normal unless a folder's name or an event says otherwise; events are [start, end) "
    "in 0-based frames, seconds are rounded to frames"
)


def _found(root: Path, parts: Sequence[Path]) -> Found:
    """The recordings in a folder, or in parts of it: each once, in the order of the parts."""
    together = Found()
    for part in [path.absolute() for path in parts] or [root]:
        found = find(part)
        if not found.recordings:
            raise OddframeError(_nothing(part, found))
        known = set(together.recordings)
        together.recordings += [path for path in found.recordings if path not in known]
        for kind, paths in found.left_out.items():
            together.leave_out(kind, paths)
    return together


def _nothing(root: Path, found: Found) -> str:
    left_out = found.words(root)
    return (
        f"{root}: expected videos or folders of numbered pictures, found {contents(root)}"
        + f"; left out: {left_out}" * bool(left_out)
    )


def _ids(paths: list[Path], base: Path) -> list[str]:
    """Relative paths without suffix; with it where two recordings would be called the same."""
    full = [normalize("NFC", path.relative_to(base).as_posix()) for path in paths]
    bare = [
        name if path.is_dir() else name.removesuffix(normalize("NFC", path.suffix))
        for name, path in zip(full, paths, strict=True)
    ]
    times = Counter(bare)
    return [name if times[name] == 1 else whole for name, whole in zip(bare, full, strict=True)]


def _rows_of_videos(
    file: Path, recordings: dict[str, Path], base: Path
) -> dict[str, list[Annotation]]:
    """The event file's rows by video id.

    A row may name a video by its id, its path below the folder, or its bare name if no other
    recording has the same. Rows that say the same of one video are one.
    """
    called: dict[str, set[str]] = {}
    for video_id, path in recordings.items():
        for name in (video_id, path.relative_to(base).as_posix(), path.name, path.stem):
            called.setdefault(normalize("NFC", name), set()).add(video_id)
    rows: dict[str, dict[Any, Annotation]] = {}  # by video, and by what each says
    repeated: list[str] = []
    for row in read_event_file(file):
        found = {row.video} if row.video in recordings else called.get(row.video, set())
        if len(found) != 1:
            problem = f"could be {' or '.join(sorted(found))}" if found else "is not there"
            raise OddframeError(
                f"{row.where}: the video '{row.video}' {problem}; name it as its path below {base}"
            )
        same = rows.setdefault(next(iter(found)), {}).setdefault(row.says(), row)
        if same is not row:
            repeated.append(f"{row.where} repeats {same.where}")
    if repeated:
        more = f" (and so {len(repeated) - 1} more)" * (len(repeated) > 1)
        warnings.warn(f"{repeated[0]}{more}; an event counts once", OddframeWarning, stacklevel=3)
    return {video_id: list(said.values()) for video_id, said in rows.items()}


def _events_of(video: Video, rows: list[Annotation]) -> list[Event]:
    found = {row.where: row.event(video.clock) for row in rows}
    without = [where for where, event in found.items() if event is None]
    events = [event for event in found.values() if event is not None]
    if events and without:
        raise OddframeError(
            f"{without[0]}: says that '{video.id}' has no event, but other rows give it some; "
            "remove that row"
        )
    return events


def _place(video: Video, events: list[Event], said: Path | None, above: str | None) -> Video:
    """The video in its split, with its label and events.

    Args:
        video: as surveyed.
        events: its events.
        said: the file in which somebody has said where its events are, so that having none means
            normal; None where nobody has.
        above: what the name of the footage folder itself says. It counts where no folder inside
            says otherwise, and only if it is ``anomalous``: a folder of any name may hold normal
            footage with events.
    """
    split, label = said_by_folders(Path(video.path))
    if label is None and above == "anomalous":
        label = above
    if events and (label == "normal" or (label is None and split in ("train", "val"))):
        raise OddframeError(
            f"video '{video.id}' has events but lies among the normal ones; move it to test/, or "
            "to anomalous/"
        )
    if split is None:
        split = "test" if events or label == "anomalous" else "train"
    if label is None and (split != "test" or said):
        label = "normal"
    return annotate(replace(video, split=split, label=label), events, said or video.path)
