"""What came of teaching, and how a person is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from oddframe.runs.lessons import Version, Versions
from oddframe.runs.run_folder import Run
from oddframe.teaching.wording import drilled, lesson_in_words

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
            lines += [f"  {note.of} is {lesson_in_words(note)}" for note in version.lessons]
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
        said = drilled(self.folder, version)
        return f"; drill: {said}" if said else ""
