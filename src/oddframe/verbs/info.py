"""The verb ``info``: what a thing is."""

from __future__ import annotations

from pathlib import Path

from oddframe.cards.card import Card
from oddframe.cards.whatever import card_of
from oddframe.files.paths import text_paths


@text_paths
def info(what: Path, *, detector: str | None = None) -> Card:
    """What a run, a manifest, scores, features, a drill, a video or a folder of footage is.

    Of a run it is a model card: what it was fitted on, what it promises, what it was taught, and
    what, by its drill, it would notice and would miss.

    Args:
        what: the folder or file.
        detector: the file (.py) of a detector of your own that a run was trained with; its code is
            run. A run never starts code by itself.

    Returns:
        Its kind, and the facts by name.

    Raises:
        OddframeError: nothing there, nothing that is known, or damaged.
    """
    return card_of(what, detector)
