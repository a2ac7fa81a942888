"""The card of whatever lies at a path."""

from __future__ import annotations

from pathlib import Path

from oddframe.cards.card import Card
from oddframe.cards.of_recordings import card_of_footage
from oddframe.cards.of_results import card_of_drill, card_of_features, card_of_scores
from oddframe.cards.of_run import card_of_run
from oddframe.drills.result import is_drill
from oddframe.errors import OddframeError
from oddframe.journal.state_folder import StateFolder
from oddframe.runs.run_folder import CHECKPOINT, CONFIG, is_sweep


def card_of(path: Path, detector: str | None = None) -> Card:
    """What a path is: a run, a drill, features, scores, a manifest, a video, or footage.

    Args:
        path: of it.
        detector: for a run of a detector of one's own, its file, whose code is run.

    Raises:
        OddframeError: nothing there, nothing that is known, or damaged.
    """
    if not path.exists():
        raise OddframeError(f"{path}: there is no such file or folder")
    if path.is_dir():
        return _of_folder(path, detector)
    if path.name == CHECKPOINT:
        return card_of_run(path.parent, detector)
    if path.suffix in (".npz", ".csv"):
        return card_of_scores(path)
    if path.suffix in (".yaml", ".yml"):
        raise OddframeError(f"{path}: a cameras file is tried with 'oddframe watch {path} --check'")
    return card_of_footage(path)


def _of_folder(path: Path, detector: str | None) -> Card:
    if (path / CHECKPOINT).exists() or (path / CONFIG).exists():
        return card_of_run(path, detector)
    if is_drill(path):
        return card_of_drill(path)
    if is_sweep(path):
        raise OddframeError(f"{path}: a sweep, shown by 'oddframe sweep FILE --status'")
    if StateFolder(path).journal.exists():
        raise OddframeError(f"{path}: a state folder, shown by 'oddframe serve --state {path}'")
    if any(path.rglob("[!.]*.npy")):
        return card_of_features(path)
    return card_of_footage(path)
