"""Scores that are scaled within each video, as papers do, in place of normal footage's scale.

It needs the whole video, and takes for granted that each video holds something odd. Methods do it
in forms of their own, which rank the frames of several videos together in other ways.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from oddframe.errors import OddframeError
from oddframe.files.text_files import shown

Form = Literal["range", "greatest", "drawn-out", "shifted"]


@dataclass(frozen=True)
class VideoScale:
    """How the terms of a whole video are scaled.

    Attributes:
        form: ``range`` and ``greatest``: over the term's range (:func:`within_video`), or over its
            greatest value (:func:`over_greatest`). ``drawn-out`` and ``shifted``: as the public
            code of a method does it (:func:`drawn_out`, :func:`shifted`).
        before: frames before the first whole clip, which the last two have to know.
    """

    form: Form = "range"
    before: int = 0

    def __post_init__(self) -> None:
        if self.form not in get_args(Form):
            raise OddframeError(
                f"'video_scale.form': expected {', '.join(get_args(Form))}, found "
                f"{shown(self.form)}"
            )

    @property
    def words(self) -> str:
        """What is done, for a reader of the scores."""
        if self.form == "greatest":
            over = "over its greatest, within each video (Hasan et al. 2016)"
            return f"each term less its least, {over}"
        if self.form == "drawn-out":
            return "each term in 256 steps from 0 to 1 within each video, clips drawn out to frames"
        return "each term from 0 to 1 within each video"

    def of_term(self, values: np.ndarray) -> np.ndarray:
        """A term as measured, float64 ``(frames,)``, scaled."""
        if self.form == "greatest":
            return over_greatest(values)
        if self.form == "drawn-out":
            clips = values[self.before :]
            return drawn_out(clips[:-1] if len(clips) > 1 else clips, len(values))
        if self.form == "shifted":
            return shifted(values, self.before)
        return within_video(values)

    def of_sum(self, total: np.ndarray) -> np.ndarray:
        """The weighted sum of scaled terms ``(frames,)``, which one form scales once more."""
        return within_video(total) if self.form == "shifted" else total


def within_video(values: np.ndarray) -> np.ndarray:
    """Values of a whole video brought to 0 to 1 by their own extremes; 0 where all are equal.

    Of errors it is one less the regularity in the *range form*: (e - min e) / (max e - min e).
    """
    spread = np.ptp(values)
    return (values - values.min()) / spread if spread > 0 else np.zeros_like(values)


def over_greatest(values: np.ndarray) -> np.ndarray:
    """One less the regularity of a video's errors in *Hasan's form*: (e - min e) / max e.

    Source: Hasan et al. 2016, Eq. 3. It ranks the frames of a video as the range form does. Frames
    of several videos together it ranks in another way: its highest value is 1 - min e / max e.

    Args:
        values: ``(frames,)``, never negative.
    """
    greatest = values.max()
    return (values - values.min()) / greatest if greatest > 0 else np.zeros_like(values)


def drawn_out(clips: np.ndarray, frames: int) -> np.ndarray:
    """Errors of clips as the public code of the spatiotemporal auto-encoder makes them of frames.

    SciPy's ``imresize``, which is gone: values become bytes between their least and greatest, then
    as many pixels as there are frames, straight in between, rounded.

    Args:
        clips: errors of all clips but the last, which it leaves out.
        frames: how many frames there are.

    Returns:
        ``(frames,)``, from 0 to 1.
    """
    steps = np.floor(255 * within_video(clips) + 0.5)
    at = (np.arange(frames) + 0.5) * len(clips) / frames - 0.5
    return np.floor(np.interp(at, np.arange(len(clips)), steps) + 0.5) / 255


def shifted(values: np.ndarray, before: int) -> np.ndarray:
    """A term as the public evaluation of pseudo-anomalies pairs it with labels, from 0 to 1.

    It measures the windows that end at frames ``before`` to ``n - 1``, drops the first of them,
    and sets the others beside the labels of frames ``before`` to ``n - 2``: the score of frame t
    meets the label of frame t - 1. Frames that it does not judge take the nearest value.

    Args:
        values: ``(n,)``, each at its own frame.
        before: frames before the first whole clip.

    Returns:
        ``(n,)``. Where the published code divides by zero, 0.
    """
    # A video without a second window has nothing left to shift.
    judged = values[before + 1 :] if len(values) > before + 1 else values[-1:]
    places = np.arange(len(values)) - before
    return within_video(judged)[places.clip(0, len(judged) - 1)]
