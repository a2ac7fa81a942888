"""oddframe finds the odd moments in video.

The verbs of the command line are functions here: ``oddframe.train("normal/", "run")``. Everything
is imported when it is first used, so that importing oddframe itself costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from oddframe.errors import OddframeError, OddframeWarning
    from oddframe.evaluation.evaluate import evaluate_scores
    from oddframe.media import open_video
    from oddframe.scores import Scores
    from oddframe.verbs.compare import compare
    from oddframe.verbs.demo import demo
    from oddframe.verbs.evaluate import evaluate
    from oddframe.verbs.extract import extract
    from oddframe.verbs.fetch import fetch
    from oddframe.verbs.import_checkpoint import import_checkpoint
    from oddframe.verbs.losses import losses
    from oddframe.verbs.merge_crops import merge_crops
    from oddframe.verbs.prepare import prepare
    from oddframe.verbs.reproduce import reproduce
    from oddframe.verbs.score import score
    from oddframe.verbs.sweep import sweep
    from oddframe.verbs.track import track
    from oddframe.verbs.train import train
    from oddframe.videos import Event, Manifest, Video

_PUBLIC = {
    "Event": "oddframe.videos",
    "Manifest": "oddframe.videos",
    "OddframeError": "oddframe.errors",
    "OddframeWarning": "oddframe.errors",
    "Scores": "oddframe.scores",
    "Video": "oddframe.videos",
    "compare": "oddframe.verbs.compare",
    "demo": "oddframe.verbs.demo",
    "evaluate": "oddframe.verbs.evaluate",
    "evaluate_scores": "oddframe.evaluation.evaluate",
    "extract": "oddframe.verbs.extract",
    "fetch": "oddframe.verbs.fetch",
    "import_checkpoint": "oddframe.verbs.import_checkpoint",
    "losses": "oddframe.verbs.losses",
    "merge_crops": "oddframe.verbs.merge_crops",
    "open_video": "oddframe.media",
    "prepare": "oddframe.verbs.prepare",
    "reproduce": "oddframe.verbs.reproduce",
    "score": "oddframe.verbs.score",
    "sweep": "oddframe.verbs.sweep",
    "track": "oddframe.verbs.track",
    "train": "oddframe.verbs.train",
}

__all__ = [
    "Event",
    "Manifest",
    "OddframeError",
    "OddframeWarning",
    "Scores",
    "Video",
    "compare",
    "demo",
    "evaluate",
    "evaluate_scores",
    "extract",
    "fetch",
    "import_checkpoint",
    "losses",
    "merge_crops",
    "open_video",
    "prepare",
    "reproduce",
    "score",
    "sweep",
    "track",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'oddframe' has no attribute '{name}'")
    value = getattr(import_module(_PUBLIC[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
