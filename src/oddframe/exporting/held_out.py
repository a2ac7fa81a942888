"""Footage, or features, of a run that it did not learn from, to look at parity on."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from oddframe.bags.run_features import features_for
from oddframe.clips.exported import ExportedClips
from oddframe.clips.looks import Looks
from oddframe.console.words import HELD_OUT, LEARNT_FROM, count
from oddframe.detectors.contract import Detector
from oddframe.errors import OddframeError
from oddframe.exporting.answers import Answers, of_frames, together
from oddframe.exporting.request import ExportRequest
from oddframe.exporting.samples import KEPT_FRAMES, KEPT_SNIPPETS, Sample, of_features, of_footage
from oddframe.footage.deep_footage import at_range_of_run
from oddframe.footage.zoned_footage import with_zones
from oddframe.media.clock import Clock
from oddframe.media.watched_video import watched
from oddframe.runs.normal_footage import normal_videos, own_footage
from oddframe.runs.run_folder import MANIFEST
from oddframe.videos.manifest import Manifest
from oddframe.videos.opening import open_footage
from oddframe.videos.video import Video

FRAMES = 200
"""Frames, or snippets, that run and package are both asked."""


@dataclass(frozen=True)
class HeldOut:
    """Normal footage of a run.

    Attributes:
        request: what is asked of the export.
        manifest: says where the videos are.
        videos: the videos that are looked at, the first of them first.
        learnt: videos that the run learnt from, where it has others than these.
        span: frames that the detector looks at at once.
    """

    request: ExportRequest
    manifest: Manifest
    videos: tuple[Video, ...]
    learnt: tuple[Video, ...]
    span: int

    @classmethod
    def of(cls, request: ExportRequest) -> HeldOut:
        """That of a run of frames: what was given, or what the run did not learn from.

        Raises:
            OddframeError: no footage, none that is normal, or too short for a clip.
        """
        run = request.run
        span = int(getattr(run.detector, "span", 1))
        given, learnt = request.footage, ()
        if given is None:
            how = f"oddframe export {run.folder} --footage FOOTAGE --out {request.out}"
            own = own_footage(run, request.root, "--footage", how)
            manifest, videos = own.manifest, own.held_out or own.learnt
            learnt = own.learnt if own.held_out else ()
        else:
            manifest = at_range_of_run(given.read(out=request.out), run.levels)
            manifest = with_zones(manifest, run.zones or None)
            splits = ("val", "train", "test") if given.is_manifest else (None,)
            videos = normal_videos(manifest, *splits)
        learnt = tuple(video for video in learnt if manifest.locate(video).exists())
        long_enough = tuple(video for video in videos if video.frames >= span)
        if not long_enough:
            raise OddframeError(
                f"export: none of {count(len(videos), 'normal video')} has the {span} frames that "
                f"{run.detector.name} looks at; give others with --footage"
            )
        return cls(request, manifest, long_enough, learnt, span)

    def answers(self, detectors: Sequence[Detector]) -> list[Answers]:
        """What detectors say of :data:`FRAMES` frames, of as few videos as have so many."""
        found: list[list[Answers]] = []
        left = FRAMES
        for video in self.videos:
            if left < self.span:
                break
            with open_footage(self.manifest, video) as reader:
                frames = islice(watched(reader), left)
                found.append(of_frames(detectors, frames, reader.info))
            left -= len(found[-1][0].scores)
        return [together(parts) for parts in zip(*found, strict=True)]

    def images(self, looks: Looks) -> Iterator[np.ndarray]:
        """What is seen of frames that the run learnt from, of one video after another."""
        for video in self.learnt or self.videos:
            with open_footage(self.manifest, video) as reader:
                yield from map(looks.of, reader)

    def calibrate(self, detector: ExportedClips) -> None:
        """Learn scales and threshold anew, from all of the footage."""
        from oddframe.clips.calibration import calibrate_detector

        def opened() -> Iterator[tuple[str, Iterator[np.ndarray], Clock, Container[int]]]:
            for video in self.videos:
                with watched(open_footage(self.manifest, video)) as reader:
                    yield video.id, map(detector.looks.of, reader), video.clock, reader.breaks

        own = self.request.footage is None
        footage = HELD_OUT if self.learnt or not own else LEARNT_FROM
        calibrate_detector(detector, opened(), footage)

    def samples(self) -> list[Sample]:
        """What a package keeps of it, and the pictures that are made."""
        video = max(self.videos, key=lambda one: min(one.frames, KEPT_FRAMES))
        most = max(KEPT_FRAMES, self.span + 8)
        with open_footage(self.manifest, video) as reader:
            frames = [frame.rgb() for frame in islice(watched(reader), most)]
        return of_footage(frames, video.fps or 25.0, self.span)


@dataclass(frozen=True)
class HeldOutFeatures:
    """Features of a run's videos.

    Attributes:
        parts: of some videos, float32 ``(snippets, crops, channels)``, of :data:`FRAMES` snippets
            together or more, if there are so many.
    """

    parts: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, request: ExportRequest) -> HeldOutFeatures:
        """Those of a run: what was given, or what it did not learn from.

        Raises:
            OddframeError: no features, or of another width.
        """
        run = request.run
        known = run.config.get("features")
        folder = request.features or (known and Path(known))
        if folder is None:
            raise OddframeError(
                f"{run.folder}: nothing says what features this run has; give some with --features"
            )
        features = features_for(run, folder)
        path = run.folder / MANIFEST
        ids = [v.id for v in Manifest.read(path).split("val")] if path.is_file() else []
        there = [name for name in ids if features.resolve(name)] or list(features.ids)
        return cls(tuple(_until_enough(np.asarray(features.read(name)) for name in there)))

    def answers(self, detectors: Sequence[Detector]) -> list[Answers]:
        """What detectors say of all of them."""
        found = [Sample("features", part).answers(detectors) for part in self.parts]
        return [together(parts) for parts in zip(*found, strict=True)]

    def samples(self) -> list[Sample]:
        """What a package keeps of them, and features that are made."""
        long = next((part for part in self.parts if len(part) >= KEPT_SNIPPETS), self.parts[0])
        return of_features(np.asarray(long, np.float32))


def _until_enough(parts: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """Those of the first so many videos."""
    seen = 0
    for part in parts:
        if seen >= FRAMES:
            return
        seen += len(part)
        yield part
