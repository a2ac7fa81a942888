"""What came of teaching, and how a person is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from oddframe.console.words import count
from oddframe.drills.request import OWN, drill_folder
from oddframe.drills.result import FILE, read_drill
from oddframe.drills.wording import false_alarms
from oddframe.runs.lessons import LessonNote, Version, Versions
from oddframe.runs.run_folder import Run

_MOST_LISTED = 5


@dataclass(frozen=True)
class Taught(Run):
    """A run, and what came of teaching it.

    Attributes:
        versions: all of its versions.
        made: the version that was made; None where nothing changed.
        unmoved: moments in which nothing was odd that can be taught, a line each.
    """

    versions: Versions = field(default_factory=lambda: Versions(Path()))
    made: Version | None = None
    unmoved: tuple[str, ...] = ()

    def text(self) -> str:
        """Lines for a terminal: what was made, or all versions where nothing was."""
        versions = self.versions
        shown = (self.made,) if self.made else () if self.unmoved else versions.versions
        lines = [] if self.made or self.unmoved else [f"version 0: as fitted{self._drilled(0)}"]
        for version in shown:
            gone = ", taken back" if version.number in versions.withdrawn else ""
            lines.append(
                f"version {version.number} ({version.at}){gone}{self._drilled(version.number)}"
            )
            lines += [f"  {_line(note)}" for note in version.lessons]
            lines += [f"  without what version {one} was taught" for one in version.without]
        lines += [f"  {line}" for line in self.unmoved[:_MOST_LISTED]]
        if (more := len(self.unmoved) - _MOST_LISTED) > 0:
            lines.append(f"  ... and {more} more in which there is nothing to learn")
        if self.made:
            lines.append(f"{self.folder}: is version {self.made.number} now")
            if not self.made.without:
                lines.append(f"back to what it was: oddframe learn {self.folder} --undo")
            lines.append(f"what would it notice now? oddframe drill {self.folder}")
        elif self.unmoved:
            lines.append(f"{self.folder}: nothing changed, it is version {versions.newest}")
        else:
            lines.append(f"{self.folder}: is version {versions.newest}")
        return "\n".join(lines)

    def _drilled(self, version: int) -> str:
        """What its drill said, where it was drilled on its own footage."""
        folder = drill_folder(self.folder, OWN, version)
        if not (folder / FILE).is_file():
            return ""
        drill = read_drill(folder)
        wanted = [row for row in drill.rows if row.expected != "quiet"]
        noticed, of = sum(row.noticed for row in wanted), sum(row.of for row in wanted)
        return f"; drill: noticed {noticed} of {of}, {false_alarms(drill)}"


def _line(note: LessonNote) -> str:
    """``test/01 0:07.6 to 0:18.0 is normal (moves fast): 730 looks; silent now``."""
    why = f" ({note.reason})" if note.reason else ""
    result = ""
    if note.word == "normal":
        result = f"; {note.left}" if note.left else "; nothing in it is odd now"
    return f"{note.of} is {note.word}{why}: {_learnt(note.learnt)}{result}"


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
