"""Scores and events as notebooks like them: frames of pandas, a curve of matplotlib."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from oddframe.console.installation import how_to_install
from oddframe.errors import OddframeError, unknown
from oddframe.media.clock import Clock

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from pandas import DataFrame

_SIZE = 10.0, 3.0
"""Inches of a curve."""


def score_table(
    scores: Mapping[str, np.ndarray],
    clocks: Mapping[str, Clock] | None = None,
    judged: Mapping[str, tuple[int, int | None]] = MappingProxyType({}),
) -> DataFrame:
    """A row for each frame: ``video``, ``frame``, ``score``; with clocks ``seconds``, ``time`` too.

    Args:
        scores: video id to ``(frames,)``.
        clocks: video id to its clock.
        judged: video id to the frames ``[first, end)`` that rows are of, where these are not all.

    Raises:
        OddframeError: pandas is not installed.
    """
    pandas = _library("pandas")
    parts = []
    for name, values in scores.items():
        columns: dict[str, Any] = {"video": name, "frame": np.arange(len(values))}
        if clocks is not None:
            clock = clocks[name]
            columns["seconds"] = clock.seconds(np.arange(len(values)))
            if clock.start is not None:
                since = pandas.to_timedelta(columns["seconds"], unit="s")
                columns["time"] = pandas.Timestamp(clock.start) + since
        table = pandas.DataFrame({**columns, "score": values})
        parts.append(table[slice(*judged[name])] if name in judged else table)
    if not parts:
        return pandas.DataFrame({"video": [], "frame": [], "score": []})
    return pandas.concat(parts, ignore_index=True)


def event_table(rows: Sequence[Mapping[str, Any]]) -> DataFrame:
    """A row for each event, with the names that ``events.json`` has.

    Raises:
        OddframeError: pandas is not installed.
    """
    pandas = _library("pandas")
    names = ["video", "start", "end", "start_seconds", "end_seconds", "peak_score", "reason"]
    return pandas.DataFrame(rows, columns=None if rows else names)


def curve(
    scores: Mapping[str, np.ndarray], threshold: float | None, video: str | None, axes: Axes | None
) -> Axes:
    """The scores of one video over its frames, and the threshold.

    Args:
        scores: video id to ``(frames,)``.
        threshold: that of all; None of none.
        video: its id; not needed where there is one alone.
        axes: to draw into; None for new ones.

    Raises:
        OddframeError: no such video, several to choose from, or matplotlib is not installed.
    """
    video = chosen_video(scores, video, "plot")
    if axes is None:
        axes = _library("matplotlib.pyplot").subplots(figsize=_SIZE, layout="constrained")[1]
    axes.plot(scores[video], linewidth=1, label="anomaly score")
    if threshold is not None:
        axes.axhline(threshold, color="0.4", linestyle=":", label="threshold")
        axes.legend(frameon=False)
    axes.set(title=video, xlabel="frame", ylabel="anomaly score")
    axes.margins(x=0)
    return axes


def chosen_video(videos: Mapping[str, Any], video: str | None, method: str) -> str:
    """The id of the video that is asked for, or of the only one.

    Args:
        videos: by id.
        video: its id; None where there is one alone.
        method: what was called, for messages.

    Raises:
        OddframeError: no such video, or several to choose from.
    """
    if video is None:
        if len(videos) != 1:
            first = next(iter(videos), "")
            raise OddframeError(f"{method}: name one of {len(videos)} videos: {method}('{first}')")
        (video,) = videos
    if video not in videos:
        raise OddframeError(unknown("video", video, list(videos)))
    return video


def _library(name: str) -> Any:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise OddframeError(
            f"this needs {name.partition('.')[0]}, which is not installed; install it with: "
            f"{how_to_install('notebook')}"
        ) from error
