"""A job of the archive, as it lies on disk: what was asked for, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal, get_type_hints

from oddframe.errors import OddframeError
from oddframe.files.atomic import write_json
from oddframe.files.plain_values import typed
from oddframe.files.text_files import read_json, shown
from oddframe.scoring.result_folder import REPORT

Kind = Literal["score", "compare"]
State = Literal["waiting", "going", "done", "failed", "stopped"]
FORMAT = "oddframe-archive-job/1"
_LONGEST_LOG = 1 << 18
_FEWEST_WORDS = 3
"""A verb and two things: a run and footage, or two scorings."""
_WARNING = "oddframe: warning: "
_JOB, _LOG, _PROGRESS, _RESULT = "job.json", "log.txt", "progress.json", "result"


@dataclass(frozen=True)
class Job:
    """What was asked for, and what became of it.

    Attributes:
        folder: of it; its name is its number.
        kind: footage is scored, or scorings are compared.
        title: what a person calls it.
        words: of the command line, but for where results go.
        asked: Unix seconds.
        state: a job that goes on when the server ends goes on after the next begins.
        said: the line that says how it ended; ``""`` before.
        of: names of the scorings that are compared.
        footage, run: what is scored, and with which run, as a person calls them.
    """

    folder: Path
    kind: Kind
    title: str
    words: tuple[str, ...]
    asked: float
    state: State = "waiting"
    said: str = ""
    of: tuple[str, ...] = field(default=())
    footage: str = ""
    run: str = ""

    @property
    def number(self) -> int:
        """From 1."""
        return int(self.folder.name)

    @property
    def log(self) -> Path:
        """What its processes said."""
        return self.folder / _LOG

    def warnings(self) -> list[str]:
        """What its processes warned of, each once."""
        try:
            with self.log.open("rb") as stream:
                lines = stream.read(_LONGEST_LOG).decode("utf-8", "replace").splitlines()
        except OSError:
            return []
        said = [line.partition(_WARNING) for line in lines]
        return list(dict.fromkeys(words for _, found, words in said if found))

    @property
    def progress(self) -> Path:
        """How far it is."""
        return self.folder / _PROGRESS

    @property
    def result(self) -> Path:
        """The folder of what it makes."""
        return self.folder / _RESULT

    @property
    def scores(self) -> Path:
        """The scores file of a scoring."""
        return self.result / "scores.npz"

    @property
    def page(self) -> Path:
        """The page of what it made."""
        if self.kind == "compare":
            return self.result / "comparison.html"
        return self.result / REPORT / "report.html"

    @property
    def command(self) -> list[str]:
        """The words of the command line."""
        out = self.result if self.kind == "compare" else self.scores
        return [*self.words, "--out", str(out)]

    def in_state(self, state: State, said: str = "") -> Job:
        """The job in another state, as it is on disk from now on."""
        job = replace(self, state=state, said=said)
        job.write()
        return job

    def write(self) -> None:
        """Put it on disk."""
        row = asdict(self)
        del row["folder"]
        write_json(self.folder / _JOB, {"format": FORMAT, **row})


def read_job(folder: Path) -> Job:
    """Read a job.

    Raises:
        OddframeError: there is none, or something else.
    """
    path = folder / _JOB
    row = read_json(path, "a job of the archive", advice="remove its folder")
    found = row.get("format") if isinstance(row, Mapping) else None
    if found != FORMAT:
        raise OddframeError(f"{path}: expected {FORMAT}, found {shown(found)}; remove its folder")
    hints = {name: hint for name, hint in get_type_hints(Job).items() if name != "folder"}
    if set(row) != {"format", *hints}:
        raise OddframeError(f"{path}: expected {FORMAT}, found other fields; remove its folder")
    given = {name: typed(row[name], hint, f"{path}: '{name}'") for name, hint in hints.items()}
    if len(given["words"]) < _FEWEST_WORDS:
        raise OddframeError(f"{path}: expected what is to be done, found too few words")
    return Job(folder, **given)


def jobs_in(folder: Path) -> list[Job]:
    """The jobs in a folder, the latest first; what is damaged is left out."""
    numbered = [path for path in folder.glob("*") if path.name.isdecimal() and path.is_dir()]
    found = []
    for path in sorted(numbered, key=lambda path: -int(path.name)):
        try:
            found.append(read_job(path))
        except OddframeError:
            continue
    return found
