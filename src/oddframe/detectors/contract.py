"""What a detector is: it turns the frames of a video into scores, as they come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Protocol, TypeGuard, runtime_checkable

import numpy as np

from oddframe.detectors.frame_score import FrameScore
from oddframe.detectors.traits import Traits
from oddframe.media.clock import Clock
from oddframe.media.frames import Frame, MediaInfo
from oddframe.scores.detections import MERGE_SECONDS
from oddframe.scores.standing_out import StandsOut


class Detector(Protocol):
    """A fitted detector, whatever it looks at.

    A module of :mod:`oddframe.detectors` that defines ``DETECTOR``, a class like this, and
    ``CONFIG``, its settings, is found by its name; nothing else needs to know it.
    """

    name: ClassVar[str]
    traits: ClassVar[Traits]
    """What kind of detector it is; all that others ask of it is declared there."""

    @property
    def normalisation(self) -> str:
        """What was done to the scores, for a reader of the scores file."""
        ...

    @property
    def threshold(self) -> float:
        """Frames with a higher score are odd."""
        ...

    @property
    def smoothing_seconds(self) -> float:
        """Standard deviation of the Gaussian for offline scores, in seconds."""
        ...

    @property
    def notes(self) -> dict[str, Any]:
        """Plain values that a report should show: what was learnt, what the threshold promises."""
        ...

    def state(self) -> dict[str, Any]:
        """Tensors, arrays and plain values from which :meth:`from_state` rebuilds it."""
        ...

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Detector:
        """The detector that gave :meth:`state`."""
        ...


class Stream(Protocol):
    """One video or one camera on its way through a detector: frames in, scores out.

    What is remembered from frame to frame is here and never on the detector: a detector scores
    several streams at once, in any order, each as if it were alone, and a stream that is dropped
    leaves nothing behind. Memory does not grow with what was pushed; that of a detector that is not
    causal may, up to a bound.
    """

    def push(self, frame: Frame) -> list[FrameScore]:
        """Take the next frame; where footage goes on or not, it says itself (``Frame.anew``).

        Returns:
            The scores that are known by now and did not come out before, in order; frames are
            numbered from 0 as they are pushed.
        """
        ...

    def finish(self) -> list[FrameScore]:
        """There are no more frames: the scores that did not come out yet.

        Raises:
            OddframeError: too few frames to score any.
        """
        ...


@runtime_checkable
class ForkingStream(Stream, Protocol):
    """A stream that can be copied on its way."""

    def fork(self) -> ForkingStream:
        """Another stream that has seen the same, and goes on by itself.

        What is pushed into one changes nothing in the other, and either gives what it would have
        given alone, the scores that did not come out yet included. What was learnt is shared.
        """
        ...


class FrameDetector(Detector, Protocol):
    """A fitted detector that scores frames."""

    def stream(self, info: MediaInfo, *, source: str = "", live: bool = False) -> Stream:
        """Begin a stream of frames.

        Args:
            info: what is known of the video: its name, size of its pictures, typical rate.
            source: what a warning calls it.
            live: latency before speed. The score of a frame comes out of its own push, but where
                it needs frames that come later: a detector of clips has none before the first whole
                clip, neither at the beginning nor where footage begins anew, and one that is
                delayed waits for so many frames. Otherwise frames may wait for others, to be looked
                at together; the scores are the same but for rounding.
        """
        ...


class TermDetector(FrameDetector, Protocol):
    """One whose scores are combined from terms (trait ``per_video``)."""

    @property
    def per_video_scale(self) -> str:
        """What is done to terms that are scaled within each video, for a reader of the scores."""
        ...

    def scaled_terms(
        self, terms: Mapping[str, np.ndarray], *, per_video: bool = False
    ) -> dict[str, np.ndarray]:
        """The terms that the score is made of, on one scale: float32 ``(frames,)`` by name.

        Args:
            terms: by name ``(frames,)``, as measured.
            per_video: scale each within this video, which must be whole.
        """
        ...

    def combine(self, terms: Mapping[str, np.ndarray], *, per_video: bool = False) -> np.ndarray:
        """The scores of terms, float32 ``(frames,)``; arguments as of :meth:`scaled_terms`."""
        ...


class FeatureDetector(Detector, Protocol):
    """A fitted detector that scores the snippets of a video from features."""

    @property
    def shape(self) -> Any:
        """The features that it was made for: ``channels`` and ``crops``."""
        ...

    def score_snippets(self, features: np.ndarray) -> np.ndarray:
        """Scores float32 ``(snippets,)`` of features ``(snippets, crops, channels)``."""
        ...


class AlarmCounter(Detector, Protocol):
    """A detector whose judgement takes time, so that its alarms are others (``counts_alarms``)."""

    @property
    def merge_seconds(self) -> float:
        """Gap of alarms that are one, as they were counted for what the threshold promises."""
        ...


class Delayed(Detector, Protocol):
    """A detector that scores a frame from a few later ones as well (trait ``delayed``)."""

    @property
    def latency(self) -> int:
        """With how many later frames the score of a frame comes out at the latest."""
        ...


class Forking(FrameDetector, Protocol):
    """A detector whose streams can be copied on their way (trait ``forks``)."""

    def stream(self, info: MediaInfo, *, source: str = "", live: bool = False) -> ForkingStream:
        """Begin a stream; see :meth:`FrameDetector.stream`."""
        ...


class Network(Detector, Protocol):
    """A detector that computes faster on a GPU (trait ``on_gpu``)."""

    def to(self, device: str) -> Any:
        """Move it to a device, such as ``cuda``."""
        ...


class Untrained(FrameDetector, Protocol):
    """A detector of frames that learns nothing: settings and a seed are all of it."""

    @property
    def stands_out(self) -> StandsOut:
        """How much higher than most of a video a score must be to be more than one of many."""
        ...

    @classmethod
    def untrained(cls, config: Any, seed: int) -> Untrained:
        """The detector.

        Args:
            config: an instance of the module's ``CONFIG`` dataclass.
            seed: fixes, with the name of a video, every random choice there.
        """
        ...

    def calibrate(self, normal: Iterable[tuple[np.ndarray, Clock]]) -> None:
        """Choose the threshold.

        Args:
            normal: of each normal video its scores, and when its frames are shown.
        """
        ...


def is_untrained(detector: Detector) -> TypeGuard[Untrained]:
    """Whether a detector learns nothing from footage."""
    return detector.traits.needs_no_footage


def looks_at_frames(detector: Detector) -> TypeGuard[FrameDetector]:
    """Whether a detector is one of frames."""
    return detector.traits.looks_at == "frames"


def looks_at_features(detector: Detector) -> TypeGuard[FeatureDetector]:
    """Whether a detector is one of features."""
    return detector.traits.looks_at == "features"


def has_terms(detector: Detector) -> TypeGuard[TermDetector]:
    """Whether the scores of a detector are combined from terms."""
    return detector.traits.per_video


def counts_alarms(detector: Detector) -> TypeGuard[AlarmCounter]:
    """Whether a detector says which alarms are one."""
    return detector.traits.counts_alarms


def is_delayed(detector: Detector) -> TypeGuard[Delayed]:
    """Whether a detector scores a frame from a few later ones as well."""
    return detector.traits.delayed


def forks(detector: Detector) -> TypeGuard[Forking]:
    """Whether the streams of a detector can be copied on their way."""
    return detector.traits.forks


def is_network(detector: Detector) -> TypeGuard[Network]:
    """Whether a detector computes faster on a GPU."""
    return detector.traits.on_gpu


def merge_seconds_of(detector: Detector) -> float:
    """Gap of alarms that are one; to a detector that counts none in its own way, the usual one."""
    return detector.merge_seconds if counts_alarms(detector) else MERGE_SECONDS
