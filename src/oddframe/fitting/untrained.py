"""A detector of frames that is never trained: settings, a seed, and perhaps a threshold."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from oddframe.console.words import count
from oddframe.detectors.contract import Untrained
from oddframe.detectors.stepping import scores_of
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.media.clock import Clock
from oddframe.scores.untested import silenced
from oddframe.videos.manifest import Manifest
from oddframe.videos.opening import open_footage
from oddframe.videos.video import Video


def made_untrained(
    kind: type[Untrained],
    manifest: Manifest,
    config: Any,
    seed: int,
    advance: Callable[[str, float], None],
) -> Untrained:
    """The detector; its threshold is that of normal videos, if there are any.

    They are scored as if they were to be tested. Nothing is learnt from them, so all of them count
    as held out, whichever split they are in.

    Args:
        kind: its class.
        manifest: normal videos in ``train`` and ``val``; no video at all where none were given.
        config: its settings.
        seed: fixes every random choice.
        advance: told what is being done and the share done, 0 to 1.

    Raises:
        OddframeError: videos, but no normal one outside ``test``, or none in which anything could
            be compared.
    """
    made = kind.untrained(config, seed)
    normal = manifest.normal("train", "val")
    if not manifest.videos:
        return made
    if not normal:
        raise OddframeError(
            f"manifest of {manifest.dataset}: no normal video in the splits 'train' and 'val' to "
            "choose a threshold on; give some, or leave the footage out for a run without threshold"
        )
    scored = list(_scored(made, manifest, normal, advance))
    if not scored:
        raise OddframeError(
            f"manifest of {manifest.dataset}: nothing could be compared in "
            f"{count(len(normal), 'normal video')}, so they give no threshold; give longer "
            "ones, or leave the footage out for a run without threshold"
        )
    made.calibrate(scored)
    return made


def _scored(
    detector: Untrained,
    manifest: Manifest,
    videos: tuple[Video, ...],
    advance: Callable[[str, float], None],
) -> Iterator[tuple[np.ndarray, Clock]]:
    """Scores of those videos in which anything was tested; untested frames raise no threshold."""
    for done, video in enumerate(videos):
        advance("scoring normal footage", done / len(videos))
        try:
            with open_footage(manifest, video) as reader:
                frames = [(one.value, one.tested) for one in scores_of(detector, reader, video.id)]
        except OddframeError as error:
            if len(videos) == 1:
                raise
            warnings.warn(f"{video.id}: left out ({error})", OddframeWarning, stacklevel=4)
            continue
        values = np.array([value for value, _ in frames])
        tested = np.array([tested for _, tested in frames], bool)
        if tested.any():
            yield silenced([(values, tested)])[0], video.clock
