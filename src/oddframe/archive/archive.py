"""What the page does with footage that lies there: take it in, score it, compare scorings."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from oddframe.archive.finished import Finished, in_runs, of_job
from oddframe.archive.footage_list import ListedFootage, checked, listed_below
from oddframe.archive.job import Job
from oddframe.archive.known_runs import KnownRun, known_runs
from oddframe.archive.queue import Queue
from oddframe.archive.uploads import Upload, Uploads
from oddframe.errors import OddframeError
from oddframe.files.folder_lock import alone_in
from oddframe.scores.frame_scores import Scores

FOLDER = "archive"
"""In the state folder."""


class Archive:
    """Footage, runs, scorings and comparisons. Any thread may ask.

    Args:
        folder: of the archive.
        runs: folders with runs in them.
        footage: folders with footage in them.
        of_cameras: gives the run folders of cameras that are watched now, by camera.
        say: takes a line for a person.

    Attributes:
        queue: its jobs.
        uploads: videos that were dropped.
        footage: as given.
        trouble: why nothing can be changed, a line; ``""`` where it can.
    """

    def __init__(
        self,
        folder: Path,
        runs: Sequence[Path],
        footage: Sequence[Path],
        of_cameras: Callable[[], Mapping[str, Path]],
        say: Callable[[str], None],
    ) -> None:
        folder = folder.resolve()  # jobs outlive this process, and where it was started
        self.queue = Queue(folder / "jobs", say)
        self.uploads = Uploads(folder / "uploads")
        self.footage = [path.resolve() for path in footage]
        self.trouble = ""
        self._folder, self._of_cameras = folder, of_cameras
        self._runs = [path.resolve() for path in runs]

    @property
    def is_given(self) -> bool:
        """Whether the server was given folders of runs or footage."""
        return bool(self._runs or self.footage)

    @contextmanager
    def at_work(self) -> Generator[Archive]:
        """Do its jobs until the block is over, unless another server does."""
        with ExitStack() as until_over:
            try:
                until_over.enter_context(alone_in(self._folder, option="--state"))
            except OddframeError as error:
                self.trouble = str(error)
            else:
                self.uploads.tidy()
                until_over.enter_context(self.queue.at_work())
            yield self

    def runs(self) -> list[KnownRun]:
        """What footage can be scored with."""
        return known_runs(self._runs, self._of_cameras())

    def run(self, run_id: str) -> KnownRun:
        """One of the runs.

        Raises:
            OddframeError: there is none that a form calls so.
        """
        found = next((run for run in self.runs() if run.id == run_id), None)
        if found is None:
            raise OddframeError("choose a run of the list; that which was chosen is not there")
        return found

    def listed(self) -> list[ListedFootage]:
        """What can be scored, below the folders that the server was given."""
        return listed_below(self.footage)

    def score_listed(self, run_id: str, footage_id: str, *, annotate: bool) -> Job:
        """Score footage of the list.

        Raises:
            OddframeError: no such run or footage, or some of it lies elsewhere.
        """
        run = self.run(run_id)
        found = next((one for one in self.listed() if one.id == footage_id), None)
        if found is None:
            raise OddframeError("choose footage of the list; that which was chosen is not there")
        return self._score(run, checked(found), found.title, annotate=annotate)

    def score_upload(self, run_id: str, upload: Upload, *, annotate: bool) -> Job:
        """Score a video that was dropped.

        Raises:
            OddframeError: no such run.
        """
        return self._score(self.run(run_id), upload.path, upload.path.name, annotate=annotate)

    def score_film(self, run: Path, film: Path, title: str) -> Job:
        """Draw into the film of an event what a run finds odd in it; once is enough.

        Raises:
            OddframeError: the run is none that the archive knows.
        """
        job = self.of_film(film)
        if job is not None and job.state in ("waiting", "going", "done"):
            return job
        known = next((one for one in self.runs() if one.folder.resolve() == run.resolve()), None)
        if known is None:
            raise OddframeError(
                f"{run}: is no run of a camera that is watched now, and not below a folder that "
                "--runs named; start 'oddframe serve' with --runs and that folder"
            )
        return self._score(known, film, title, annotate=True)

    def of_film(self, film: Path) -> Job | None:
        """The job that scores a film, the latest of them; None of none."""
        found = (job for job in self.queue.jobs() if job.kind == "score")
        return next((job for job in found if str(film) in job.words), None)

    def upload(self, number: str) -> Upload:
        """One of the videos that were dropped.

        Raises:
            OddframeError: there is none of that number.
        """
        for upload in self.uploads.all():
            if str(upload.number) == number:
                return upload
        raise OddframeError("there is no such video any more")

    def forget(self, upload: Upload) -> None:
        """Remove a video that was dropped; what was found in it stays.

        Raises:
            OddframeError: it is still to be scored.
        """
        for job in self.queue.jobs():
            if job.state in ("waiting", "going") and str(upload.path) in job.words:
                raise OddframeError(f"{upload.path.name}: is still to be scored; stop that first")
        self.uploads.remove(upload)

    def in_runs(self) -> list[tuple[KnownRun, Finished]]:
        """Scorings that the command line put into run folders, and whose they are."""
        return in_runs(self.runs())

    def compare(self, keys: Collection[str], *, truth: bool) -> Job:
        """Compare scorings of the same videos.

        Args:
            keys: of these.
            truth: whether what happened stands beside the footage, so that it can be measured.

        Raises:
            OddframeError: fewer than two that are done, scorings of other videos, or footage of
                which nobody knows where it is.
        """
        jobs = [job for job in self.queue.jobs() if job.kind == "score" and job.state == "done"]
        known = [*(of_job(job) for job in reversed(jobs)), *(one for _, one in self.in_runs())]
        chosen = [one for one in known if one.key in keys]
        if len(chosen) < 2 or len(chosen) < len(keys):
            raise OddframeError("choose two or more scorings that are done, to compare them")
        ids = [set(Scores.read(one.scores)) for one in chosen]
        if any(one != ids[0] for one in ids):
            raise OddframeError(
                "expected scorings of the same videos, found others; choose scorings of the same "
                "footage"
            )
        names = tuple(one.name.replace(",", "_") for one in chosen)
        words = ["compare", *(str(one.scores) for one in chosen)]
        words += ["--manifest", _footage_of(chosen)] if truth else ["--truth", "false"]
        words += ["--names", ",".join(names)]
        title = f"{chosen[0].footage}: {' and '.join(names)}"
        return self.queue.ask(
            lambda folder: Job(folder, "compare", title, tuple(words), time.time(), of=names)
        )

    def _score(self, run: KnownRun, footage: Path, name: str, *, annotate: bool) -> Job:
        words = ["score", str(run.folder), str(footage), "--report"]
        if annotate:
            words.append("--annotate")
        return self.queue.ask(
            lambda folder: Job(
                folder,
                "score",
                f"{name} with {run.name}",
                tuple(words),
                time.time(),
                footage=name,
                run=run.name,
            )
        )


def _footage_of(chosen: Sequence[Finished]) -> str:
    paths = {one.path for one in chosen}
    path = paths.pop()
    if paths or path is None or not path.exists():
        raise OddframeError(
            "what happened is looked for beside the footage, and these scorings are not all of one "
            "folder or video that is still there; compare them without"
        )
    return str(path)
