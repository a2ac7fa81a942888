"""The verbs, what each is for, and where its function is."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

VERBS = {
    "demo": "the whole way on a generated scene, in one to two minutes",
    "prepare": "a data set, or a folder of your own videos, becomes a manifest",
    "extract": "videos become features, a vector per snippet of 16 frames",
    "merge-crops": "features with one file per crop become one array per video",
    "train": "fit a detector to normal footage, or to features of labelled videos",
    "score": "score videos: when something odd happened, where, and why",
    "watch": "watch a camera: each event is told as it happens, and kept with picture and clip",
    "serve": "the page: watched cameras, where you look and decide; an archive of videos",
    "drill": "what a run would notice: real oddities put into normal footage, no labels needed",
    "learn": "teach a run: what is normal at its place is silent from then on",
    "export": "a run becomes a package that scores without PyTorch, checked against the run",
    "losses": "a run's loss on its bags, and its spread over random pairings",
    "evaluate": "scores against the truth: metrics with intervals, and a report",
    "compare": "runs, sweeps and anybody's scores of the same videos side by side",
    "sweep": "many trainings: a grid, a list, distributions, seeds; on one machine or a cluster",
    "track": "what is in run folders goes to MLflow, Weights & Biases, TensorBoard",
    "reproduce": "a row of a paper's table, from the data to measured beside expected",
    "import": "a published checkpoint becomes a run",
    "fetch": "weights, features and data sets with known addresses",
    "info": "what a run, manifest, scores, features, a drill or a video is",
    "doctor": "what works on this machine, what is missing, and the line that installs it",
    "completion": "what makes a shell complete oddframe's words; the man page",
    "cite": "BibTeX of the papers behind a run, or of a method",
}
_ELSEWHERE = {
    "import": ("oddframe.verbs.import_checkpoint", "import_checkpoint"),
    "completion": ("oddframe.cli.completion", "completion"),
}
"""Where a function, and its module, cannot have the name of the verb, or is of the command line
alone."""


def function_of(verb: str) -> Callable[..., Any]:
    """The function of a verb; its module is imported."""
    name = verb.replace("-", "_")
    module, function = _ELSEWHERE.get(verb, (f"oddframe.verbs.{name}", name))
    return getattr(import_module(module), function)
