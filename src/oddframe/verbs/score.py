"""The verb ``score``: a run and videos give scores, events, and on request a report."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from oddframe.cluster.spread import Workers
from oddframe.files.paths import text_paths
from oddframe.fitting.run_beside_scores import RUN, scores_without_run
from oddframe.footage.brought import brings
from oddframe.footage.given import Footage
from oddframe.footage.patterns import is_pattern
from oddframe.runs.run_folder import read_run
from oddframe.scores.judged_part import JudgedPart
from oddframe.scoring.footage import Scored, score_footage
from oddframe.scoring.request import Alarms, Manner, ScoreRequest, Wanted
from oddframe.zones.zone_file import read_zones


@brings("run", "footage")
@text_paths
def score(
    run: Path,
    footage: list[Path] | None = None,
    *,
    out: Path | None = None,
    features: Path | None = None,
    weights: Path | None = None,
    zones: Path | None = None,
    root: Path | None = None,
    split: str | None = None,
    start: str | float | None = None,
    end: str | float | None = None,
    oracle: bool = False,
    causal: bool = False,
    per_video: bool = False,
    threshold: float | None = None,
    merge: float | None = None,
    min_length: float = 0.0,
    maps: bool = True,
    report: bool = False,
    annotate: bool = False,
    clips: bool = False,
    detector: str | None = None,
    device: str = "auto",
    workers: int | None = None,
    ray: str | None = None,
) -> Scored:
    """Score videos: how odd each frame is, when something odd happened, where and why.

    Stopped and started again, it goes on where it was. What is scored already, with the same run
    and of recordings that did not change, is not scored again: another threshold takes a moment.

    Args:
        run: run folder made by ``train``; or the footage itself, with ``--detector`` and nothing
            after it: then a run of that detector, which is one that is never trained, is made
            beside the scores.
        footage: a video, a folder of videos or of images, several of these, a manifest, or, for a
            run that was trained on features, a folder of features. Alone also an address,
            ``https://...``, of a file, or ``-``, a video on standard input: these are written to
            a temporary file. A camera's address is for ``watch``.
        out: the scores file to write, ending in ``.npz``; by default ``scores/NAME/scores.npz``
            in the run folder, or, without a run, ``DETECTOR-NAME/scores.npz`` here; of several,
            NAME is that of the first, ``-and-2-more``.
            ``events.json``, ``maps/``, ``report/`` and the like go beside it, and take the place
            of those of earlier scores.
        features: the features of the videos; without them, a run that needs features extracts
            them from the footage as its training features were, into ``features/`` beside the
            scores.
        weights: the weight file of the backbone for that, if it does not bring its own.
        zones: a file of zones of the camera's picture (``docs/zones.md``), instead of those that
            the run was trained with; what is to be ignored should be the same as then.
        root: folder that a manifest's paths are relative to, if the data moved.
        split: the manifest's videos to score, such as ``val,test``; by default ``test``, or all
            if there is none. Thresholds are chosen on ``val`` where the scores hold it.
        start: judge each video only from this time on, in seconds or as 1:30 or 1:02:30, as if it
            began there: a detector that has to see some frames first sees them after it. Frames
            keep their numbers, and those before are named as not judged.
        end: judge each video only until this time, likewise.
        oracle: score with the checkpoint that was best on the test videos (``train --oracle``).
        causal: use no later frame, as a live alarm must; otherwise scores are smoothed in time.
        per_video: scale scores within each video, from the least to the largest value in it, as
            papers on prediction and reconstruction do; only to compare with them, since it needs
            the whole video and takes for granted that something odd is in it.
        threshold: another threshold than the one that came from normal footage.
        merge: runs of frames above the threshold are one event if at most so many seconds lie
            between them; by default as the detector counts them.
        min_length: seconds that an event lasts at least, after merging.
        maps: keep the score maps (about 130 MB per hour of 25 frames per second).
        report: write a report page.
        annotate: write a copy of each video with scores, heat map and events drawn in.
        clips: cut out each odd moment, with five seconds before and after it, into ``clips/``.
        detector: the file (.py) of a detector of your own that the run was trained with; its code
            is run. A run never starts code by itself. Without a run the name, or the file, of a
            detector that is never trained.
        device: where a network computes: auto (a GPU if there is one), cpu or cuda; detectors
            without a network score on the CPU.
        workers: processes that take video by video, on a CPU each; more than one needs Ray.
        ray: HOST:PORT of a Ray cluster to use, or auto for the one that runs on this machine; as
            many workers as it has CPUs unless workers says otherwise.

    Returns:
        Scores, events, and where they are.

    Raises:
        OddframeError: no such run or footage, no video could be scored, or no Ray.
        KeyboardInterrupt: Ctrl-C; what is done is kept.
    """
    able = Workers(workers, ray)
    alarms = Alarms(threshold, merge, min_length)
    manner = Manner(causal, per_video, oracle)
    part = JudgedPart.given(start, end)
    with ExitStack() as until_scored:
        if not footage or run.is_file() or is_pattern(run):
            footage = [run, *(footage or ())]
            path = until_scored.enter_context(
                scores_without_run(detector, footage, out, part.suffix if part else "")
            )
            run, out = path.parent / RUN, path
        fitted = read_run(run, manner.checkpoint, detector)
        reads_features = fitted.detector.traits.looks_at == "features"
        request = ScoreRequest(
            run=fitted,
            footage=Footage.of_all(
                footage, root, features_alone=reads_features and features is None
            ),
            split=split,
            features=features,
            weights=weights,
            zones=None if zones is None else read_zones(zones),
            part=part,
            manner=manner,
            alarms=alarms,
            wanted=Wanted(out, maps, report, annotate, clips),
            workers=able,
            device=device,
        )
        return score_footage(request)
