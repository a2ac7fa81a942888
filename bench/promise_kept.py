"""Promises of the fixed camera against what fresh normal footage keeps of them.

    python bench/promise_kept.py hours TRAIN FRESH --cache DIR   # folders of long recordings
    python bench/promise_kept.py clips MANIFEST --parts 4         # parts left out in turn

``hours`` measures what is seen once a second of every recording and keeps it in the cache; each
recording of TRAIN is measured against a memory without it. From these fields everything is the
detector's own: evidence, its surprise, the threshold and its promise. Motion is left out: what it
is trusted with there is .02. ``clips`` fits whole detectors.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from oddframe.calibration.block_maxima import BlockSurprise
from oddframe.calibration.surprise import Surprise
from oddframe.cluster.threads import one_thread_each
from oddframe.detectors.own_cameras.fixed_camera import FixedCameraConfig, FixedCameraDetector
from oddframe.detectors.own_cameras.fixed_camera.evidence import SCALES, Evidence, Lasting, apart
from oddframe.detectors.own_cameras.fixed_camera.fitting import _remember, _whiten
from oddframe.detectors.own_cameras.fixed_camera.followed import CUES, LASTING_CUES, Followed
from oddframe.detectors.own_cameras.fixed_camera.frame_values import frame_value
from oddframe.detectors.own_cameras.fixed_camera.promise import decide
from oddframe.detectors.own_cameras.fixed_camera.recording import Recording
from oddframe.detectors.own_cameras.fixed_camera.watching import (
    Footage,
    plan_looks,
    plan_whole,
    scale_of,
)
from oddframe.detectors.stepping import scores_of
from oddframe.features.backbones.patch_features import PatchEncoder, integer_network
from oddframe.footage.folder import prepare_folder
from oddframe.media.clock import Clock
from oddframe.media.opening import open_video
from oddframe.scores.detections import EventRule, find_detections
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Video

WANTED = (0.5, 1, 2, 4, 8)
"""False alarms per hour that are promised."""


@dataclass(frozen=True)
class Hour:
    """One recording: the value of each second, its evidence, and when it was."""

    values: np.ndarray
    evidence: np.ndarray
    clock: Clock


def measured(manifest: Manifest, fresh: Manifest, cache: Path) -> tuple[list[Hour], list[Hour]]:
    """The hours of a manifest, each held out, and fresh ones; distances are kept in the cache."""
    cache.mkdir(parents=True, exist_ok=True)
    learnt = None
    files: list[tuple[Manifest, Video, int | None]] = [
        *((manifest, video, index) for index, video in enumerate(manifest)),
        *((fresh, video, None) for video in fresh),
    ]
    for source, video, own in files:
        path = cache / f"{manifest_name(source)}_{video.id}.npz"
        if path.exists():
            continue
        learnt = learnt or learn(manifest)
        scale, encoder, whitening, memory = learnt
        distances, index = [], []
        with open_video(source.locate(video), video.fps, video.levels) as reader:
            for frame in reader:
                if frame.index % max(1, round(video.fps)):
                    continue
                look = whitening(encoder.encode(frame.rgb(scale.look_size)))
                distances.append(memory.distances(look, own).astype(np.float16))
                index.append(len(distances) - 1)
        np.savez(path, d=np.stack(distances), index=np.array(index))
        print(path.name, len(distances), flush=True)
    held_out = [np.load(cache / f"{manifest_name(manifest)}_{v.id}.npz") for v in manifest]
    surprise = Surprise.fit(np.concatenate([one["d"] for one in held_out]).astype(np.float32))
    others = [np.load(cache / f"{manifest_name(fresh)}_{v.id}.npz") for v in fresh]
    return [hour(surprise, one) for one in held_out], [hour(surprise, one) for one in others]


def manifest_name(manifest: Manifest) -> str:
    """What files of the cache begin with."""
    return Path(manifest.root).name


def learn(manifest: Manifest) -> tuple:
    """Scale, encoder, whitening and a memory that knows which recording showed it what."""
    config, videos = FixedCameraConfig(), list(manifest)
    scale, encoder = scale_of(videos[0], config), PatchEncoder(integer_network())
    footage = Footage(manifest, videos, scale, encoder)
    with one_thread_each(), tempfile.TemporaryDirectory() as folder:
        plan = plan_looks(videos, config.fit_looks) or plan_whole(videos)
        recording = Recording(Path(folder), scale)
        with recording.kept:
            recording.add(footage.watch(plan, recording.kept, {}, lambda _: None))
        whitening = _whiten(recording.looks(), recording.look_groups)
        memory = _remember(recording, whitening, config, lambda *_: None)
    return scale, encoder, whitening, memory


def hour(surprise: Surprise, kept: np.lib.npyio.NpzFile) -> Hour:
    """What the detector makes of the fields of a recording."""
    fields = surprise(kept["d"].astype(np.float32))
    lasting, values = Evidence(fields.shape[1:]), [frame_value(field) for field in fields]
    # Some cues follow things that move, of which nothing is measured here.
    none = [0.0 for _ in LASTING_CUES]
    evidence = [[*lasting.add(fields[k], float(t)), *none] for t, k in enumerate(kept["index"])]
    at = np.array(values)[kept["index"]]
    return Hour(at, np.array(evidence), Clock(at.size, 1.0))


def hours(train: Path, fresh: Path, cache: Path) -> None:
    """Fresh hours against the promise of hours of another day."""
    known, new = measured(prepare_folder(train), prepare_folder(fresh), cache)
    seconds = sum(one.clock.watched for one in known)
    merge, frame = apart(seconds), Surprise.fit(np.concatenate([one.values for one in known]))
    unseen = Followed((BlockSurprise(0.0, 1.0),) * len(CUES))
    evidence = [(one.evidence, one.clock) for one in known]
    lasting = Lasting.fit(evidence, seconds, merge, unseen)
    lasting = replace(
        lasting, scales=(*lasting.scales[: len(SCALES)], *(None for _ in LASTING_CUES))
    )

    def scored(one: Hour) -> np.ndarray:
        return lasting.score(frame(one.values), one.evidence)

    print(
        f"{len(known)} hours of {train}; {len(new)} of {fresh}; alarms are one within {merge:g} s"
    )
    print("promised  threshold  spread  expected   kept: mean  median  most  share of time")
    for wanted in WANTED:
        judged = [(scored(one), one.clock) for one in known]
        found = decide(judged, seconds / 3600, wanted, merge, range(len(known)))
        rule = EventRule(found.value, merge)
        counts = [len(find_detections(scored(one), rule, one.clock)) for one in new]
        share = np.mean([(scored(one) > found.value).mean() for one in new])
        print(
            f"{wanted:8g}  {found.value:9.2f}  {found.spread:6.1f}  "
            f"{found.fitted or found.false_alarms_per_hour:8.2f}   {np.mean(counts):10.2f}  "
            f"{np.median(counts):6g}  {max(counts):4d}  {share:13.4f}"
            + ("" if found.is_kept else "   (extrapolated)")
        )


def clips(manifest: Manifest, parts: int) -> None:
    """Parts of short footage, left out in turn, against what the others promise."""
    videos = [v for v in manifest.split("train", "val") if v.label != "anomalous"]
    alarms, seconds, promises = 0, 0.0, []
    for part in range(parts):
        kept = [replace(v, split="train") for i, v in enumerate(videos) if i % parts != part]
        one = replace(manifest, videos=tuple(kept))
        fitted = FixedCameraDetector.fit(one, FixedCameraConfig(), 0, lambda *_: None)
        rule = EventRule(fitted.threshold, fitted.merge_seconds)
        for video in (v for i, v in enumerate(videos) if i % parts == part):
            with open_video(manifest.locate(video), video.fps, video.levels) as reader:
                scores = np.array([frame.value for frame in scores_of(fitted, reader)])
            alarms += len(find_detections(scores, rule, video.clock))
            seconds += video.clock.watched
        promises.append(fitted.calibrated.promised)
        print(f"part {part}: {fitted.calibrated.sentence}", flush=True)
    rate = alarms / seconds * 3600
    print(f"promised {np.mean(promises):.0f} an hour, kept {rate:.0f}: {alarms} in {seconds:.0f} s")


def main(given: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    what = parser.add_subparsers(dest="what", required=True)
    long = what.add_parser("hours")
    long.add_argument("train", type=Path)
    long.add_argument("fresh", type=Path)
    long.add_argument("--cache", type=Path, required=True)
    short = what.add_parser("clips")
    short.add_argument("manifest", type=Path)
    short.add_argument("--parts", type=int, default=4)
    options = parser.parse_args(given)
    if options.what == "hours":
        hours(options.train, options.fresh, options.cache)
    else:
        clips(Manifest.read(options.manifest), options.parts)


if __name__ == "__main__":
    main()
