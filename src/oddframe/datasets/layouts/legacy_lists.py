"""Lists and ground truth in the forms of published code, under the names of these forms.

Published code reads the files of a data set from a ``.list``, one path per line, and compares the
scores of all test videos, end to end, with one vector ``gt.npy`` in the same order. The forms
differ in order, in length and in how the annotation's numbers are meant, so that their files
cannot be exchanged. Here they are only written; oddframe itself knows the truth of each video by
its name. :mod:`oddframe.datasets.layouts.foreign_truth` compares.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from oddframe.datasets.layouts.validation_splits import thesis_validation
from oddframe.datasets.layouts.weak_videos import Listed
from oddframe.errors import OddframeError
from oddframe.features.feature_folder import FeatureFolder
from oddframe.files.atomic import atomic_path, write_json, write_text
from oddframe.videos.intervals import CONVENTIONS
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Video

SNIPPET = 16

Pairs = Mapping[str, Sequence[tuple[int, int]]]

LENGTHS: dict[str, Callable[[int], int]] = {
    "frames": lambda frames: frames,
    "ceil": lambda frames: -(-frames // SNIPPET) * SNIPPET,
    "floor": lambda frames: frames // SNIPPET * SNIPPET,
}
"""Frames of a video in a vector: all, or 16 times its snippets with the last one padded or left
out."""


@dataclass(frozen=True)
class LegacyForm:
    """How a code base writes its files.

    Attributes:
        file_name: name of a feature file, with ``{id}`` and, in one file per crop, ``{crop}``.
        crops: rows per video.
        normal_last: anomalous videos, then normal ones; else all sorted by name.
        length: a key of :data:`LENGTHS`. Where features are at hand their snippets decide
            instead of ``ceil`` and ``floor``.
        intervals: how the annotation's numbers are read; None takes the events of the manifest.
        val_list: the training list is split as :func:`thesis_validation` does.
    """

    file_name: str
    crops: int
    normal_last: bool
    length: str
    intervals: str | None
    val_list: bool = False


FORMS: dict[str, dict[str, LegacyForm]] = {
    "ucf-crime": {
        "true-frames": LegacyForm("{id}_i3d.npy", 1, True, "frames", None),
        "rtfm": LegacyForm("{id}_i3d.npy", 1, True, "ceil", "zero-based-inclusive"),
        "thesis": LegacyForm("{id}_i3d.npy", 1, False, "ceil", "zero-based-inclusive", True),
        "ur-dmu": LegacyForm("{id}__{crop}.npy", 10, True, "floor", "zero-based-inclusive"),
    },
    "xd-violence": {
        "true-frames": LegacyForm("{id}.npy", 1, True, "frames", None),
        "xdviodet": LegacyForm("{id}__{crop}.npy", 5, True, "floor", "zero-based-exclusive"),
        "thesis": LegacyForm("{id}.npy", 1, False, "floor", "zero-based-inclusive", True),
    },
    "shanghaitech-weak": {
        "true-frames": LegacyForm("{id}_i3d.npy", 1, True, "frames", None),
        "rtfm": LegacyForm("{id}_i3d.npy", 1, True, "ceil", None),
    },
}
"""Data set to name of a form to the form."""


def write_legacy_lists(
    folder: Path,
    manifest: Manifest,
    listed: Sequence[Listed],
    pairs: Pairs,
    features: Path | None = None,
) -> dict[str, dict[str, object]]:
    """Write every form of a data set to a subfolder of its name.

    Each holds ``train.list``, ``test.list`` and ``gt.npy`` (float64, the test videos in the order
    of ``test.list``); with a validation split also ``val.list`` and ``train_cheat.list``, which is
    both. ``legacy.json`` says what each form is and how many frames it has.

    Args:
        folder: where to write.
        manifest: the data set; the lengths are made of its frame counts.
        listed: all videos in the order of the official lists.
        pairs: the annotation's numbers of each anomalous test video, as listed.
        features: folder whose snippet counts decide the lengths and whose path the rows begin
            with: its own files where it has as many per video as the form, else the form's names;
            without one, rows are bare file names.

    Returns:
        The contents of ``legacy.json``: name of a form to its settings, rows, frames and
        anomalous frames.

    Raises:
        OddframeError: features with other snippets than 16 frames of the video.
    """
    opened = None if features is None else FeatureFolder.open(features)
    if opened is not None and (opened.stride != SNIPPET or opened.rate is not None):
        found = f"a stride of {opened.stride}"
        if opened.rate is not None:
            found += f" at {opened.rate:g} resampled frames per second"
        raise OddframeError(
            f"{opened.path}: --legacy-lists: expected a snippet per {SNIPPET} frames of the video, "
            f"as published code repeats each score {SNIPPET} times, found {found}; leave out "
            "--features or --legacy-lists"
        )
    videos = {video.id: video for video in manifest}
    written: dict[str, dict[str, object]] = {}
    for name, form in FORMS[manifest.dataset].items():
        lists = _lists(manifest, listed, form)
        vectors = [
            _vector(videos[entry.id], entry, form, pairs.get(entry.id, ()), opened)
            for entry in lists["test"]
        ]
        truth = np.concatenate(vectors)
        for key, entries in lists.items():
            rows = [row for entry in entries for row in _rows(entry, form, opened)]
            write_text(folder / name / f"{key}.list", "".join(f"{row}\n" for row in rows))
        with atomic_path(folder / name / "gt.npy") as temporary:
            np.save(temporary, truth)
        written[name] = {
            **asdict(form),
            "rows": {key: len(entries) * form.crops for key, entries in lists.items()},
            "frames": truth.size,
            "anomalous_frames": int(truth.sum()),
        }
    write_json(folder / "legacy.json", written)
    return written


def _lists(
    manifest: Manifest, listed: Sequence[Listed], form: LegacyForm
) -> dict[str, list[Listed]]:
    """The videos of each list, in the form's order."""

    def order(entry: Listed) -> tuple[bool, str]:
        return (False, entry.id) if not form.normal_last else (not entry.anomalous, "")

    there = {video.id for video in manifest.split("test")}
    ordered = sorted(listed, key=order)
    train = [entry for entry in ordered if entry.split == "train"]
    test = [entry for entry in ordered if entry.id in there]
    if not form.val_list:
        return {"train": train, "test": test}
    held = thesis_validation(manifest.dataset, listed)
    kept = [entry for entry in train if entry.id not in held]
    val = [entry for entry in train if entry.id in held]
    return {"train": kept, "val": val, "train_cheat": kept + val, "test": test}


def _rows(entry: Listed, form: LegacyForm, features: FeatureFolder | None) -> list[str]:
    names = [form.file_name.format(id=entry.id, crop=crop) for crop in range(form.crops)]
    if features is None:
        return names
    known = features.resolve(entry.id)
    files = () if known is None else features.files[known]
    if len(files) != form.crops:
        files = tuple(features.path / name for name in names)
    return [str(file.absolute()) for file in files]


def _vector(
    video: Video,
    entry: Listed,
    form: LegacyForm,
    pairs: Sequence[tuple[int, int]],
    features: FeatureFolder | None,
) -> np.ndarray:
    """Truth of one video, float64 ``(length,)``."""
    if form.length == "frames":
        length = video.frames
    elif features is not None:
        length = features.snippets(video.id) * SNIPPET
    else:
        # Footage of XD-Violence has up to a snippet more than the official count.
        length = LENGTHS[form.length](entry.frames or video.frames)
    if form.intervals is None:
        labels = video.frame_labels()
        # Frames past the video's end repeat its last label, as with ShanghaiTech's masks.
        return np.pad(labels, (0, max(length - labels.size, 0)), mode="edge")[:length].astype(float)
    before, after = CONVENTIONS[form.intervals]
    truth = np.zeros(length)
    for first, last in pairs:
        truth[first + before : last + after] = 1
    return truth
