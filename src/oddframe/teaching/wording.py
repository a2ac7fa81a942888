"""What a run was taught, in words: for a terminal and for a page."""

from __future__ import annotations

from pathlib import Path

from oddframe.console.words import count
from oddframe.drills.request import OWN, drill_folder
from oddframe.drills.result import FILE, read_drill
from oddframe.drills.wording import false_alarms
from oddframe.runs.lessons import LessonNote


def drilled(run: Path, version: int) -> str:
    """What the drill of a version on the run's own footage said; ``""`` if there was none.

    Args:
        run: the run folder.
        version: how often it had been taught.

    Raises:
        OddframeError: a drill that is damaged.
    """
    folder = drill_folder(run, OWN, version)
    if not (folder / FILE).is_file():
        return ""
    drill = read_drill(folder)
    wanted = [row for row in drill.rows if row.expected != "quiet"]
    noticed, of = sum(row.noticed for row in wanted), sum(row.of for row in wanted)
    return f"noticed {noticed} of {of}, {false_alarms(drill)}"


def lesson_in_words(note: LessonNote) -> str:
    """``normal (moves fast): 730 looks; nothing in it is odd now``."""
    why = f" ({note.reason})" if note.reason else ""
    result = ""
    if note.word == "normal":
        result = f"; {note.left}" if note.left else "; nothing in it is odd now"
    return f"{note.word}{why}: {_learnt(note.learnt)}{result}"


def _learnt(held: dict[str, float]) -> str:
    """What a lesson holds, in words."""
    words = {
        "looks": lambda n: count(int(n), "look"),
        "pace": lambda n: f"a pace of {n:g} times the usual one",
        "ways": lambda n: f"ways at {count(int(n), 'place')}",
        "places": lambda n: f"{count(int(n), 'place')} where things move",
        "seconds": lambda n: f"a stay of {n:g} s",
    }
    return ", ".join(words[name](value) for name, value in held.items() if name in words)
