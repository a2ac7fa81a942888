"""A detector as an object: fitted, opened, asked for scores, and for what it says of a camera."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from oddframe.detectors import DEFAULT
from oddframe.errors import OddframeError
from oddframe.files.paths import AnyPath, as_path, text_paths
from oddframe.programs.given_frames import are_frames, write_frames
from oddframe.programs.stream import Judged, judged
from oddframe.runs.run_folder import Run, read_run
from oddframe.scoring.footage import Scored
from oddframe.verbs.score import score
from oddframe.verbs.train import train

PATIENCE = 60.0
"""Seconds in which a camera gives some frame, or :meth:`Detector.stream` is an error."""


class Detector:
    """A detector that learns normal footage, and says how odd other footage is.

    ::

        detector = oddframe.Detector(false_alarms_per_hour=2).fit("normal/", out="run")
        scored = detector.score("new.mp4")
        for frame in oddframe.open_run("run").stream("rtsp://guard@192.0.2.7/stream1"):
            if frame.is_odd: ...

    Where a path is taken, so are images: an array ``(frames, height, width, 3)`` of uint8 in RGB
    order, a list of images, or whatever gives them one after the other.

    Args:
        name: of the method, as ``train --detector`` takes it.
        settings: its settings, as ``train --settings`` takes them.
    """

    def __init__(self, name: str = DEFAULT, **settings: Any) -> None:
        self.name = name
        self.settings = settings
        self._run: Run | None = None
        self._own: list[TemporaryDirectory[str]] = []

    @property
    def run(self) -> Run:
        """What it learnt.

        Raises:
            OddframeError: nothing yet.
        """
        if self._run is None:
            raise OddframeError(f"detector {self.name}: not fitted; call fit(FOOTAGE) first")
        return self._run

    @property
    def threshold(self) -> float:
        """The score above which something is odd, which normal footage chose."""
        return float(self.run.detector.threshold)

    def fit(
        self, footage: Any, *, out: AnyPath | None = None, fps: float | None = None, **options: Any
    ) -> Self:
        """Learn normal footage.

        Args:
            footage: a video, a folder of videos, a manifest, or images.
            out: the run folder to make; without it, one that goes with this object.
            fps: frames per second of images; by default 25.
            options: others of :func:`oddframe.train`, such as ``val_share`` or ``features``.

        Returns:
            This object.

        Raises:
            OddframeError: as :func:`oddframe.train`.
        """
        folder = self._temporary() / "run" if out is None else as_path(out, "out")
        usual = {"track": ["none"], "drill": False} if out is None else {}
        given: dict[str, Any] = {
            "detector": self.name,
            "settings": self.settings,
            **usual,
            **options,
        }
        train(self._footage(footage, fps), folder, **given)
        self._run = read_run(folder, detector=self.name)
        return self

    def score(
        self, footage: Any, *, out: AnyPath | None = None, fps: float | None = None, **options: Any
    ) -> Scored:
        """How odd each frame is, and when something odd happened.

        Args:
            footage: a video, a folder of videos, a manifest, or images.
            out: the scores file to write; of images by default one that goes with this object,
                of other footage as of :func:`oddframe.score`.
            fps: frames per second of images; by default 25.
            options: others of :func:`oddframe.score`, such as ``causal`` or ``threshold``.

        Returns:
            Scores, events, and where they are.

        Raises:
            OddframeError: not fitted, or as :func:`oddframe.score`.
        """
        folder = self.run.folder
        if out is None and are_frames(footage):
            out = self._temporary() / "scores.npz"
        file = None if out is None else as_path(out, "out")
        return score(folder, [self._footage(footage, fps)], out=file, **options)

    def stream(
        self,
        source: Any,
        *,
        fps: float | None = None,
        threshold: float | None = None,
        patience: float = PATIENCE,
    ) -> Iterator[Judged]:
        """Judge frames as they come, by the steps of ``watch``; nothing is written.

        Args:
            source: a camera or a recording, as ``watch`` takes it: ``rtsp://...``, ``0``, a file;
                or images, which may go on for ever.
            fps: frames per second of images; by default 25.
            threshold: another one than its own; a frame with a higher score is odd.
            patience: seconds without any frame, after which it is an error; ``math.inf`` waits.

        Yields:
            Each frame that was looked at: what a camera films meanwhile is left out.

        Raises:
            OddframeError: not fitted, no such source, a camera that gives nothing, or pictures of
                another shape than it learnt.
        """
        return judged(self.run, source, fps=fps, threshold=threshold, patience=patience)

    def _footage(self, given: Any, fps: float | None) -> Any:
        """Footage for a verb: a path as it was given, or the film of images."""
        return write_frames(given, self._temporary(), fps) if are_frames(given) else given

    def _temporary(self) -> Path:
        """A folder that goes with this object."""
        self._own.append(TemporaryDirectory(prefix="oddframe-"))
        return Path(self._own[-1].name)

    def __repr__(self) -> str:
        if self._run is None:
            return f"<oddframe.Detector {self.name}, not fitted>"
        return (
            f"<oddframe.Detector {self.name} of {self._run.folder}, threshold {self.threshold:.4g}>"
        )


@text_paths
def open_run(run: Path, *, detector: str | None = None) -> Detector:
    """A detector that was fitted, of its run folder.

    Args:
        run: the run folder.
        detector: the file (.py) of a detector of your own that it was trained with.

    Returns:
        The detector, ready to score.

    Raises:
        OddframeError: no run, unfinished, or damaged.
    """
    found = read_run(run, detector=detector)
    opened = Detector(detector or found.detector.name)
    opened._run = found
    return opened
