"""What detectors of clips share: normal frames in, scores per frame out.

A clip is ``clip_length`` frames, the oldest first; its last frame is the one that is scored. A
detector measures terms of a clip (prediction error, distance to a memory, a classifier's answer),
each the higher the odder. Every term is brought to one scale with its mean and deviation on
held-out normal footage, and the score is their weighted sum. The axis order inside a network is
``(clips, frames, channels, height, width)``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from oddframe.calibration.places import odd_boxes, where
from oddframe.calibration.threshold import Threshold, calibrate
from oddframe.clips.config import ClipConfig
from oddframe.console.words import HELD_OUT, count
from oddframe.detectors.contract import FrameScore
from oddframe.detectors.traits import Traits
from oddframe.errors import OddframeError
from oddframe.files.saved_state import SavedState
from oddframe.media.clock import Clock
from oddframe.media.continuity import watched
from oddframe.media.frames import VideoReader

MAP_SIDE = 32
"""Cells along a side of a score map: 2 KB per frame."""


class TooShortError(OddframeError):
    """Footage that nowhere goes on for a clip."""


@dataclass(frozen=True)
class Measured:
    """What a detector finds in clips.

    Attributes:
        terms: by name, float ``(clips,)``, higher = odder.
        map: localisation ``(clips, h, w)``, never negative, higher = odder, any size.
    """

    terms: dict[str, Tensor]
    map: Tensor


@dataclass(frozen=True)
class FrameTerms:
    """The terms of one frame of a video, before they are scaled.

    Attributes:
        frame: 0-based index.
        terms: by name, higher = odder.
        map: ``(MAP_SIDE, MAP_SIDE)``, or smaller.
    """

    frame: int
    terms: dict[str, float]
    map: np.ndarray


class ClipDetector(nn.Module):
    """A detector whose networks are trained on clips of normal footage.

    A subclass defines ``name``, ``config_type``, ``phases``, the networks in ``__init__``, and
    :meth:`losses`, :meth:`optimisers`, :meth:`measure` and :meth:`pictures`. It is also what the
    training loop trains (see :class:`oddframe.detectors.contract.Learner`).

    Args:
        config: an instance of the subclass's configuration.
    """

    name: ClassVar[str]
    traits: ClassVar[Traits] = Traits(
        "frames", "in steps", places=True, per_video=True, on_gpu=True
    )
    config_type: ClassVar[type[ClipConfig]] = ClipConfig
    phases: ClassVar[tuple[str, ...]] = ("network",)
    scoring_batch: int = 8
    """Clips measured at once while scoring."""

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.config = config
        self.step = 0
        self.scales: dict[str, tuple[float, float]] = {}
        """Term to its mean and deviation on held-out normal footage; ``map`` of the map's peaks."""
        self.calibrated: Threshold | None = None

    # What a subclass says about itself.

    @property
    def clip_length(self) -> int:
        """Frames in a clip."""
        return 1

    @property
    def weights(self) -> dict[str, float]:
        """Weight of each term in the score; terms that are not named are measured but not used."""
        return {"error": 1.0}

    def losses(self, phase: str, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The loss terms by name; ``loss`` is the total that the phase minimises.

        Args:
            phase: one of :attr:`phases`.
            batch: ``clip``, uint8 ``(clips, frames, height, width, channels)``, RGB or grey; give
                it to :meth:`as_pixels` first.
        """
        raise NotImplementedError

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """Phase to the optimiser that steps in it."""
        return {"network": torch.optim.Adam(self.parameters(), lr=self.config.learning_rate)}

    def begin_step(self, step: int) -> dict[str, float]:
        """Called before each training step.

        Returns:
            Phase to the factor of its learning rate; a phase that is left out rests.
        """
        self.step = step
        return dict.fromkeys(self.phases, 1.0)

    def measure(self, clip: Tensor) -> Measured:
        """The terms of clips; called in eval mode and without gradients.

        Args:
            clip: pixels ``(clips, frames, channels, height, width)``.
        """
        raise NotImplementedError

    def pictures(self, clip: Tensor) -> dict[str, Tensor]:
        """What to look at during training: name to images ``(clips, channels, height, width)``.

        In the range of the pixels; ``error`` may be ``(clips, 1, height, width)``, never negative.
        """
        raise NotImplementedError

    def rank(self, metrics: Mapping[str, float]) -> tuple[float, ...]:
        """How good a state is from the mean of each term on held-out normal clips; higher wins."""
        return (-metrics["error"],)

    def begin_video(self) -> None:
        """Called before a video is scored, for detectors that carry something between frames."""

    def reason(self, term: str) -> str:
        """Why a frame is odd, if this term weighs most; a sentence without its end."""
        return {"error": "the network expected something else here"}.get(term, f"{term} is high")

    # Frames and pixels.

    def as_pixels(self, clip: Tensor) -> Tensor:
        """uint8 ``(clips, frames, h, w, channels)`` to ``(clips, frames, channels, h, w)``."""
        like = next(self.parameters())
        pixels = clip.to(like.device).permute(0, 1, 4, 2, 3)
        if self.config.colour == "bgr":
            pixels = pixels.flip(2)
        pixels = pixels.to(like.dtype)
        if self.config.pixels == "symmetric":
            return pixels / 127.5 - 1
        if self.config.pixels == "unit":
            return pixels / 255
        low = pixels.amin((2, 3, 4), keepdim=True)
        spread = pixels.amax((2, 3, 4), keepdim=True) - low
        return (pixels - low) / spread.clamp(min=1)

    def as_unit(self, images: Tensor) -> Tensor:
        """Pixels of this detector's range to 0 to 1, where errors are measured."""
        return (images + 1) / 2 if self.config.pixels == "symmetric" else images

    # Measuring and scoring videos.

    def images(self, video: VideoReader) -> Iterator[np.ndarray]:
        """A video's frames as clips hold them: uint8 ``(size, size, channels)``."""
        size, how = (self.config.size, self.config.size), self.config.resize
        for frame in video:
            if self.config.channels == 1:
                yield frame.grey(size, how)[..., None]
            else:
                yield frame.rgb(size, how)

    def measure_frames(
        self, images: Iterable[np.ndarray], breaks: Container[int] = ()
    ) -> Iterator[FrameTerms]:
        """Terms of every frame of a video in order, each from this and earlier frames only.

        Frames before the first whole clip, ``(clip_length - 1) * frame_step`` of them, take what
        the first clip says; so do those after a break, as no clip reaches across it. Memory does
        not grow with the video.

        Args:
            images: as :meth:`images` gives them.
            breaks: frames at which footage begins anew (see :mod:`oddframe.media.continuity`);
                asked once for each frame, when its image has come.

        Raises:
            TooShortError: the video is shorter than a clip, or nowhere goes on for one.
        """
        self.eval()
        self.begin_video()
        before = (self.clip_length - 1) * self.config.frame_step
        recent: deque[np.ndarray] = deque(maxlen=before + 1)
        clips: list[np.ndarray] = []
        shares: list[int] = []  # frames that take what a clip says: its own, and those before it
        first = unjudged = frames = 0
        last: FrameTerms | None = None
        for frame, image in enumerate(images):
            if frame in breaks:
                recent.clear()
            recent.append(image)
            unjudged, frames = unjudged + 1, frame + 1
            if len(recent) > before:
                clips.append(np.stack(list(recent)[:: self.config.frame_step]))
                shares.append(unjudged)
                unjudged = 0
            if len(clips) == self.scoring_batch:
                for last in self._shared(clips, shares, first):
                    yield last
                first, clips, shares = frames, [], []
        if clips:
            for last in self._shared(clips, shares, first):
                yield last
        if frames and last is None:
            raise TooShortError(
                f"a video of {frames} frames is too short for {self.name}, which looks at "
                f"clips of {before + 1} frames without a cut; give a longer video"
            )
        if last is not None:  # what is left after the last break is too short for a clip
            yield from (replace(last, frame=frame) for frame in range(last.frame + 1, frames))

    def measure_video(
        self, images: Iterable[np.ndarray], breaks: Container[int] = ()
    ) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Each term ``(frames,)`` of a whole video, and the highest cell of each map.

        Args:
            images, breaks: as for :meth:`measure_frames`.

        Raises:
            TooShortError: the video is shorter than a clip, or nowhere goes on for one.
        """
        terms: dict[str, list[float]] = {}
        peaks = []
        for found in self.measure_frames(images, breaks):
            for name, value in found.terms.items():
                terms.setdefault(name, []).append(value)
            peaks.append(float(found.map.max()))
        return {name: np.array(values) for name, values in terms.items()}, np.array(peaks)

    def _shared(
        self, clips: Sequence[np.ndarray], shares: Sequence[int], first: int
    ) -> Iterator[FrameTerms]:
        """The clips' terms, each for so many frames, from this one on."""
        terms, maps = self.measure_clips(np.stack(clips))
        for row, share in enumerate(shares):
            own = {name: float(values[row]) for name, values in terms.items()}
            for frame in range(first, first + share):
                yield FrameTerms(frame, own, maps[row])
            first += share

    @torch.no_grad()
    def measure_clips(self, clips: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Terms ``(clips,)`` and maps of uint8 clips ``(clips, frames, h, w, channels)``."""
        measured = self.measure(self.as_pixels(torch.from_numpy(clips)))
        shrunk = measured.map[:, None].float()
        if min(shrunk.shape[2:]) > MAP_SIDE:
            shrunk = functional.adaptive_avg_pool2d(shrunk, MAP_SIDE)
        terms = {name: value.float().cpu().numpy() for name, value in measured.terms.items()}
        return terms, shrunk[:, 0].cpu().numpy()

    def score_frames(self, video: VideoReader) -> Iterator[FrameScore]:
        """Scores of every frame in order, each from this and earlier frames only."""
        footage = watched(video)
        for found in self.measure_frames(self.images(footage), footage.breaks):
            value = float(self.combine({k: np.array([v]) for k, v in found.terms.items()})[0])
            mean, deviation = self.scales.get("map", (0.0, 1.0))
            score_map = (found.map - mean) / deviation
            boxes = odd_boxes(found.map, video.info.width, video.info.height)
            parts = {k: w * self._scaled(k, found.terms[k]) for k, w in self.weights.items()}
            cue = max(parts, key=lambda name: parts[name])
            reason = self.reason(cue)
            if boxes:  # none where the map is 0 all over
                reason += f" ({where(boxes[0], video.info.width, video.info.height)})"
            yield FrameScore(found.frame, value, score_map, cue, reason, boxes, found.terms)

    def combine(self, terms: Mapping[str, np.ndarray], *, per_video: bool = False) -> np.ndarray:
        """The score: the weighted sum of the scaled terms, float32 ``(frames,)``."""
        scaled = self.scaled_terms(terms, per_video=per_video)
        total = sum(weight * scaled[name] for name, weight in self.weights.items())
        return np.asarray(total, np.float32)

    def scaled_terms(
        self, terms: Mapping[str, np.ndarray], *, per_video: bool = False
    ) -> dict[str, np.ndarray]:
        """The terms that the score is made of, on one scale.

        Args:
            terms: by name ``(frames,)``, as measured.
            per_video: bring each term to 0 to 1 by its least and largest value in this video, as
                papers do, in place of the scale from held-out normal footage. It needs the whole
                video, and takes for granted that each video holds something odd.

        Returns:
            By name, float32 ``(frames,)``.
        """
        scaled = {}
        for name in self.weights:
            values = np.asarray(terms[name], np.float64)
            if per_video:
                spread = np.ptp(values)
                values = (values - values.min()) / spread if spread > 0 else np.zeros(len(values))
            else:
                values = self._scaled(name, values)
            scaled[name] = values.astype(np.float32)
        return scaled

    def _scaled(self, name: str, values: Any) -> Any:
        mean, deviation = self.scales.get(name, (0.0, 1.0))
        return (values - mean) / deviation

    # Calibration on held-out normal footage.

    def fit_scales(self, terms: Mapping[str, np.ndarray], map_peaks: np.ndarray) -> None:
        """Learn each term's mean and deviation, and those of the maps' highest cells.

        Args:
            terms: by name ``(frames,)``, of held-out normal footage.
            map_peaks: ``(frames,)``.
        """
        for name, values in {**terms, "map": map_peaks}.items():
            mean, deviation = float(values.mean()), float(values.std())
            # A term that never changes but for rounding has no scale; 1 keeps it harmless.
            self.scales[name] = (mean, deviation if deviation > 1e-5 * abs(mean) else 1.0)

    def calibrate(
        self,
        videos: Iterable[tuple[Iterable[np.ndarray], Clock, Container[int]]],
        footage: str = HELD_OUT,
    ) -> int:
        """Learn the scales and the threshold from normal videos.

        Args:
            videos: of each the frames, as :meth:`images` gives them, when they are shown, and where
                footage begins anew, as for :meth:`measure_frames`: the threshold need not let
                through what no score says.
            footage: what they are, in words.

        Returns:
            How many of the videos nowhere go on for a clip, and taught nothing.

        Raises:
            TooShortError: none of them does, or there is none.
        """
        short = 0
        measured: list[tuple[dict[str, np.ndarray], Clock]] = []
        peaks = []
        for images, clock, breaks in videos:
            try:
                terms, map_peaks = self.measure_video(images, breaks)
            except TooShortError:
                short += 1
                continue
            # As many as decode, which a damaged file may promise more of.
            measured.append((terms, replace(clock, frames=len(map_peaks))))
            peaks.append(map_peaks)
        if not measured:
            raise TooShortError(
                f"none of {count(short, 'normal video')} goes on for a clip of "
                f"{(self.clip_length - 1) * self.config.frame_step + 1} frames without a cut"
            )
        names = measured[0][0]
        together = {n: np.concatenate([terms[n] for terms, _ in measured]) for n in names}
        self.fit_scales(together, np.concatenate(peaks))
        stretches = [(self.combine(terms), clock) for terms, clock in measured]
        self.calibrated = calibrate(stretches, self.config.false_alarms_per_hour, footage=footage)
        return short

    # What every detector says and keeps.

    @property
    def normalisation(self) -> str:
        """What was done to the scores."""
        if not self.scales:
            return "none (not calibrated)"
        footage = self.calibrated.footage if self.calibrated else HELD_OUT
        return f"mean and deviation of each term on {footage}"

    @property
    def threshold(self) -> float:
        """Frames with a higher score are odd; infinite before calibration."""
        return self.calibrated.value if self.calibrated else float("inf")

    @property
    def smoothing_seconds(self) -> float:
        """Standard deviation of the Gaussian for offline scores, in seconds."""
        return self.config.smoothing_seconds

    @property
    def notes(self) -> dict[str, Any]:
        """Plain values for a report."""
        before = (self.clip_length - 1) * self.config.frame_step
        parts = [f"{weight:g} {name}" for name, weight in self.weights.items()]
        notes: dict[str, Any] = {
            "score": " + ".join(parts) if len(parts) > 1 else next(iter(self.weights)),
            "frames": f"{self.config.size}x{self.config.size} {self.config.colour}",
        }
        if before:
            which = "frame 0 takes" if before == 1 else f"frames 0 to {before - 1} take"
            notes["beginning"] = f"{which} the score of frame {before}"
        if self.calibrated:
            notes["threshold"] = self.calibrated.sentence
        return notes

    def state(self) -> dict[str, Any]:
        """Tensors and plain values from which :meth:`from_state` rebuilds the detector."""
        return {
            "config": asdict(self.config),
            "scales": {name: list(pair) for name, pair in self.scales.items()},
            "threshold": vars(self.calibrated) if self.calibrated else {},
            "network": {key: value.detach().cpu() for key, value in self.state_dict().items()},
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """The detector that gave :meth:`state`."""
        saved = SavedState(state)
        config = cls.config_type(**state["config"])
        detector = saved.network("network", lambda: cls(config))
        scales = saved.part("scales")
        # None of them before calibration, or all: a term without its scale would swamp the others.
        needed = (*detector.weights, "map") if [*scales] or state["threshold"] else ()
        for name in dict.fromkeys((*needed, *scales)):  # terms that are only shown have one too
            mean, deviation = scales.numbers(name, 2)
            if deviation <= 0:
                raise OddframeError(f"'scales.{name}': expected a deviation above 0")
            detector.scales[name] = (mean, deviation)
        if state["threshold"]:
            detector.calibrated = Threshold.saved(saved)
        return detector.to(memory_format=torch.channels_last).eval()  # ty: ignore[no-matching-overload]
