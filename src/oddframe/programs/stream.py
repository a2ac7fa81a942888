"""What a run says of frames as they come: of a camera, a recording, or images of a program."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from oddframe.cameras.cameras_file import Camera
from oddframe.errors import OddframeError
from oddframe.media.frames import DEFAULT_FOLDER_FPS, MediaInfo
from oddframe.media.pictures import PictureFrame
from oddframe.programs.given_frames import are_frames, checked_image
from oddframe.runs.run_folder import Run
from oddframe.scores.in_supervision import of_boxes
from oddframe.sources.live_frame import LiveFrame
from oddframe.sources.reader import Reader
from oddframe.sources.source import source_of
from oddframe.watching.plan import Plan, plan_of
from oddframe.watching.scorer import LiveScorer, ScoredFrame

if TYPE_CHECKING:
    from supervision import Detections  # ty: ignore[import-not-found]

_WAIT = 0.5
_NAME = "stream"


@dataclass(frozen=True)
class Judged:
    """A frame, and what a run says of it.

    Attributes:
        seconds: from the first frame.
        at: Unix seconds when it was filmed, or given.
        score: anomaly score, higher is odder.
        threshold: above which it is odd.
        reason: why, a sentence; ``""`` where nothing is said.
        cue: name of the cue that weighs most, such as ``pace``; ``""`` where there is none.
        boxes: the oddest places, ``(x1, y1, x2, y2)`` in pixels, the oddest first.
        camera: the camera's own trouble, such as ``covered``; ``""`` of none.
        score_map: ``(h, w)``, where the detector says where; None of others.
        frame: the frame itself.
    """

    seconds: float
    at: float
    score: float
    threshold: float
    reason: str
    cue: str
    boxes: tuple[tuple[int, int, int, int], ...]
    camera: str
    score_map: np.ndarray | None
    frame: LiveFrame

    @property
    def is_odd(self) -> bool:
        """Whether the score is above the threshold."""
        return self.score > self.threshold

    def image(self) -> np.ndarray:
        """The picture.

        Returns:
            uint8 ``(height, width, 3)`` in RGB order.
        """
        return self.frame.rgb()

    def to_supervision(self) -> Detections:
        """The boxes as ``supervision.Detections``: ``xyxy`` in pixels, none where there is none.

        ``data`` has ``class_name``, ``score`` (of the frame) and ``reason``. Whether the frame is
        odd, :attr:`is_odd` says.

        Returns:
            A detection for each box.

        Raises:
            OddframeError: supervision is not installed.
        """
        many = len(self.boxes)
        return of_boxes(self.boxes, [self.score] * many, [self.cue] * many, [self.reason] * many)

    def __repr__(self) -> str:
        odd = f", odd: {self.reason}" if self.is_odd else ""
        return f"<{self.seconds:.2f} s, score {self.score:.2f} of {self.threshold:.2f}{odd}>"


def judged(
    run: Run, source: Any, *, fps: float | None, threshold: float | None, patience: float
) -> Iterator[Judged]:
    """Frames as they come, judged by the steps of ``watch``.

    Args:
        run: the run.
        source: an address as ``watch`` takes it, of which a recording is read as fast as it can
            be judged; or images, as :func:`oddframe.programs.given_frames.checked_image` takes
            them, which may go on for ever.
        fps: of images, by default 25; sources have their own.
        threshold: another one than the run's own.
        patience: seconds without any frame of a camera, after which it is an error.

    Raises:
        OddframeError: a run that cannot judge what comes, no such source, or a camera that gives
            nothing.
    """
    frames = are_frames(source)
    address = "lavfi:nullsrc" if frames else str(source)
    camera = Camera(_NAME, source_of(address, pace="fast"), run.folder, threshold)
    plan = plan_of(camera, run)
    given = _of_images(source, fps) if frames else _of_source(plan, patience)
    scorer = LiveScorer(plan.detector, _NAME, plan.zones, live=not (frames or camera.source.waits))
    for frame, info in given:
        if unlike := plan.unlike(frame.size):
            raise OddframeError(unlike)
        for scored in scorer.push(frame, info):
            yield _judged(scored, plan)
    for scored in scorer.finish():
        yield _judged(scored, plan)


def _judged(scored: ScoredFrame, plan: Plan) -> Judged:
    frame, score = scored.frame, scored.score
    value = score.value if score.tested else min(score.value, plan.rule.threshold)
    return Judged(
        frame.seconds,
        frame.at,
        float(value),
        plan.rule.threshold,
        score.reason,
        score.cue,
        score.boxes,
        score.camera,
        score.score_map,
        frame,
    )


def _of_images(images: Iterable[Any], fps: float | None) -> Iterator[tuple[LiveFrame, MediaInfo]]:
    rate = DEFAULT_FOLDER_FPS if fps is None else fps
    for number, image in enumerate(images):
        array = checked_image(image, number)
        size = (array.shape[1], array.shape[0])
        picture = PictureFrame(number, number / rate, array)
        live = LiveFrame(picture, number, number / rate, time.time(), 0.0, size)
        yield live, MediaInfo(0, rate, *size)


def _of_source(plan: Plan, patience: float) -> Iterator[tuple[LiveFrame, MediaInfo]]:
    source = plan.camera.source
    reader, since = Reader(source), time.monotonic()
    reader.start()
    try:
        while not reader.ended:
            frame, info = reader.take(_WAIT), reader.info
            if frame is not None and info is not None:
                since = time.monotonic()
                yield frame, info
            elif time.monotonic() - since > patience:
                why = reader.state.reason or "no frame came"
                raise OddframeError(f"{source.shown}: nothing for {patience:g} s ({why})")
    finally:
        reader.stop()
