"""What ``compare`` is given: score files, run folders and sweep folders, as score sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from oddframe.console.words import count
from oddframe.errors import OddframeError
from oddframe.runs.curve import read_curve
from oddframe.runs.run_folder import CONFIG, MANIFEST, METRICS, is_sweep, read_config
from oddframe.runs.training_record import record_of_scores
from oddframe.scores.frame_scores import Scores
from oddframe.scores.maps import MAPS, read_maps
from oddframe.scoring.result_folder import Beside
from oddframe.sweeps.folder import SweepFolder
from oddframe.tracking.run_results import is_oracle
from oddframe.videos.frame_truth import labelled_videos
from oddframe.videos.manifest import Manifest

_MANNER = ("normalisation", "smoothing_seconds", "causal")
"""What two checkpoints must have in common for their scores to differ by the selection only."""


@dataclass(frozen=True)
class Contender:
    """One thing to compare.

    Attributes:
        scores: one set; for the best configuration of a sweep one per seed.
        oracle: sets of scores of the checkpoints that were selected on the test videos; empty
            where not every repeat has them.
        curves: the lines of ``metrics.jsonl``, one list per run, in the order of the scores;
            empty where there are none.
        origin: where the scores come from and how they were selected, in words.
        files: the files or folders of the scores, in their order.
    """

    scores: tuple[Scores, ...]
    oracle: tuple[Scores, ...]
    curves: tuple[list[dict[str, Any]], ...]
    origin: str
    files: tuple[Path, ...]


def read_contender(path: Path, split: str, truth: Manifest) -> Contender:
    """Read a score file, a folder of one file per video, a run folder or a sweep folder.

    Of a run those scores count that cover the split. Of a sweep the configuration counts whose
    validation metric is the best in the mean over its seeds, with each seed as a repeat.

    Args:
        path: what was given.
        split: whose videos are compared.
        truth: the manifest with these videos.

    Raises:
        OddframeError: nothing there, a run without scores of the split or with several that could
            be meant, or a sweep with nothing finished.
    """
    if is_sweep(path):
        return _of_sweep(path, split, truth)
    return _of_run(path, split, truth) if _is_run(path) else _of_scores(path)


def maps_beside(
    contenders: Mapping[str, Contender], names: Sequence[str]
) -> dict[str, list[Mapping[str, np.ndarray]]]:
    """By the name of each, the score maps that lie beside each of its score files.

    Beside several of the files that are compared they may be of any of them, so they are of none.

    Args:
        contenders: name to what is compared.
        names: the videos.
    """
    homes = {file: file if file.is_dir() else file.parent for file in _files(contenders)}
    alone = {file for file in homes if list(homes.values()).count(homes[file]) == 1}

    def maps_of(file: Path) -> Mapping[str, np.ndarray]:
        own = Beside.of(homes[file] / "scores.npz" if file.is_dir() else file).belongs
        return read_maps(homes[file] / MAPS, names if own and file in alone else [])

    return {name: [maps_of(file) for file in part.files] for name, part in contenders.items()}


def _files(contenders: Mapping[str, Contender]) -> list[Path]:
    return [file for part in contenders.values() for file in part.files]


def manifest_of(path: Path) -> Path | None:
    """The manifest in a run folder or in the trials of a sweep; None where there is none."""
    if is_sweep(path):
        found = path.glob(f"trials/*/{MANIFEST}")  # a sweep has one manifest for all its trials
        return min(found, default=None)
    own = path / MANIFEST
    return own if _is_run(path) and own.is_file() else None


def shared_manifest(paths: Sequence[Path], split: str, root: Path | None = None) -> Manifest:
    """The truth that the runs and sweeps among some things hold.

    Args:
        paths: what is compared.
        split: its videos must be the same, with the same truth, wherever they are listed.
        root: folder that the manifests' paths are relative to, if the data moved.

    Raises:
        OddframeError: none holds the split, two disagree about it, or something else is given
            than scores.
    """
    files = [file for path in paths if (file := manifest_of(path)) is not None]
    manifests = {file: Manifest.read(file, root) for file in files}
    holding = {file: part for file, part in manifests.items() if part.split(split)}
    if not holding:
        for path in paths:
            if not (is_sweep(path) or _is_run(path)):
                Scores.read(path)  # what is given and is wrong is said before what is missing
        found = (
            f"no videos in it in {', '.join(map(str, files))}" if files else "no run that holds one"
        )
        raise OddframeError(
            f"compare: expected a manifest with the truth of split '{split}', found {found}; give "
            "--manifest, or --truth false to see scores and events side by side"
        )
    (file, first), *others = holding.items()
    for other, manifest in others:
        difference = _disagreement(first, manifest, split)
        if difference:
            raise OddframeError(
                f"{file} and {other} do not agree on the split '{split}': {difference}; give the "
                "right one with --manifest"
            )
    return first


def _of_scores(path: Path) -> Contender:
    scores = Scores.read(path)
    detector = scores.meta.get("detector")
    made_by = f"{detector}, run {scores.meta.get('run', 'not stated')}" if detector else ""
    curve = record_of_scores(scores.meta)["curve"]
    return Contender(
        scores=(scores,),
        oracle=(),
        curves=(curve,) if curve else (),
        origin=f"scores {path}: {made_by or 'not stated how they were made'}",
        files=(path,),
    )


def _of_run(path: Path, split: str, truth: Manifest) -> Contender:
    found = _scores_in(path, split, truth)
    config = read_config(path)
    curve = read_curve(path / METRICS)
    parts = [str(config.get("detector", "detector not stated"))]
    if config.get("verb") == "import":
        parts.append("imported")
    else:
        parts.append(f"seed {config.get('seed', 'not stated')}")
    if curve:
        parts.append(_selection(config.get("selected"), curve))
    return Contender(
        scores=(found.selected,),
        oracle=(found.oracle,) if found.oracle is not None else (),
        curves=(curve,) if curve else (),
        origin=f"run {path}: {', '.join(parts)}; {found.file.relative_to(path)}",
        files=(found.file,),
    )


def _of_sweep(path: Path, split: str, truth: Manifest) -> Contender:
    from oddframe.sweeps.summary import no_metric, summarise
    from oddframe.sweeps.trial_job import ORACLE_SCORES, SCORES

    sweep = SweepFolder(path)
    summary = summarise(sweep)
    chosen = summary.chosen
    if chosen is None:
        why = no_metric(sweep, summary) or "no trial has finished"
        raise OddframeError(
            f"{path}: no configuration can be chosen: {why}; finish it with 'oddframe sweep', or "
            "give the folder of a trial"
        )
    records = [record for record in chosen.records if record.trial.id in chosen.values]
    records.sort(key=lambda record: record.trial.seed)
    folders = [sweep.trial_folder(record.trial.id) for record in records]
    found = [
        _scores_in(folder, split, truth, [folder / name for name in (SCORES, ORACLE_SCORES)])
        for folder in folders
    ]
    oracle = tuple(part.oracle for part in found if part.oracle is not None)
    seeds = ", ".join(str(record.trial.seed) for record in records)
    compared = sum(len(part.values) == len(records) for part in summary.configurations)
    others = len(summary.configurations) - compared
    return Contender(
        scores=tuple(part.selected for part in found),
        oracle=oracle if len(oracle) == len(found) else (),
        curves=tuple(curve for folder in folders if (curve := read_curve(folder / METRICS))),
        origin=f"sweep {path}: {chosen.words}, best of {count(compared, 'configuration')} by "
        f"{summary.metric}{f' ({others} not finished)' if others else ''}, "
        f"{count(len(records), 'seed')} ({seeds}){_unfinished(sweep)}",
        files=tuple(part.file for part in found),
    )


def _unfinished(sweep: SweepFolder) -> str:
    """That another configuration may yet be chosen, or more seeds come; or nothing."""
    progress = sweep.progress()
    if sweep.is_held():
        return f"; the sweep is still running: {progress.words}"
    return f"; the sweep is incomplete: {progress.words}" if progress.done < progress.total else ""


def _selection(selected: object, curve: Sequence[Any]) -> str:
    chosen = selected.get("val") if isinstance(selected, Mapping) else None
    if not isinstance(chosen, Mapping) or "step" not in chosen:
        if selected is None and any(
            isinstance(line, dict) and line.get("split") == "val" for line in curve
        ):
            return "not stated whether its checkpoint was selected"  # older runs do not say
        return "the last checkpoint, none was selected"
    return f"checkpoint of step {chosen['step']}, selected on validation"


@dataclass(frozen=True)
class _Found:
    file: Path
    selected: Scores
    oracle: Scores | None


def _scores_in(folder: Path, split: str, truth: Manifest, usual: Sequence[Path] = ()) -> _Found:
    """The scores of a split in a run folder, and those of its oracle made in the same manner.

    Where one of the usual files is there, only they count.
    """
    selected: dict[Path, Scores] = {}
    oracle: dict[Path, Scores] = {}
    misfits: list[str] = []
    labelled_videos(truth, split)  # says what is wrong with the split, if anything
    there = [file for file in usual if file.is_file()]
    for file in there or sorted(folder.rglob("scores.npz")):
        try:
            scores = Scores.read(file)
            scores.of_split(truth, split)
        except OddframeError as error:
            misfits.append(str(error))
            continue
        (oracle if is_oracle(scores.meta) else selected)[file] = scores
    if not selected:
        why = "".join(f"; {reason}" for reason in misfits[:1])
        raise OddframeError(
            f"{folder}: no scores of its selected checkpoint for the split '{split}'{why}; make "
            f"them with '{_command(folder, split, truth)}'"
        )
    if len(selected) > 1:
        raise OddframeError(
            f"{folder}: {len(selected)} score files cover the split '{split}': "
            f"{_listed(folder, selected)}; give the one to compare instead of the folder"
        )
    ((file, scores),) = selected.items()
    alike = {
        place: part
        for place, part in oracle.items()
        if all(part.meta.get(key) == scores.meta.get(key) for key in _MANNER)
    }
    if len(alike) > 1:
        raise OddframeError(
            f"{folder}: {len(alike)} files of oracle scores cover the split '{split}': "
            f"{_listed(folder, alike)}; keep one, or give {file} instead of the folder"
        )
    return _Found(file, scores, next(iter(alike.values()), None))


def _command(folder: Path, split: str, truth: Manifest) -> str:
    """How to score the split with a run."""
    own = manifest_of(folder)
    fits = own is not None and not _disagreement(Manifest.read(own), truth, split)
    words = ["oddframe score", str(folder), str(own) if fits else "MANIFEST", "--split", split]
    features = read_config(folder).get("features")
    if features:
        words += ["--features", str(features)]
    return " ".join(words)


def _listed(folder: Path, files: Mapping[Path, Scores]) -> str:
    return ", ".join(str(file.relative_to(folder)) for file in files)


def _disagreement(first: Manifest, second: Manifest, split: str) -> str:
    """What two manifests say differently about the videos of a split; empty if nothing."""
    one, other = ({video.id: video for video in part.split(split)} for part in (first, second))
    for name in [*one, *other]:
        if name not in one or name not in other:
            return f"video '{name}' is in one of them only"
        for key in ("frames", "fps", "label", "classes", "events"):
            if getattr(one[name], key) != getattr(other[name], key):
                return f"different {key} for video '{name}'"
    return ""


def _is_run(path: Path) -> bool:
    return (path / CONFIG).is_file()
