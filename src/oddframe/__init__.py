"""oddframe finds the odd moments in video.

The verbs of the command line are functions here: ``oddframe.train("normal/", "run")``. Everything
is imported when it is first used, so that importing oddframe itself costs nothing; type checkers
read ``__init__.pyi``, where paths may be text.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_PUBLIC = {
    "Detector": "oddframe.programs.detector",
    "Evaluation": "oddframe.evaluation.result",
    "Event": "oddframe.videos.video",
    "Judged": "oddframe.programs.stream",
    "Manifest": "oddframe.videos.manifest",
    "OddframeError": "oddframe.errors",
    "OddframeWarning": "oddframe.errors",
    "Scored": "oddframe.scoring.footage",
    "Scores": "oddframe.scores.frame_scores",
    "Video": "oddframe.videos.video",
    "cite": "oddframe.verbs.cite",
    "compare": "oddframe.verbs.compare",
    "demo": "oddframe.verbs.demo",
    "doctor": "oddframe.verbs.doctor",
    "drill": "oddframe.verbs.drill",
    "evaluate": "oddframe.verbs.evaluate",
    "evaluate_scores": "oddframe.evaluation.evaluate",
    "export": "oddframe.verbs.export",
    "extract": "oddframe.verbs.extract",
    "fetch": "oddframe.verbs.fetch",
    "import_checkpoint": "oddframe.verbs.import_checkpoint",
    "info": "oddframe.verbs.info",
    "learn": "oddframe.verbs.learn",
    "losses": "oddframe.verbs.losses",
    "merge_crops": "oddframe.verbs.merge_crops",
    "open_run": "oddframe.programs.detector",
    "open_video": "oddframe.media.opening",
    "prepare": "oddframe.verbs.prepare",
    "reproduce": "oddframe.verbs.reproduce",
    "score": "oddframe.verbs.score",
    "serve": "oddframe.verbs.serve",
    "sweep": "oddframe.verbs.sweep",
    "track": "oddframe.verbs.track",
    "train": "oddframe.verbs.train",
    "watch": "oddframe.verbs.watch",
}

__all__ = [*_PUBLIC]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'oddframe' has no attribute '{name}'")
    value = getattr(import_module(_PUBLIC[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
