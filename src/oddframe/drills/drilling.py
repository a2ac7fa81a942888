"""The drill of a run: every fault on every stretch, kept as it is done, and counted at the end."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

import oddframe
from oddframe.console.progress import Progress, progress
from oddframe.detectors.contract import FrameDetector, forks, looks_at_frames
from oddframe.drills.clip import Clip, ClipVideo, read_clip, working_size
from oddframe.drills.cutouts import CutOut, cut_movers
from oddframe.drills.faults.staying import too_long
from oddframe.drills.judging import Untouched, judge, score_clip, watch_untouched
from oddframe.drills.kept import CASES, KEPT, SETTINGS, Kept
from oddframe.drills.material import (
    Material,
    Stretch,
    choose_stretches,
    find_material,
)
from oddframe.drills.pictures import SCENE, case_picture, jpeg
from oddframe.drills.request import DrillRequest
from oddframe.drills.result import Case, Drill
from oddframe.drills.stage import Fault, NotHereError, Stage
from oddframe.drills.stride import WATCHED_SECONDS, Stride
from oddframe.drills.survey import Survey
from oddframe.drills.surveying import survey
from oddframe.drills.unseen import is_hidden, seen_picture
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.files.atomic import atomic_path, begun_in
from oddframe.files.folder_lock import alone_in
from oddframe.files.plain_values import typed
from oddframe.settings.reading import check_seed


@dataclass(frozen=True)
class Drilled:
    """What ``drill`` made: the numbers and the page."""

    drill: Drill
    page: Path


def drill_run(request: DrillRequest) -> Drilled:
    """Drill a run; stopped and started again, it goes on where it was.

    Raises:
        OddframeError: a run that does not look at frames, no usable footage, or another writer in
            the folder.
        KeyboardInterrupt: Ctrl-C; what is done is kept.
    """
    run, detector, folder = request.run, request.run.detector, request.folder
    check_seed(request.seed)
    if request.cases < 1:
        raise OddframeError(f"--cases: expected at least 1, found {request.cases}")
    if not looks_at_frames(detector):
        raise OddframeError(
            f"{run.folder}: {detector.name} reads features, and a drill changes the frames of "
            "footage; drill a run of a detector that looks at frames"
        )
    if not math.isfinite(detector.threshold):
        raise OddframeError(
            f"{run.folder}: {detector.name} has no threshold, so nothing would be noticed; train "
            f"it on normal videos: oddframe train FOOTAGE --detector {detector.name} --out RUN"
        )
    material = find_material(run, request.footage, request.root, folder)
    with alone_in(folder), progress() as bar, begun_in(folder, SETTINGS):
        scene = _surveyed(material, bar)
        if not scene.moves:
            warnings.warn(
                "nothing moves in this footage: pace, direction and look cannot be drilled, and "
                "what is put in is drawn",
                OddframeWarning,
                stacklevel=2,
            )
        stretches = choose_stretches(material.videos, scene, request.cases, request.longest)
        work = _Work(request, detector, material, scene, stretches, bar)
        drill = work.done()
        from oddframe.drills.page import PAGE, write_page

        (folder / PAGE).unlink(missing_ok=True)  # it does not fit the new numbers
        drill.write(folder)
        page = write_page(folder, drill)
        work.kept.remove()
    return Drilled(drill, page)


def _surveyed(material: Material, bar: Progress) -> Survey:
    """The scene, from the drill's footage and what the run learnt from."""
    parts = [survey(material.manifest, material.videos, bar.share)]
    parts += [survey(manifest, videos, bar.share) for manifest, videos in material.known]
    return Survey.together(parts)


class _Work:
    """All cases of a drill, those that are kept and those that are to do."""

    def __init__(
        self,
        request: DrillRequest,
        detector: FrameDetector,
        material: Material,
        scene: Survey,
        stretches: Sequence[Stretch],
        bar: Progress,
    ) -> None:
        self._request, self._detector = request, detector
        self._material, self._scene = material, scene
        self._stretches, self._bar = stretches, bar
        self._folder = request.folder
        self._size = working_size(material.videos[0])
        self._held: tuple[int, Clip, tuple[CutOut, ...]] | None = None
        self._strides: dict[int, Stride] = {}
        self.kept = Kept(request.folder, self._settings())

    def done(self) -> Drill:
        """Do what is left, and count."""
        untouched = [self._untouched(place) for place in range(len(self._stretches))]
        normal = np.sort(np.concatenate([part.values for part in untouched]))
        found: list[tuple[int, int, Case]] = []
        left_out: dict[int, str] = {}
        for (place, draw, order), fault in self._plan():
            name = f"{place}-{draw}-{fault.key}"
            kept = self.kept.get(name)
            if kept is None:
                made = self._made(fault, (place, draw, order), untouched[place], normal)
                kept = self.kept.put(name, made)
            if "left_out" in kept:
                left_out.setdefault(order, str(kept["left_out"]))
            rows = kept.get("cases", ())
            found += [(order, n, typed(row, Case, KEPT)) for n, row in enumerate(rows)]
        for order, _, _ in found:  # what could be made somewhere is not left out
            left_out.pop(order, None)
        found.sort(key=lambda one: one[:2])
        for order, fault in enumerate(self._request.faults):
            if why := too_long({c.strength for at, _, c in found if at == order and fault.lasts}):
                left_out[order] = why
        never = {self._request.faults[order].row_name: why for order, why in left_out.items()}
        return self._drill(tuple(case for *_, case in found), never, untouched)

    def _plan(self) -> Iterator[tuple[tuple[int, int, int], Fault]]:
        """Stretch, draw and place of a fault, and the fault, stretch by stretch."""
        draws = math.ceil(self._request.cases / len(self._stretches))
        faults = list(enumerate(self._request.faults))
        total = len(self._stretches) * sum(draws if f.repeats else 1 for _, f in faults)
        done = 0
        for place in range(len(self._stretches)):
            for order, fault in faults:
                for draw in range(draws if fault.repeats else 1):
                    self._bar.count(f"drilling: {fault.name}", done, total)
                    done += 1
                    yield (place, draw, order), fault

    def _drill(
        self, cases: tuple[Case, ...], left_out: dict[str, str], untouched: list[Untouched]
    ) -> Drill:
        run, material = self._request.run, self._material
        return Drill(
            run=str(run.folder),
            run_sha256=run.sha256,
            detector=self._detector.name,
            threshold=self._detector.threshold,
            promise=str(self._detector.notes.get("threshold", "")),
            footage=material.words,
            held_out=material.held_out,
            seed=self._request.seed,
            watched=min(part.watched for part in untouched),
            size=self._size,
            stretches=len(self._stretches),
            cases=cases,
            left_out=left_out,
            false_alarms=sum(part.alarms for part in untouched),
            hours=sum(part.seconds for part in untouched) / 3600,
            camera_alarms=sum(part.troubles for part in untouched),
            one_sided=self._scene.one_sided,
        )

    def _clip(self, place: int) -> tuple[Clip, tuple[CutOut, ...]]:
        """A stretch's footage and its movers; only the last one is held."""
        if self._held is None or self._held[0] != place:
            self._held = None
            stretch = self._stretches[place]
            total = stretch.first + stretch.frames
            clip = read_clip(
                self._material.manifest,
                stretch.video,
                stretch.first,
                stretch.frames,
                self._size,
                lambda number: self._bar.count(f"reading {stretch.video.id}", number, total),
            )
            self._held = place, clip, tuple(cut_movers(clip))
        return self._held[1], self._held[2]

    def _untouched(self, place: int) -> Untouched:
        """What the run says of a stretch as it is."""
        kept = self.kept.get(f"{place}")
        if kept is None:
            self._bar.count("watching untouched footage", place, len(self._stretches))
            clip = self._clip(place)[0]
            if place == 0:
                with atomic_path(self._folder / SCENE) as temporary:
                    temporary.write_bytes(jpeg(clip.background))
            said = watch_untouched(self._detector, clip, self._stride(place))
            kept = self.kept.put(f"{place}", asdict(said))
        return typed(kept, Untouched, KEPT)

    def _stride(self, place: int) -> Stride | None:
        """What the cases of a stretch go on from; None where each begins a stream."""
        if place not in self._strides and forks(self._detector):
            recording = self._stretches[place].video.clock.watched
            clip = self._clip(place)[0]
            self._strides[place] = Stride.of(self._detector, clip, recording)
        return self._strides.get(place)

    def _made(
        self,
        fault: Fault,
        where: tuple[int, int, int],
        untouched: Untouched,
        normal: np.ndarray,
    ) -> dict[str, Any]:
        """The cases of one fault on one stretch, or why there are none."""
        clip, movers = self._clip(where[0])
        stage = Stage.on(clip, self._scene, movers, (self._request.seed, *where))
        try:
            faulted = fault.make(stage)
        except NotHereError as why:
            return {"left_out": str(why)}
        zones = self._stretches[where[0]].video.zones
        if is_hidden(faulted, zones, clip.size):
            return {"left_out": "it would be in a zone that is ignored"}
        picture_of = seen_picture(faulted, zones, clip.size)
        video = ClipVideo(clip, picture_of, faulted.frames, faulted.source)
        stride = self._stride(where[0])
        before = None if stride is None else stride.before(faulted)
        scored = score_clip(self._detector, video, before)
        limit = self._detector.threshold
        rows = []
        for part in faulted.parts:
            case = judge(fault, part, faulted, scored, untouched, normal, clip, limit)
            strength = f"-{part.strength.replace(' ', '')}" if part.strength else ""
            name = f"{CASES}/{fault.key}{strength}-{where[0]}-{where[1]}.jpg"
            said = scored.frames[case.shown].boxes if case.alarmed else ()
            picture = case_picture(faulted.picture(case.shown), faulted.boxes(case.shown), said)
            with atomic_path(self._folder / name) as temporary:
                temporary.write_bytes(picture)
            rows.append(asdict(replace(case, picture=name)))
        return {"cases": rows}

    def _settings(self) -> dict[str, Any]:
        request, manifest = self._request, self._material.manifest
        sources = []
        for part in self._stretches:
            path = manifest.locate(part.video)
            facts = path.stat()
            sources.append([str(path), facts.st_size, facts.st_mtime_ns, part.first, part.frames])
        return {
            "oddframe": oddframe.__version__,
            "run": request.run.sha256,
            "threshold": self._detector.threshold,
            "cases": request.cases,
            "seed": request.seed,
            "faults": [fault.key for fault in request.faults],
            "sources": sources,
            "watched": WATCHED_SECONDS,
        }
