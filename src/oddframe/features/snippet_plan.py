"""How a video is cut into snippets and frames into crops."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from oddframe.errors import OddframeError
from oddframe.features.crops import crop_names
from oddframe.features.snippets import shown_frames
from oddframe.media.clock import Clock
from oddframe.videos.video import Video


@dataclass(frozen=True)
class SnippetPlan:
    """How a video is cut into snippets and frames into crops.

    Attributes:
        snippet_length: frames per snippet.
        stride: frames from the start of one snippet to the start of the next.
        crops: a layout of :mod:`oddframe.features.crops`.
        rate: frames per second to resample to before cutting snippets; None keeps each video's
            own. Of a regular video, resampled frame ``j`` is frame ``floor(j * fps / rate)``.
    """

    snippet_length: int = 16
    stride: int = 16
    crops: str = "1"
    rate: float | None = None

    def __post_init__(self) -> None:
        crop_names(self.crops)
        if self.snippet_length < 2 or self.stride < 1:
            raise OddframeError(
                "a snippet needs at least 2 frames and a stride of at least 1, found "
                f"{self.snippet_length} and {self.stride}"
            )
        if self.rate is not None and not 0.01 <= self.rate <= 1000:
            raise OddframeError(f"--rate: expected 0.01 to 1000 frames per second: {self.rate}")

    def frames(self, clock: Clock, used: int) -> np.ndarray:
        """The frames that a backbone looks at, spread evenly over each snippet.

        Args:
            clock: frame count of the video, and when its frames are shown.
            used: frames per snippet that are looked at.

        Returns:
            int64 ``(snippets, used)``, native frame numbers; rows and their entries ascend.
        """
        table = None if self.rate is None else shown_frames(clock, self.rate)
        count = clock.frames if table is None else table.size
        latest = max(count - self.snippet_length, 0)
        starts = np.minimum(np.arange(0, count, self.stride), latest)
        offsets = np.arange(used) * self.snippet_length // used
        chosen = np.minimum(starts[:, None] + offsets, count - 1)
        return chosen if table is None else table[chosen]

    def read_as(self, video: Video) -> str:
        """What the pictures in a video's snippets depend on, apart from its files."""
        said = [f"range {video.levels}"] if video.levels else []
        if video.zones.ignored:
            said.append(f"zones ignored {video.zones.ignored_mark}")
        if self.rate is not None:
            said.append(f"{video.fps:g} frames per second")
        return ", ".join(said)
