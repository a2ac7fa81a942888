"""The page of the public names of the package, from their docstrings."""

from __future__ import annotations

import inspect

import oddframe

GROUPS = {
    "A detector": ("Detector", "open_run"),
    "From footage to scores": ("train", "score", "extract", "merge_crops", "demo"),
    "Scores against the truth": ("evaluate", "evaluate_scores", "compare"),
    "Without labels": ("drill", "learn"),
    "Cameras": ("watch", "serve"),
    "Data sets": ("prepare", "fetch"),
    "Papers and experiments": (
        "reproduce",
        "sweep",
        "track",
        "losses",
        "import_checkpoint",
        "cite",
    ),
    "What there is": ("info", "doctor"),
    "Elsewhere": ("export",),
    "Values": (
        "Scores",
        "Scored",
        "Judged",
        "Evaluation",
        "Manifest",
        "Video",
        "Event",
        "open_video",
    ),
    "Errors": ("OddframeError", "OddframeWarning"),
}
"""Heading to the names below it; together they are ``oddframe.__all__``, as a test asks."""


def page() -> str:
    """The page in Markdown, as if in ``docs/``."""
    parts = [
        "# Public names",
        "All of `oddframe.__all__`, from their docstrings. Paths may be text or `Path`. How they "
        "go together: [in Python](python.md).",
    ]
    for heading, names in GROUPS.items():
        parts += [f"## {heading}", *map(_entry, names)]
    return "\n\n".join(parts) + "\n"


def _entry(name: str) -> str:
    value = getattr(oddframe, name)
    if not inspect.isclass(value):
        return f"```{{eval-rst}}\n.. autofunction:: oddframe.{name}\n```"
    members = "" if issubclass(value, BaseException) else "   :members:\n"
    return f"```{{eval-rst}}\n.. autoclass:: oddframe.{name}\n{members}```"
