"""What a detector is: it turns the frames of a video into scores, as they come."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeGuard

import numpy as np

from oddframe.detectors.traits import Traits
from oddframe.media.clock import Clock
from oddframe.media.frames import Frame, MediaInfo
from oddframe.scores.detections import MERGE_SECONDS
from oddframe.scores.sights import Sight
from oddframe.videos.manifest import Manifest


@dataclass(frozen=True)
class Since:
    """When what is odd at a frame began, as is known by now.

    Attributes:
        seconds: of the video.
        score: what the frames since then have at least, where later frames may be used.
    """

    seconds: float
    score: float


@dataclass(frozen=True)
class FrameScore:
    """The score of one frame.

    Attributes:
        frame: its number, from 0.
        value: anomaly score, higher = odder; final, unless terms are scaled within a whole video.
        score_map: localisation ``(h, w)`` on the scale of the score, or None.
        cue: name of the cue that weighs most, or ``""``.
        reason: why the frame is odd, a sentence for a person.
        boxes: the oddest places, ``(x1, y1, x2, y2)`` in pixels of the video, the oddest first.
        terms: what the score was combined from, by name, as measured; higher = odder.
        camera: name of the camera's own trouble at this frame, such as ``covered``, ``moved`` or
            ``frozen``; ``""`` where it is fine, or the detector does not watch it. It is no oddity
            of the scene, and may be there whatever the score is.
        began: when what is odd here began, where that was only known later.
        nearest: when the normal footage showed what is nearest to what looks odd here.
        tested: whether anything was found out about this frame. If not, its score says nothing, and
            no alarm comes of it, whatever the threshold is.
        baselines: what simple rules say that see what the detector sees, by name, higher = odder:
            it has to be better than these.
    """

    frame: int
    value: float
    score_map: np.ndarray | None = None
    cue: str = ""
    reason: str = ""
    boxes: tuple[tuple[int, int, int, int], ...] = ()
    terms: Mapping[str, float] = field(default_factory=dict)
    camera: str = ""
    began: tuple[Since, ...] = ()
    nearest: Sight | None = None
    tested: bool = True
    baselines: Mapping[str, float] = field(default_factory=dict)


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


class LeavingOut(Detector, Protocol):
    """A detector that just was fitted without what could not be read (trait ``leaves_out``)."""

    @property
    def left_out(self) -> dict[str, str]:
        """Ids of the videos that failed on the way, each with the reason."""
        ...


class ShowingSights(Detector, Protocol):
    """A detector that just was fitted, with pictures of what it remembers (``shows_sights``)."""

    @property
    def sights(self) -> Mapping[Sight, bytes]:
        """Moments of the normal footage, each with a small JPEG."""
        ...


class Network(Detector, Protocol):
    """A detector that computes faster on a GPU (trait ``on_gpu``)."""

    def to(self, device: str) -> Any:
        """Move it to a device, such as ``cuda``."""
        ...


class Untrained(FrameDetector, Protocol):
    """A detector of frames that learns nothing: settings and a seed are all of it."""

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


def leaves_out(detector: Detector) -> TypeGuard[LeavingOut]:
    """Whether a detector that was just fitted says what it was fitted without."""
    return detector.traits.leaves_out


def shows_sights(detector: Detector) -> TypeGuard[ShowingSights]:
    """Whether a detector that was just fitted has pictures of what it remembers."""
    return detector.traits.shows_sights


def is_network(detector: Detector) -> TypeGuard[Network]:
    """Whether a detector computes faster on a GPU."""
    return detector.traits.on_gpu


def merge_seconds_of(detector: Detector) -> float:
    """Gap of alarms that are one; to a detector that counts none in its own way, the usual one."""
    return detector.merge_seconds if counts_alarms(detector) else MERGE_SECONDS


class Fitted(Protocol):
    """A detector that is trained at once."""

    @classmethod
    def fit(
        cls, manifest: Manifest, config: Any, seed: int, advance: Callable[[str, float], None]
    ) -> Detector:
        """Fit to the training videos, calibrate on held-out normal ones.

        Args:
            manifest: its ``train`` and ``val`` videos are used, its ``test`` videos never.
            config: an instance of the module's ``CONFIG`` dataclass.
            seed: fixes every random choice.
            advance: told what is being done and the share done, 0 to 1.

        Returns:
            The detector.
        """
        ...


class Resuming(Protocol):
    """One whose fit goes on where it was killed (trait ``resumes``)."""

    @classmethod
    def fit(
        cls,
        manifest: Manifest,
        config: Any,
        seed: int,
        advance: Callable[[str, float], None],
        *,
        kept: Path | None = None,
    ) -> Detector:
        """As :meth:`Fitted.fit`.

        Args:
            manifest, config, seed, advance: as there.
            kept: a folder of the detector's own, empty or as it was left when a fit of the same
                footage, settings and seed was stopped. Whoever gives it removes it.
        """
        ...
