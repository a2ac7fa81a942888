"""Readers of published frame labels; here, and only here, foreign intervals become events.

Both UCSD's ``.m`` files and the ``.mat`` files of the ano_pred release (Liu et al., CVPR 2018)
count frames from 1 and include the last one: ``61:180`` is the half-open ``[60, 180)``. The weakly
supervised data sets list pairs of numbers that different code bases read in different ways; these
ways have names (:data:`CONVENTIONS`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from oddframe.errors import OddframeError
from oddframe.files.matlab_files import read_mat
from oddframe.files.regular_files import require_file
from oddframe.videos.video import Event, events_from_labels

_FRAMES = re.compile(r"gt_frame\s*=\s*\[?([^\];]*)", re.IGNORECASE)
_INTERVAL = re.compile(r"(\d{1,9})(?::(\d{1,9}))?")
_LARGEST = 2**20
"""Bytes of the longest file of UCSD's intervals."""

CONVENTIONS: dict[str, tuple[int, int]] = {
    "one-based-inclusive": (-1, 0),
    "zero-based-inclusive": (0, 1),
    "zero-based-exclusive": (0, 0),
}
"""How a listed pair ``first last`` may be meant: what makes it half-open and 0-based."""

PAST_END = 16
"""Frames that a listed interval may reach past the video's end: a snippet, which frame counts made
from snippets lack. It is cut there; more means that the annotation is another video's."""


def inclusive(first: int, last: int, where: str, name: str = Event.name) -> Event:
    """The event of the frames ``first`` to ``last``, counted from 1, both included.

    Args:
        first, last: as they are listed.
        where: file and line, for the message.
        name: class of the event.

    Raises:
        OddframeError: they are no such frames.
    """
    if not 1 <= first <= last:
        raise OddframeError(
            f"{where}: expected 1 <= first <= last (1-based, last included), found {first}:{last}"
        )
    return Event(first - 1, last, name)


def interval_pairs(words: Sequence[str], where: str) -> tuple[tuple[int, int], ...]:
    """The pairs ``first last first last ...`` of an annotation row, as they are there.

    ``-1 -1`` stands for no interval and is left out.

    Raises:
        OddframeError: an odd count, or something else than whole numbers.
    """
    try:
        numbers = [int(word) for word in words]
    except ValueError:
        numbers = []
    if not numbers or len(numbers) % 2:
        raise OddframeError(
            f"{where}: expected pairs of whole numbers, first and last frames, found "
            f"'{' '.join(words)[:60]}'; get the official file again"
        )
    pairs = zip(numbers[::2], numbers[1::2], strict=True)
    return tuple(pair for pair in pairs if pair != (-1, -1))


def events_of_pairs(
    pairs: Iterable[tuple[int, int]], convention: str, frames: int, name: str, where: str
) -> tuple[Event, ...]:
    """Events of listed pairs, cut at the end of the video.

    Args:
        pairs: first and last numbers as listed.
        convention: a key of :data:`CONVENTIONS`.
        frames: the video's frame count.
        name: class of the events.
        where: the annotation and the video, for the message.

    Raises:
        OddframeError: an interval that is empty, starts before or after the video, or ends more
            than :data:`PAST_END` frames after it.
    """
    before, after = CONVENTIONS[convention]
    events = []
    for first, last in pairs:
        start, end = first + before, last + after
        if not (0 <= start < min(end, frames) and end <= frames + PAST_END):
            raise OddframeError(
                f"{where}: the interval {first} {last} ({convention}) does not lie in the video's "
                f"{frames} frames; check that annotation and video belong together"
            )
        events.append(Event(start, min(end, frames), name))
    return tuple(sorted(events))


def read_ucsd_intervals(path: Path) -> list[tuple[Event, ...]]:
    """Events of each test clip, in order, from UCSD's ``UCSDped1.m`` or ``UCSDped2.m``.

    Each clip has one line such as ``TestVideoFile{end+1}.gt_frame = [5:90, 140:200];``.

    Raises:
        OddframeError: no file, no such line, or a line of another form.
    """
    advice = "the file comes with the UCSD data set, in its Test folder"
    require_file(path, "the frame intervals", advice, _LARGEST)
    text = path.read_bytes().decode("utf-8", errors="replace")  # comments may be in any encoding
    clips = []
    for number, line in enumerate(text.splitlines(), start=1):
        found = _FRAMES.search(line.partition("%")[0])
        if found is None:
            continue
        events = []
        for part in re.sub(r"\s*:\s*", ":", found[1]).replace(",", " ").split():
            interval = _INTERVAL.fullmatch(part)
            if interval is None:
                raise OddframeError(
                    f"{path} line {number}: expected intervals such as '5:90, 140:200', found "
                    f"'{found[1].strip()}'"
                )
            first = int(interval[1])
            last = int(interval[2] or first)
            events.append(inclusive(first, last, f"{path} line {number}"))
        clips.append(tuple(sorted(events)))
    if not clips:
        raise OddframeError(f"{path}: expected lines with 'gt_frame = [first:last]', found none")
    return clips


def read_mat_intervals(path: Path) -> list[tuple[Event, ...]]:
    """Events of each test clip, in order, from ``ped1.mat``, ``ped2.mat`` or ``avenue.mat``.

    The variable ``gt`` is a cell array; a cell holds a ``(2, K)`` array, first frames above last
    frames. Files written from Python may hold one numeric array instead: ``(2, K)`` for a single
    clip, ``(clips, 2, K)`` where all clips have as many events.

    Raises:
        OddframeError: no file, another kind of file, or another variable.
    """
    variables = read_mat(path)
    if "gt" not in variables:
        raise OddframeError(
            f"{path}: expected the variable 'gt' with the intervals of each clip, found "
            f"{', '.join(sorted(variables)[:5]) or 'nothing'}; use the .mat file of the ano_pred "
            "release"
        )
    gt = np.asarray(variables["gt"])
    single = gt.dtype != object and gt.ndim < 3
    cells = [gt] if single else list(gt.ravel() if gt.dtype == object else gt)
    clips = []
    for number, cell in enumerate(cells, start=1):
        where = f"{path} clip {number}"
        array = np.asarray(cell)
        if array.size == 0:
            clips.append(())
            continue
        if array.dtype.kind not in "iuf" or not (array.shape[0] == 2 or array.size == 2):
            raise OddframeError(
                f"{where}: expected an array of 2 rows, first and last frames, found shape "
                f"{array.shape} of type {array.dtype}"
            )
        if not (np.isfinite(array).all() and (array == np.trunc(array)).all()):
            raise OddframeError(f"{where}: expected whole frame numbers, found {array.ravel()[:6]}")
        rows = array.reshape(2, -1)
        clips.append(
            tuple(sorted(inclusive(int(a), int(b), where) for a, b in zip(*rows, strict=True)))
        )
    return clips


def events_of_vector(labels: np.ndarray, frames: int, where: str) -> tuple[Event, ...]:
    """The events of a vector of one 0 or 1 per frame.

    Args:
        labels: any shape of which all axes but one have length 1.
        frames: the video's true frame count.
        where: the label file and the video, for the message.

    Raises:
        OddframeError: another length than the video's, or values other than 0 and 1.
    """
    labels = np.asarray(labels)
    if labels.dtype.kind not in "biuf" or labels.size != max(labels.shape, default=0):
        raise OddframeError(
            f"{where}: expected one 0 or 1 per frame, found an array of shape {labels.shape} and "
            f"type {labels.dtype}"
        )
    labels = labels.ravel()
    if labels.size != frames:
        raise OddframeError(
            f"{where}: expected {frames} labels, one per frame of the video, found {labels.size}; "
            "check that video and labels belong together and that no frame is missing"
        )
    if not np.isin(labels, (0, 1)).all():
        raise OddframeError(f"{where}: expected only 0 and 1, found {np.unique(labels)[:5]}")
    return events_from_labels(labels)


def labels_of_clip(clips: list[tuple[Event, ...]], number: int, where: str) -> tuple[Event, ...]:
    """The events of the clip with this number, counted from 1.

    Raises:
        OddframeError: the label file has fewer clips.
    """
    if not 1 <= number <= len(clips):
        raise OddframeError(
            f"{where}: labels of {len(clips)} clips, found a clip number {number}; check that "
            "video folders and label file belong together"
        )
    return clips[number - 1]
